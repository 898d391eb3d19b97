//! Why a semaphore gives no permits.

use core::error::Error;
use core::fmt;

/// Says that permits are not to be had, however long one waits; given by `acquire` and those like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireError {
    /// The semaphore is closed.
    Closed,
    /// More permits were asked for than there are.
    ExceedsLimit {
        /// How many were asked for.
        wanted: usize,
        /// How many there are.
        limit: usize,
    },
}

/// Says that permits are not to be had now; given by `try_acquire` and those like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryAcquireError {
    /// Too few are free, or somebody waits for them.
    NoPermits,
    /// The semaphore is closed.
    Closed,
    /// More permits were asked for than there are.
    ExceedsLimit {
        /// How many were asked for.
        wanted: usize,
        /// How many there are.
        limit: usize,
    },
}

impl From<AcquireError> for TryAcquireError {
    fn from(error: AcquireError) -> Self {
        match error {
            AcquireError::Closed => Self::Closed,
            AcquireError::ExceedsLimit { wanted, limit } => Self::ExceedsLimit { wanted, limit },
        }
    }
}

fn exceeds(f: &mut fmt::Formatter<'_>, wanted: usize, limit: usize) -> fmt::Result {
    write!(
        f,
        "{wanted} permits were asked for, and the semaphore has {limit}: ask for less, or raise its limit"
    )
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Closed => f.write_str("the semaphore is closed"),
            Self::ExceedsLimit { wanted, limit } => exceeds(f, wanted, limit),
        }
    }
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoPermits => f.write_str("too few permits are free, or others wait for them"),
            Self::Closed => f.write_str("the semaphore is closed"),
            Self::ExceedsLimit { wanted, limit } => exceeds(f, wanted, limit),
        }
    }
}

impl Error for AcquireError {}

impl Error for TryAcquireError {}
