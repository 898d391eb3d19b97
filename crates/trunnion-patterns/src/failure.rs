//! One flat error for an operation and the patterns around it.

use core::error::Error;
use core::fmt;

use trunnion_core::CancelReason;

use crate::{AcquireError, Elapsed};

/// Says why an operation inside a pattern gave no value: its own error, or the pattern's.
///
/// It is flat: patterns that are nested give one `Failure`, never a `Failure` of a `Failure`; see [`FlattenFailure`].
///
/// ```
/// use trunnion_patterns::Failure;
///
/// let failure = Failure::Op("no luck");
/// assert_eq!(failure.to_string(), "no luck");
/// assert_eq!(failure.into_op(), Some("no luck"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure<E> {
    /// The operation failed.
    Op(E),
    /// The operation was not ready in time, and has been dropped.
    Elapsed(Elapsed),
    /// It was not begun: the limit around it gives no permits, however long one waits.
    Refused(AcquireError),
    /// It was cancelled before it gave a value.
    Cancelled {
        /// Why.
        reason: CancelReason,
        /// The operation's own error before that, where it is tried more than once.
        last: Option<E>,
    },
}

impl<E> Failure<E> {
    /// Gives the operation's own error, if there is one.
    pub fn into_op(self) -> Option<E> {
        match self {
            Self::Op(error) => Some(error),
            Self::Elapsed(_) | Self::Refused(_) => None,
            Self::Cancelled { last, .. } => last,
        }
    }

    /// Looks at the operation's own error without taking it.
    pub fn as_ref(&self) -> Failure<&E> {
        match self {
            Self::Op(error) => Failure::Op(error),
            Self::Elapsed(elapsed) => Failure::Elapsed(*elapsed),
            Self::Refused(refused) => Failure::Refused(*refused),
            Self::Cancelled { reason, last } => Failure::Cancelled {
                reason: reason.clone(),
                last: last.as_ref(),
            },
        }
    }

    /// Tells whether the time was over.
    pub const fn is_elapsed(&self) -> bool {
        matches!(self, Self::Elapsed(_))
    }

    /// Tells whether it was cancelled.
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled { .. })
    }

    /// Turns the operation's own error into another.
    pub fn map_op<T>(self, f: impl FnOnce(E) -> T) -> Failure<T> {
        match self {
            Self::Op(error) => Failure::Op(f(error)),
            Self::Elapsed(elapsed) => Failure::Elapsed(elapsed),
            Self::Refused(refused) => Failure::Refused(refused),
            Self::Cancelled { reason, last } => Failure::Cancelled {
                reason,
                last: last.map(f),
            },
        }
    }
}

impl<E> Failure<Failure<E>> {
    /// Makes one failure out of two: for an error alone, where [`FlattenFailure`] has the result.
    ///
    /// ```
    /// use trunnion_patterns::Failure;
    ///
    /// let nested = Failure::Op(Failure::Op("no luck"));
    /// assert_eq!(nested.flatten(), Failure::Op("no luck"));
    /// ```
    pub fn flatten(self) -> Failure<E> {
        match self {
            Self::Op(inner) => inner,
            Self::Elapsed(elapsed) => Failure::Elapsed(elapsed),
            Self::Refused(refused) => Failure::Refused(refused),
            Self::Cancelled { reason, last } => Failure::Cancelled {
                reason,
                last: last.and_then(Failure::into_op),
            },
        }
    }
}

impl<E> From<Elapsed> for Failure<E> {
    fn from(elapsed: Elapsed) -> Self {
        Self::Elapsed(elapsed)
    }
}

impl<E> From<AcquireError> for Failure<E> {
    fn from(refused: AcquireError) -> Self {
        Self::Refused(refused)
    }
}

/// Of an operation that was cancelled and gave no error of its own.
impl<E> From<CancelReason> for Failure<E> {
    fn from(reason: CancelReason) -> Self {
        Self::Cancelled { reason, last: None }
    }
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Op(error) => error.fmt(f),
            Self::Elapsed(elapsed) => elapsed.fmt(f),
            Self::Refused(refused) => refused.fmt(f),
            Self::Cancelled { reason, .. } => reason.fmt(f),
        }
    }
}

/// Its source is that of the error whose text it shows.
impl<E: Error> Error for Failure<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Op(error) => error.source(),
            Self::Elapsed(elapsed) => elapsed.source(),
            Self::Refused(refused) => refused.source(),
            Self::Cancelled { reason, .. } => reason.source(),
        }
    }
}

/// Turns nested results of patterns into one with a flat [`Failure`].
///
/// It is there for the result of a [`timeout`](fn@crate::timeout) around an operation that can fail, and for a `Failure`
/// inside a `Failure`.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::Timer;
/// use trunnion_patterns::{Failure, FlattenFailure, timeout};
///
/// async fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
///     text.parse()
/// }
///
/// async fn in_time<R: Timer>(rt: &R) -> Result<u32, Failure<std::num::ParseIntError>> {
///     timeout(rt, Duration::from_secs(1), parse("7")).await.flatten_failure()
/// }
/// ```
pub trait FlattenFailure {
    /// The result with one error type.
    type Flat;

    /// Makes one result out of two.
    fn flatten_failure(self) -> Self::Flat;
}

impl<T, E> FlattenFailure for Result<Result<T, E>, Elapsed> {
    type Flat = Result<T, Failure<E>>;

    fn flatten_failure(self) -> Self::Flat {
        self?.map_err(Failure::Op)
    }
}

impl<T, E> FlattenFailure for Result<T, Failure<Failure<E>>> {
    type Flat = Result<T, Failure<E>>;

    fn flatten_failure(self) -> Self::Flat {
        self.map_err(Failure::flatten)
    }
}
