//! What the executor polls.
#![expect(
    unsafe_code,
    reason = "one of the files that ARCHITECTURE.md allows it in"
)]

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::cell::Run;
use crate::sync::Arc;

/// Runs a task of the task cell: a future without a result, for the executor to poll or drop.
///
/// It never panics: panics in the task become [`JoinError::Panicked`](crate::JoinError::Panicked).
///
/// # Cancel safety
/// Dropping it before it is ready drops the task's future here and gives the handle
/// [`JoinError::Shutdown`](crate::JoinError::Shutdown), or `Cancelled` if the task had been aborted.
#[must_use = "a task runs only when its runner is polled"]
pub struct Runner {
    // Empty once the task has ended.
    cell: Option<Arc<dyn Run>>,
}

impl Runner {
    pub(super) fn new(cell: Arc<dyn Run>) -> Self {
        Self { cell: Some(cell) }
    }

    fn run(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(cell) = &self.cell else {
            return Poll::Ready(());
        };
        // SAFETY: a cell has one runner, `&mut` keeps it on one thread, and the cell is let go when it has ended.
        let poll = unsafe { cell.run(cx) };
        if poll.is_ready() {
            self.cell = None;
        }
        poll
    }

    /// Polls the task once, on a thread where it cannot be pending: for blocking closures.
    pub(crate) fn run_to_end(mut self) {
        let ended = self.run(&mut Context::from_waker(Waker::noop()));
        debug_assert!(ended.is_ready());
    }
}

impl Future for Runner {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.run(cx)
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if let Some(cell) = self.cell.take() {
            // SAFETY: as in `run`; there is no later call.
            unsafe { cell.close() };
        }
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("ended", &self.cell.is_none())
            .finish()
    }
}
