//! Waiting for all permits to be back.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use trunnion_core::wait::{WaitQueue, Waiter};

use super::idle::{Idle, idle_waiter, poll_idle};
use super::line::Core;

pin_project! {
    /// Waits until all permits are back; made by [`Semaphore::drained`](super::Semaphore::drained).
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Drained<'a> {
        core: &'a Core,
        #[pin]
        waiter: Waiter<&'a WaitQueue<Idle>>,
    }
}

impl<'a> Drained<'a> {
    pub(super) fn new(core: &'a Core) -> Self {
        let waiter = idle_waiter(core);
        Self { core, waiter }
    }
}

impl Future for Drained<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        poll_idle(this.core, this.waiter, cx)
    }
}

impl fmt::Debug for Drained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Drained").field(&self.waiter).finish()
    }
}
