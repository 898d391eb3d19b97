//! How a supervisor ends, and why it is not built.

use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use trunnion_core::CancelReason;

use crate::Outcome;

/// Says how a supervisor ended that did not fail.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SupervisorEnd {
    /// All children have ended, and none is to be restarted.
    Completed,
    /// It was cancelled, and its children are gone.
    Cancelled(CancelReason),
}

/// Says why a supervisor failed; all its children are gone when it is given.
#[derive(Debug)]
#[non_exhaustive]
pub enum SupervisorError<E> {
    /// A child failed before it was ready for the first time.
    StartFailed {
        /// The name of the child.
        child: Arc<str>,
        /// How it ended: with the error or the panic.
        last: Outcome<(), E>,
    },
    /// There would have been more restarts within the window than are allowed.
    RestartsExceeded {
        /// The name of the child whose restart was one too many.
        child: Arc<str>,
        /// How it ended; `Ok` for a permanent child that came to its end.
        last: Outcome<(), E>,
        /// How many restarts are allowed.
        restarts: u32,
        /// Within which time.
        window: Duration,
    },
    /// The runtime of the children has ended: nothing can be started on it.
    RuntimeEnded {
        /// The name of the child that was found dropped.
        child: Arc<str>,
    },
}

impl<E> SupervisorError<E> {
    /// Names the child.
    #[must_use]
    pub fn child(&self) -> &str {
        match self {
            Self::StartFailed { child, .. }
            | Self::RestartsExceeded { child, .. }
            | Self::RuntimeEnded { child } => child,
        }
    }

    /// Gives what the child ended with, if there is something to give.
    #[must_use]
    pub fn into_last(self) -> Option<Outcome<(), E>> {
        match self {
            Self::StartFailed { last, .. } | Self::RestartsExceeded { last, .. } => Some(last),
            Self::RuntimeEnded { .. } => None,
        }
    }
}

/// Says in words how a child ended.
struct How<'a, E>(&'a Outcome<(), E>);

impl<E: fmt::Display> fmt::Display for How<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Outcome::Ok(()) => f.write_str("it ended"),
            Outcome::Err(error) => error.fmt(f),
            Outcome::Panicked(panic) => write!(f, "panicked: {panic}"),
            Outcome::Cancelled => f.write_str("it was cancelled"),
            Outcome::Shutdown => f.write_str("the runtime ended first"),
        }
    }
}

impl<E: fmt::Display> fmt::Display for SupervisorError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StartFailed { child, last } => {
                write!(
                    f,
                    "child `{child}` failed before it was ready: {}",
                    How(last)
                )
            }
            Self::RestartsExceeded {
                child,
                last,
                restarts,
                window,
            } => write!(
                f,
                "child `{child}` would need more than {restarts} restarts within {window:?}: {}",
                How(last)
            ),
            Self::RuntimeEnded { child } => {
                write!(f, "the runtime ended under child `{child}`")
            }
        }
    }
}

impl<E: Error + 'static> Error for SupervisorError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::StartFailed { last, .. } | Self::RestartsExceeded { last, .. } => match last {
                Outcome::Err(error) => Some(error),
                _ => None,
            },
            Self::RuntimeEnded { .. } => None,
        }
    }
}

/// Says why a supervisor is not built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SupervisorRefused {
    /// Two children have this name: an error could not say which.
    DuplicateName(Arc<str>),
    /// Restarts are to be counted within no time: they would never be too many.
    ZeroWindow,
}

impl fmt::Display for SupervisorRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateName(name) => {
                write!(
                    f,
                    "two children are named `{name}`: give each a name of its own"
                )
            }
            Self::ZeroWindow => {
                f.write_str("restarts are counted within a window of zero: give it a length")
            }
        }
    }
}

impl Error for SupervisorRefused {}
