//! Waiting for several futures.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::together::{Group, Start, Together, guarded};

/// Waits for all of `futures` and gives their outputs in the order of the futures.
///
/// They run side by side inside the task that awaits it: Python's `gather`, JavaScript's `Promise.all` without errors. A tuple
/// gives a tuple, an array an array, a vector and [`each`](crate::each) of an iterator a vector; of none, an empty one. Each
/// future is dropped as soon as it ends.
///
/// They are polled in their order the first time. Then those of a tuple are polled in their order whenever one of them is
/// woken, and of the others only those that were woken, in the order of the wakes.
///
/// ```
/// use trunnion_patterns::gather;
///
/// async fn both() -> (u32, &'static str) {
///     gather((async { 1 }, async { "one" })).await
/// }
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let polled = pin!(both()).poll(&mut Context::from_waker(Waker::noop()));
/// # assert_eq!(polled, Poll::Ready((1, "one")));
/// ```
///
/// # Panics
/// The returned future panics with a panic of one of the futures, after the others have been dropped.
///
/// # Cancel safety
/// Dropping the returned future drops those that run and the outputs so far.
///
/// # Cost
/// A tuple allocates nothing. The others allocate four times, three times up to 16, however many futures there are.
pub fn gather<T: Together>(futures: T) -> Gather<T::Group> {
    Gather {
        group: futures.into_group(Start::First),
        finished: false,
    }
}

pin_project! {
    /// Waits for several futures; made by [`gather`](fn@crate::gather) and [`settle`](fn@crate::settle).
    ///
    /// # Panics
    /// With a panic of one of the futures, and when it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops the futures that run and the outputs so far.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Gather<G> {
        #[pin]
        group: G,
        finished: bool,
    }
}

impl<G: Group> Future for Gather<G> {
    type Output = G::Outputs;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<G::Outputs> {
        let this = self.project();
        assert!(!*this.finished, "the gather was polled after its result");
        let outputs = ready!(guarded(this.group, |group| group.poll_outputs(cx)));
        *this.finished = true;
        Poll::Ready(outputs)
    }
}

impl<G: fmt::Debug> fmt::Debug for Gather<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gather").field(&self.group).finish()
    }
}
