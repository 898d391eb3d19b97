//! Taking outputs as they come.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::together::{Many, Start, guarded};

/// Runs `futures` side by side and gives their outputs as they come, each with the number of its future.
///
/// asyncio's `as_completed`. They run inside the task that awaits [`next`](AsCompleted::next), and only while it is awaited.
/// They are polled in their order the first time, then in the order of their wakes.
///
/// ```
/// use trunnion_core::YieldOnce;
/// use trunnion_patterns::as_completed;
///
/// async fn order() -> Vec<usize> {
///     let mut outputs = as_completed([true, false].map(|slow| async move {
///         if slow {
///             YieldOnce::new().await;
///         }
///     }));
///     let mut order = Vec::new();
///     while let Some((number, ())) = outputs.next().await {
///         order.push(number);
///     }
///     order
/// }
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let polled = pin!(order()).poll(&mut Context::from_waker(Waker::noop()));
/// # assert_eq!(polled, Poll::Ready(vec![1, 0]));
/// ```
///
/// # Cancel safety
/// Dropping it drops the futures that run. Dropping [`NextCompleted`] loses nothing.
///
/// # Cost
/// Three allocations, however many futures there are.
pub fn as_completed<I>(futures: I) -> AsCompleted<I::Item>
where
    I: IntoIterator<Item: Future>,
{
    AsCompleted(Many::new(futures.into_iter(), Start::First))
}

/// Gives outputs as they come; made by [`as_completed`](fn@crate::as_completed).
///
/// # Cancel safety
/// Dropping it drops the futures that run.
#[must_use = "nothing runs until `next` is awaited"]
pub struct AsCompleted<F: Future>(Many<F>);

impl<F: Future> AsCompleted<F> {
    /// Counts the futures that have not ended.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether all futures have ended.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives the next output with the number of its future, or `None` after the last.
    ///
    /// # Panics
    /// With a panic of one of the futures, after the others have been dropped.
    ///
    /// # Cancel safety
    /// Dropping the returned future loses nothing: the futures stay where they are, and do not run until the next call.
    pub const fn next(&mut self) -> NextCompleted<'_, F> {
        NextCompleted(self)
    }
}

/// Waits for one output of an [`AsCompleted`]; made by [`AsCompleted::next`].
///
/// # Cancel safety
/// Dropping it loses nothing.
#[must_use = "futures do nothing unless awaited"]
pub struct NextCompleted<'a, F: Future>(&'a mut AsCompleted<F>);

impl<F: Future> Future for NextCompleted<'_, F> {
    type Output = Option<(usize, F::Output)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let many = Pin::new(&mut self.0.0);
        guarded(many, |many| many.get_mut().poll_next(cx))
    }
}

impl<F: Future> fmt::Debug for AsCompleted<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted")
            .field("running", &self.len())
            .finish_non_exhaustive()
    }
}

impl<F: Future> fmt::Debug for NextCompleted<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NextCompleted").field(&self.0).finish()
    }
}
