//! Why a call made no more attempts, and how it went.

use core::fmt;
use core::time::Duration;

use crate::Failure;

/// Says why a call of [`Retry`](crate::Retry) made no more attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryStop {
    /// The result is as it is to be.
    Done,
    /// More attempts would not change the result.
    Permanent,
    /// There were as many attempts as are allowed.
    Attempts,
    /// The deadline has come while an attempt was under way.
    Deadline,
    /// The wait would have reached the deadline, so that it was not begun.
    DeadlineTooClose,
    /// The budget has nothing left.
    Budget,
    /// The service wants to be left alone for longer than is waited.
    HintTooLong(Duration),
    /// The service does not want to be asked again.
    Refused,
    /// Somebody asked the call to stop.
    Cancelled,
}

impl fmt::Display for RetryStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "the result is as it is to be",
            Self::Permanent => "more attempts would not change the result",
            Self::Attempts => "all attempts were made",
            Self::Deadline => "the deadline has come",
            Self::DeadlineTooClose => "the deadline would come before the next attempt",
            Self::Budget => "the budget has nothing left",
            Self::HintTooLong(hint) => {
                return write!(f, "the service asks for a wait of {hint:?}");
            }
            Self::Refused => "the service does not want to be asked again",
            Self::Cancelled => "it was cancelled",
        })
    }
}

/// Tells how a call went, with its result; given by [`RetryRun::report`](crate::RetryRun::report).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryReport<T, E> {
    /// What the call would have given without the report.
    pub result: Result<T, Failure<E>>,
    /// How many attempts were made; one that never left and was sent again counts once.
    pub attempts: u32,
    /// How long was waited between attempts; a wait that was cut short counts whole.
    pub waited: Duration,
    /// Why no more attempts were made.
    pub stop: RetryStop,
    /// The first error, where it is not the result's.
    pub first_error: Option<E>,
}
