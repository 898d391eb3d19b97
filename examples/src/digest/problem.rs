//! What can be wrong with one path.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use trunnion_core::JoinError;
use trunnion_patterns::Elapsed;

/// Says what was wrong with one path; shown as one line, `PATH: reason`.
#[derive(Debug)]
pub struct Problem {
    /// The file or directory.
    pub path: PathBuf,
    /// What was wrong.
    pub reason: Reason,
}

/// Says why a path gave no sum.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The system refused.
    Io(io::Error),
    /// It is neither a file nor a directory nor a link; the kind is named.
    NotRegular(&'static str),
    /// Its length or time of modification changed while it was read.
    Changed,
    /// It was deleted while it was read.
    Vanished,
    /// It took too long.
    TimedOut(Elapsed),
    /// Its task or closure panicked, or the runtime ended.
    Join(JoinError),
    /// The token was cancelled.
    Stopped,
}

impl Problem {
    /// Names a path and what was wrong with it.
    #[must_use]
    pub const fn new(path: PathBuf, reason: Reason) -> Self {
        Self { path, reason }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", shown(&self.path), self.reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NotRegular(kind) => write!(f, "skipped: {kind}, not a regular file"),
            Self::Changed => f.write_str("changed while being read"),
            Self::Vanished => f.write_str("deleted while being read"),
            Self::TimedOut(elapsed) => elapsed.fmt(f),
            Self::Join(error) => error.fmt(f),
            Self::Stopped => f.write_str("interrupted"),
        }
    }
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Shows a path on one line: control characters and bytes that are not UTF-8 are escaped.
#[must_use]
pub fn shown(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() {
                text.extend(c.escape_default());
            } else {
                text.push(c);
            }
        }
        let escaped = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}"));
        text.extend(escaped);
    }
    text
}
