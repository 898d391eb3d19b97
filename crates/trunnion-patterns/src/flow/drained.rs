//! Waiting until all was received.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use trunnion_core::wait::{WaitQueue, Waiter};

use super::line::{Idle, Line, poll_idle};

pin_project! {
    /// Waits until nothing is in a channel; made by [`Sender::drained`](super::Sender::drained).
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Drained<'a, T> {
        line: &'a Line<T>,
        #[pin]
        waiter: Waiter<&'a WaitQueue<Idle>>,
    }
}

impl<'a, T> Drained<'a, T> {
    pub(super) fn new(line: &'a Line<T>) -> Self {
        let waiter = Waiter::new(line.open(), ());
        Self { line, waiter }
    }
}

impl<T> Future for Drained<'_, T> {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        let this = self.project();
        poll_idle(this.line, this.waiter, cx)
    }
}

impl<T> fmt::Debug for Drained<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Drained").field(&self.waiter).finish()
    }
}
