//! Why a command could not do its work.

use std::fmt;
use std::process::ExitCode;

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// One line for whoever ran the command.
#[derive(Debug)]
pub(crate) struct Error {
    text: String,
    usage: bool,
}

impl Error {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            usage: false,
        }
    }

    /// The command line was wrong, not the project.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            usage: true,
        }
    }

    #[cfg(test)]
    pub(crate) fn is_usage(&self) -> bool {
        self.usage
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.usage { 2 } else { 1 })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

impl From<lexopt::Error> for Error {
    fn from(error: lexopt::Error) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<xshell::Error> for Error {
    fn from(error: xshell::Error) -> Self {
        Self::new(error.to_string())
    }
}
