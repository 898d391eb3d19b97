//! What goes wrong in a bracket.

use core::error::Error;
use core::fmt;

use crate::Fault;

/// Says which part of a [`bracket`](fn@crate::bracket) failed, and keeps what the other parts gave.
///
/// Its text and source begin with what came first.
///
/// ```
/// use trunnion_core::BlockOn;
/// use trunnion_patterns::{BracketError, bracket};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// let acquire = async { Ok("file") };
/// let written = bracket(&rt, acquire, async |_: &mut &str| Err("disk full"), async |_| Err("no flush"));
/// let error: BracketError<(), _> = sim.block_on(written).unwrap_err();
/// assert_eq!(error.to_string(), "disk full (then the release failed: no flush)");
/// assert_eq!(error.into_first(), Some("disk full"));
/// ```
#[non_exhaustive]
pub enum BracketError<T, E> {
    /// The resource was not acquired: nothing was used, and there was nothing to release.
    Acquire(E),
    /// The use failed; beside it, what went wrong in the release after it.
    Use(E, Option<Fault<E>>),
    /// The use succeeded and the release failed; the value of the use is kept.
    Release(Fault<E>, T),
}

impl<T, E> BracketError<T, E> {
    /// Gives the error that came first, and drops what is beside it; none if the runtime ended before the release did.
    pub fn into_first(self) -> Option<E> {
        match self {
            Self::Acquire(error) | Self::Use(error, _) | Self::Release(Fault::Error(error), _) => {
                Some(error)
            }
            Self::Release(..) => None,
        }
    }

    /// Gives the value of a use whose release failed.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Release(_, value) => Some(value),
            _ => None,
        }
    }

    /// Drops the value of a use whose release failed: for an error that outlives what the value borrows.
    pub fn without_value(self) -> BracketError<(), E> {
        match self {
            Self::Acquire(error) => BracketError::Acquire(error),
            Self::Use(error, fault) => BracketError::Use(error, fault),
            Self::Release(fault, _) => BracketError::Release(fault, ()),
        }
    }
}

impl<T, E: fmt::Display> fmt::Display for BracketError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acquire(error) | Self::Use(error, None) => error.fmt(f),
            Self::Use(error, Some(fault)) => {
                write!(f, "{error} (then the release failed: {fault})")
            }
            Self::Release(fault, _) => write!(f, "the release failed: {fault}"),
        }
    }
}

/// The value is not shown.
impl<T, E: fmt::Debug> fmt::Debug for BracketError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acquire(error) => f.debug_tuple("Acquire").field(error).finish(),
            Self::Use(error, fault) => f.debug_tuple("Use").field(error).field(fault).finish(),
            Self::Release(fault, _) => f
                .debug_tuple("Release")
                .field(fault)
                .finish_non_exhaustive(),
        }
    }
}

/// Its source is that of the error whose text it begins with, or the release's own error.
impl<T, E: Error + 'static> Error for BracketError<T, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Acquire(error) | Self::Use(error, _) => error.source(),
            Self::Release(Fault::Error(error), _) => Some(error),
            Self::Release(..) => None,
        }
    }
}
