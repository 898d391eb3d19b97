//! What the environment says about explorations, so that a failure is replayed without a change of the test.

use core::str::FromStr;
use std::env::{self, VarError};

use super::replay::Replay;
use crate::schedule::Schedule;

/// The variables that [`Explore::check`](super::Explore::check) reads.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Env {
    pub(super) seed: Option<u64>,
    pub(super) seeds: Option<usize>,
    pub(super) strategy: Option<Schedule>,
    pub(super) replay: Option<Replay>,
}

impl Env {
    /// Reads them.
    ///
    /// # Errors
    /// A text that names the variable and what is wrong with its value.
    pub(super) fn read() -> Result<Self, String> {
        Self::from(|name| match env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(format!("{name} is not valid text")),
        })
    }

    pub(super) fn from(
        get: impl Fn(&str) -> Result<Option<String>, String>,
    ) -> Result<Self, String> {
        Ok(Self {
            seed: parse("TRUNNION_SIM_SEED", &get)?,
            seeds: parse("TRUNNION_SIM_SEEDS", &get)?,
            strategy: parse("TRUNNION_SIM_STRATEGY", &get)?,
            replay: parse("TRUNNION_SIM_REPLAY", &get)?,
        })
    }
}

fn parse<T>(
    name: &str,
    get: &impl Fn(&str) -> Result<Option<String>, String>,
) -> Result<Option<T>, String>
where
    T: FromStr<Err: core::fmt::Display>,
{
    let Some(value) = get(name)? else {
        return Ok(None);
    };
    match value.trim().parse() {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(format!("{name}=`{value}`: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<Env, String> {
        Env::from(|asked| Ok((asked == name).then(|| value.to_owned())))
    }

    #[test]
    fn each_variable_is_read_and_what_is_wrong_is_named() {
        assert_eq!(read("", ""), Ok(Env::default()));
        let seed = read("TRUNNION_SIM_SEED", "7").map(|env| env.seed);
        assert_eq!(seed, Ok(Some(7)));
        let strategy = read("TRUNNION_SIM_STRATEGY", "pct:3").map(|env| env.strategy);
        assert_eq!(strategy, Ok(Some(Schedule::Pct { depth: 3 })));
        for (name, value, hint) in [
            (
                "TRUNNION_SIM_SEED",
                "x",
                "TRUNNION_SIM_SEED=`x`: invalid digit",
            ),
            ("TRUNNION_SIM_STRATEGY", "pct", "pct:DEPTH"),
            ("TRUNNION_SIM_STRATEGY", "pct:0", "(from 1)"),
            ("TRUNNION_SIM_REPLAY", "2:0:0:3t2:0000", "damaged"),
            ("TRUNNION_SIM_REPLAY", "9:0::0", "version `9`"),
        ] {
            let error = read(name, value).err().unwrap_or_default();
            assert!(error.contains(hint), "{error}");
        }
    }
}
