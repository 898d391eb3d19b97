//! Sleeps that never fall due while they are measured.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// How far away the deadlines are.
pub(super) const HOUR: Duration = Duration::from_hours(1);

/// Polls once with the waker of the task that measures, and tells whether it is pending.
pub(super) async fn is_pending<F: Future>(mut future: Pin<&mut F>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

/// Tells the size of the futures that a function makes, without calling it.
pub(super) const fn size_of_made<A, F>(_make: &impl Fn(A) -> F) -> usize {
    size_of::<F>()
}
