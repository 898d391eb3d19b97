//! One line that leads a run where it was.

use core::fmt::{self, Write as _};
use core::str::FromStr;
use std::collections::BTreeMap;

use super::tag;
use crate::choice::Pick;

/// Names the choices of a run that differ from first come, first served, and the seed: enough to repeat it.
///
/// Its text is one line without spaces, made for an environment variable: a version, the seed, which call of a test it belongs to, the choices with the points
/// at which they are made, and a checksum.
///
/// ```
/// use trunnion_sim::Replay;
///
/// let line = "2:5:0:3t2.7n1:".to_owned();
/// let error = line.parse::<Replay>().unwrap_err();
/// assert!(error.to_string().starts_with("the replay line is damaged"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    pub(super) seed: u64,
    /// Which call it belongs to.
    pub(super) tag: u16,
    pub(super) choices: BTreeMap<usize, Pick>,
}

/// Changes when the same line would lead elsewhere.
const VERSION: &str = "2";

impl Replay {
    /// Counts the choices that differ from first come, first served.
    #[must_use]
    pub fn departures(&self) -> usize {
        self.choices.len()
    }

    fn body(&self) -> String {
        let mut text = format!("{VERSION}:{:x}:{:x}:", self.seed, self.tag);
        for (nth, (point, pick)) in self.choices.iter().enumerate() {
            let dot = if nth == 0 { "" } else { "." };
            let _infallible = match pick {
                Pick::Task(number) => write!(text, "{dot}{point}t{number}"),
                Pick::Nth(nth) => write!(text, "{dot}{point}n{nth}"),
            };
        }
        text.push(':');
        text
    }
}

/// Enough to tell that a character was lost.
fn checksum(text: &str) -> u16 {
    tag::fold(text.bytes())
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body();
        write!(f, "{body}{:04x}", checksum(&body))
    }
}

/// Says what is wrong with a text that was to be a replay line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseReplayError {
    /// It has another version: it was written by another version of the simulator.
    Version(String),
    /// A part of it is missing or changed.
    Damaged(String),
}

impl fmt::Display for ParseReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(
                f,
                "the replay line has version `{version}`, and this simulator reads {VERSION}: find the failure anew"
            ),
            Self::Damaged(line) => {
                write!(f, "the replay line is damaged, copy all of it: `{line}`")
            }
        }
    }
}

impl core::error::Error for ParseReplayError {}

impl FromStr for Replay {
    type Err = ParseReplayError;

    fn from_str(line: &str) -> Result<Self, ParseReplayError> {
        let line = line.trim();
        let damaged = || ParseReplayError::Damaged(line.to_owned());
        let (version, rest) = line.split_once(':').ok_or_else(damaged)?;
        if version != VERSION {
            return Err(ParseReplayError::Version(version.to_owned()));
        }
        let replay = parse(rest).ok_or_else(damaged)?;
        if replay.to_string() == line {
            Ok(replay)
        } else {
            Err(damaged())
        }
    }
}

fn parse(text: &str) -> Option<Replay> {
    let (seed, rest) = text.split_once(':')?;
    let (tag, rest) = rest.split_once(':')?;
    let (choices, _checksum) = rest.split_once(':')?;
    let choices = choices.split('.').filter(|choice| !choice.is_empty());
    Some(Replay {
        seed: u64::from_str_radix(seed, 16).ok()?,
        tag: u16::from_str_radix(tag, 16).ok()?,
        choices: choices.map(parse_choice).collect::<Option<_>>()?,
    })
}

fn parse_choice(text: &str) -> Option<(usize, Pick)> {
    let at = text.find(['t', 'n'])?;
    let (point, pick) = text.split_at(at);
    let (kind, number) = pick.split_at(1);
    let pick = match kind {
        "t" => Pick::Task(number.parse().ok()?),
        _ => Pick::Nth(number.parse().ok()?),
    };
    Some((point.parse().ok()?, pick))
}
