//! Waiting for one output.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::MapConcurrent;

/// Waits for the next output of a [`MapConcurrent`]; made by [`MapConcurrent::next`].
///
/// # Cancel safety
/// Dropping it loses nothing: operations and outputs stay in the map.
#[must_use = "futures do nothing unless awaited"]
pub struct Next<'a, I, F, Fut: Future> {
    map: &'a mut MapConcurrent<I, F, Fut>,
}

impl<'a, I, F, Fut: Future> Next<'a, I, F, Fut> {
    pub(super) const fn new(map: &'a mut MapConcurrent<I, F, Fut>) -> Self {
        Self { map }
    }
}

impl<I, F, Fut> Future for Next<'_, I, F, Fut>
where
    I: Iterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    type Output = Option<Fut::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.map.poll_next(cx)
    }
}

impl<I, F, Fut: Future> fmt::Debug for Next<'_, I, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("map", &self.map).finish()
    }
}
