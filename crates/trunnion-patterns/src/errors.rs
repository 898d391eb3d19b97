//! The errors of several futures, in one shape for one or many.

use core::error::Error;
use core::fmt;

/// Holds the first error of several futures, and beside it those that came before the others could be stopped.
///
/// It has this shape whether one failed or many. Its text and source are those of the first.
///
/// ```
/// use std::task::{Context, Poll, Waker};
/// use std::{future::{Future, ready}, pin::pin};
/// use trunnion_patterns::try_gather;
///
/// let outputs = pin!(try_gather((ready(Ok(1)), ready(Err::<u8, _>("no luck")))));
/// let Poll::Ready(Err(errors)) = outputs.poll(&mut Context::from_waker(Waker::noop())) else {
///     panic!("one fails");
/// };
/// assert_eq!((errors.first, errors.rest.len()), ("no luck", 0));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Errors<E> {
    /// The error that stopped the others.
    pub first: E,
    /// The errors that came with it, in the order in which they came.
    pub rest: Vec<E>,
}

impl<E> Errors<E> {
    pub(crate) const fn new(first: E) -> Self {
        Self {
            first,
            rest: Vec::new(),
        }
    }

    /// Gives the first error and drops the others.
    pub fn into_first(self) -> E {
        self.first
    }

    /// Goes through all errors, the first in front.
    pub fn iter(&self) -> impl Iterator<Item = &E> {
        core::iter::once(&self.first).chain(&self.rest)
    }
}

impl<E: fmt::Display> fmt::Display for Errors<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        match self.rest.len() {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl<E: Error> Error for Errors<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.first.source()
    }
}

/// Says that every one of several futures failed; given by [`race_ok`](fn@crate::race_ok).
///
/// JavaScript calls it `AggregateError`. It is empty when there was nothing to try.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllFailed<E> {
    /// The errors, in the order of the futures.
    pub errors: Vec<E>,
}

impl<E> AllFailed<E> {
    pub(crate) const fn new(errors: Vec<E>) -> Self {
        Self { errors }
    }
}

impl<E: fmt::Display> fmt::Display for AllFailed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.errors {
            [] => f.write_str("there was nothing to try"),
            [only] => only.fmt(f),
            [.., last] => write!(f, "all {} failed, the last with: {last}", self.errors.len()),
        }
    }
}

impl<E: Error> Error for AllFailed<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.errors.last().and_then(Error::source)
    }
}

/// Says that there was nothing to race; given by [`race`](fn@crate::race) for a vector or an iterator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Empty;

impl Empty {
    pub(crate) const fn new() -> Self {
        Self
    }
}

impl fmt::Display for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there was nothing to race")
    }
}

impl Error for Empty {}
