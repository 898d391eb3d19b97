//! What can be awaited together: tuples, arrays, vectors and [`each`] of an iterator.

mod many;
mod member;
mod tuple;

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use trunnion_core::panic::{catch, contain};

pub use many::{Each, Exactly, Many, each};

/// Turns several futures into what polls them; implemented for tuples of up to eight, arrays, vectors and [`each`].
///
/// Tuples hold futures of different types, allocate nothing and poll all that are pending whenever one is woken. Arrays,
/// vectors and iterators hold futures of one type, allocate four times in all at most, and poll only those that were woken.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a group of futures",
    note = "pass a tuple of one to eight futures, an array or a vector of futures, or `each(iterator)`"
)]
pub trait Together {
    /// What holds and polls the futures.
    #[doc(hidden)]
    type Group: Group;

    #[doc(hidden)]
    fn into_group(self, start: Start) -> Self::Group;
}

/// Which future is polled first.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The first.
    First,
    /// The one that `trunnion_core::choose` says; the others follow in their order, then those before it.
    Chosen,
}

/// Holds and polls several futures. A future is dropped as soon as it ends.
#[doc(hidden)]
pub trait Group {
    /// All outputs, in the order of the futures.
    type Outputs;

    /// Polls what is to be polled until one ends, whose number it gives and whose output it holds; `None` at the end.
    fn poll_ended(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<usize>>;

    /// Puts aside the output of the future that has just ended.
    fn keep(self: Pin<&mut Self>, number: usize);

    /// Gives the outputs that were put aside, which are all.
    fn outputs(self: Pin<&mut Self>) -> Self::Outputs;

    /// Polls until all have ended, and gives their outputs.
    fn poll_outputs(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Outputs> {
        while let Some(number) = ready!(self.as_mut().poll_ended(cx)) {
            self.as_mut().keep(number);
        }
        Poll::Ready(self.outputs())
    }

    /// Drops what is left of the futures, each in a catch of its own; then the first panic is raised.
    fn clear(self: Pin<&mut Self>);
}

/// A group whose futures have one output.
#[doc(hidden)]
pub trait Alike: Group {
    type Output;
    /// What a race of such a group gives.
    type Winner;
    /// Fails the compilation where there is nothing to race.
    const NOT_EMPTY: ();

    /// Gives the output of the future that has just ended.
    fn take(self: Pin<&mut Self>, number: usize) -> Self::Output;

    /// Turns the output of the winner, if there was a future at all, into the result.
    fn winner(output: Option<Self::Output>) -> Self::Winner;
}

/// A group whose futures can fail with one error.
#[doc(hidden)]
pub trait Fallible: Group {
    type Values;
    type Error;

    /// Gives the error of the future that has just ended, or puts its value aside.
    fn take_error(self: Pin<&mut Self>, number: usize) -> Option<Self::Error>;

    /// Gives the values that were put aside, which are all.
    fn values(self: Pin<&mut Self>) -> Self::Values;
}

/// Polls in a catch: when a future panics, the others are dropped before the panic goes on.
pub(crate) fn guarded<G: Group, T>(
    mut group: Pin<&mut G>,
    poll: impl FnOnce(Pin<&mut G>) -> T,
) -> T {
    match catch(|| poll(group.as_mut())) {
        Ok(polled) => polled,
        Err(payload) => {
            contain(|| group.clear());
            payload.resume()
        }
    }
}
