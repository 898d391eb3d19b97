//! What the command lines of all commands share.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use crate::error::{Error, Result};

/// One row of the table of commands.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn(lexopt::Parser) -> Result<ExitCode>,
}

/// One line that names the known ones.
pub(crate) fn unknown<'a>(
    kind: &str,
    given: &OsStr,
    known: impl IntoIterator<Item = &'a str>,
) -> Error {
    let known: Vec<_> = known.into_iter().collect();
    let given = given.to_string_lossy();
    Error::usage(format!(
        "unknown {kind} `{given}`; known ones: {}",
        known.join(", ")
    ))
}

/// As [`unknown`], for an argument that no option matched.
pub(crate) fn unknown_option(arg: &lexopt::Arg<'_>, known: &[&str]) -> Error {
    match arg {
        lexopt::Arg::Short(short) => {
            let given = OsString::from(format!("-{short}"));
            unknown("option", &given, known.iter().copied())
        }
        lexopt::Arg::Long(long) => {
            let given = OsString::from(format!("--{long}"));
            unknown("option", &given, known.iter().copied())
        }
        lexopt::Arg::Value(value) => Error::usage(format!(
            "unexpected argument `{}`; known options: {}",
            value.to_string_lossy(),
            known.join(", ")
        )),
    }
}

/// The text of an argument that names something of ours.
pub(crate) fn text(value: OsString) -> Result<String> {
    value
        .into_string()
        .map_err(|value| Error::usage(format!("`{}` is not UTF-8", value.to_string_lossy())))
}
