//! What becomes of a child.

use core::fmt;
use core::panic::Location;

use trunnion_core::PanicPayload;

use super::roster::Entry;

/// Says how a child ended.
///
/// A child that was cancelled neither succeeded nor failed: it is an outcome of its own.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome<T, E> {
    /// It gave a value.
    Ok(T),
    /// It failed.
    Err(E),
    /// It, or one of its destructors, panicked.
    Panicked(PanicPayload),
    /// It was cancelled, by its scope or through its own handle.
    Cancelled,
    /// The runtime ended before the child did.
    Shutdown,
}

impl<T, E> Outcome<T, E> {
    /// Gives the value, if there is one.
    pub fn ok(self) -> Option<T> {
        match self {
            Self::Ok(value) => Some(value),
            _ => None,
        }
    }

    /// Tells whether it gave a value.
    pub const fn is_ok(&self) -> bool {
        matches!(self, Self::Ok(_))
    }

    /// Tells whether it was cancelled.
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }
}

impl<T, E> From<Result<T, E>> for Outcome<T, E> {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(value) => Self::Ok(value),
            Err(error) => Self::Err(error),
        }
    }
}

/// Names a child: by its number, its name if it has one, and the place that spawned it.
#[derive(Clone)]
pub struct ChildInfo(Entry);

impl ChildInfo {
    pub(super) const fn new(entry: Entry) -> Self {
        Self(entry)
    }

    /// Counts the children of a scope, from 0 in the order in which they were spawned.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.0.id
    }

    /// Gives the name, if it was spawned with one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Gives the place that spawned it.
    #[must_use]
    pub const fn location(&self) -> &'static Location<'static> {
        self.0.location
    }
}

impl fmt::Display for ChildInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "`{name}`")?,
            None => write!(f, "child {}", self.number())?,
        }
        write!(f, " spawned at {}", self.location())
    }
}

impl fmt::Debug for ChildInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
