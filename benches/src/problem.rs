//! Why a command could not do its work.

use std::fmt;
use std::path::Path;

/// What a step of a command gives.
pub type Result<T> = std::result::Result<T, Problem>;

/// Says in one line what went wrong.
#[derive(Debug)]
pub struct Problem {
    text: String,
    usage: bool,
}

impl Problem {
    /// Says that something did not work.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            usage: false,
        }
    }

    /// Says that the command line was wrong.
    pub fn usage(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            usage: true,
        }
    }

    /// Says what could not be done with a file.
    pub fn file(verb: &str, path: &Path, error: &dyn fmt::Display) -> Self {
        Self::new(format!("cannot {verb} {}: {error}", path.display()))
    }

    /// Tells whether the command line was wrong.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        self.usage
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Problem {}

impl From<lexopt::Error> for Problem {
    fn from(error: lexopt::Error) -> Self {
        Self::usage(error.to_string())
    }
}
