//! Waiting for one output.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::Stream;

/// Waits for the next output of a map; made by [`Outputs::next`](crate::Outputs::next) and
/// [`LazyStream::next`](crate::LazyStream::next).
///
/// # Cancel safety
/// Dropping it loses nothing: an output that nobody took is given to the next call.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Next<'a, S>(&'a mut S);

impl<'a, S> Next<'a, S> {
    pub(super) const fn new(outputs: &'a mut S) -> Self {
        Self(outputs)
    }
}

impl<S: Stream + Unpin> Future for Next<'_, S> {
    type Output = Option<S::Item>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(&mut *self.0).poll_next(cx)
    }
}
