//! Which outputs go on, and which end the map.

use core::future::Future;

use super::feed::Jobs;
use super::window::Stops;
use crate::Errors;

/// Tells outputs that go on from those that end the map.
#[doc(hidden)]
pub trait Sift<T> {
    /// What goes on.
    type Value;
    /// Tells what ends the map.
    const STOPS: Stops<T>;

    /// Gives what goes on.
    fn value(output: T) -> Option<Self::Value>;
}

/// Everything goes on.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Every;

impl<T> Sift<T> for Every {
    type Value = T;
    const STOPS: Stops<T> = None;

    #[inline]
    fn value(output: T) -> Option<T> {
        Some(output)
    }
}

/// The first error ends the map.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct UntilError;

impl<T, E> Sift<Result<T, E>> for UntilError {
    type Value = T;
    const STOPS: Stops<Result<T, E>> = Some(Result::is_err);

    #[inline]
    fn value(output: Result<T, E>) -> Option<T> {
        output.ok()
    }
}

/// Puts the errors that have ended a map together; `None` if there are none.
pub(super) fn errors<T, E>(outputs: Vec<Result<T, E>>) -> Option<Errors<E>> {
    let mut outputs = outputs.into_iter().filter_map(Result::err);
    let mut errors = Errors::new(outputs.next()?);
    errors.rest.extend(outputs);
    Some(errors)
}

/// The output of the operations.
pub(super) type Output<J> = <<J as Jobs>::Job as Future>::Output;
