//! Finding the programs that Cargo has built.

use std::path::{Path, PathBuf};

use xshell::Cmd;

use crate::error::{Error, Result};
use crate::step::Step;

/// Runs a build that prints JSON messages, and gives the file of `program`.
pub(crate) fn build(step: Step, program: &str) -> Result<PathBuf> {
    let mut found = None;
    let built = step.lines(|line| {
        found = executable(line, program).or(found.take());
    })?;
    match found {
        Some(path) if built => Ok(path),
        _ => Err(Error::new(format!("`{program}` did not build"))),
    }
}

/// `cmd` with messages that a program can read; what people read still goes to standard error.
pub(crate) fn with_messages(cmd: Cmd<'_>) -> Cmd<'_> {
    cmd.arg("--message-format=json-render-diagnostics")
}

/// The path in Cargo's message about the program that it has built.
fn executable(message: &str, program: &str) -> Option<PathBuf> {
    let (_, rest) = message.split_once("\"executable\":\"")?;
    let path = unescape(rest)?;
    is_named(&path, program).then_some(path)
}

/// A string of JSON up to its closing quote. Cargo escapes quotes and backslashes only.
fn unescape(text: &str) -> Option<PathBuf> {
    let mut path = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some(path.into()),
            '\\' => path.push(chars.next()?),
            plain => path.push(plain),
        }
    }
}

/// Test programs have a hash after their name.
fn is_named(path: &Path, program: &str) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let rest = stem.and_then(|stem| stem.strip_prefix(program));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_found_in_the_message_of_its_own_program_only() {
        let message =
            r#"{"reason":"compiler-artifact","executable":"/t/a \"b\"/digest","fresh":true}"#;
        let path = executable(message, "digest");
        assert_eq!(path, Some(PathBuf::from("/t/a \"b\"/digest")));
        assert_eq!(executable(message, "dig"), None);
        assert_eq!(executable(r#"{"executable":null}"#, "digest"), None);
    }

    #[test]
    fn a_test_program_has_a_hash_after_its_name() {
        let message = r#"{"executable":"/t/deps/loom-0123456789abcdef"}"#;
        assert!(executable(message, "loom").is_some());
    }
}
