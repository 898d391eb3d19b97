//! Where synchronous code enters and leaves a runtime.

use core::fmt;
use core::future::Future;
use core::time::Duration;

/// Runs a future on the calling thread until it is ready.
///
/// Values that can be entered from synchronous code have it. The future may borrow and need not be `Send`.
pub trait BlockOn {
    /// Runs `future` to its end.
    ///
    /// # Panics
    /// Where blocking would deadlock, such as inside a task of the same runtime; [`try_block_on`](Self::try_block_on)
    /// gives an error instead. A panic in `future` unwinds to the caller, and the runtime stays usable.
    #[track_caller]
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self.try_block_on(future) {
            Ok(output) => output,
            Err(refused) => panic!("{refused}"),
        }
    }

    /// Runs `future` to its end, or gives it back unpolled where blocking would deadlock.
    ///
    /// # Errors
    /// [`WouldDeadlock`] inside the runtime's own tasks and root futures. Await the future there instead, or move the call
    /// to `spawn_blocking`.
    fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, WouldDeadlock<F>>;
}

/// Refuses to block a thread that the runtime needs, and gives back what it was asked to use.
pub struct WouldDeadlock<T> {
    inner: T,
}

impl<T> WouldDeadlock<T> {
    /// Refuses, keeping `inner` for the caller.
    pub const fn new(inner: T) -> Self {
        Self { inner }
    }

    /// Gives back the future that was not polled, or the runtime that was not shut down.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T> fmt::Debug for WouldDeadlock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WouldDeadlock").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for WouldDeadlock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "blocking here would deadlock: this thread is inside a runtime that would wait for it, \
             or another thread already drives this one; \
             await instead, or move the call into spawn_blocking or out of the runtime",
        )
    }
}

impl<T> core::error::Error for WouldDeadlock<T> {}

/// Ends a runtime in an orderly way.
///
/// Dropping an owner drops its tasks and does not wait for closures that are running; `shutdown` is how to wait.
pub trait ShutdownRuntime: Sized {
    /// Drops all tasks, refuses new ones, and waits up to `grace` for blocking closures that are running.
    ///
    /// Each pending task's future is dropped exactly once, and whoever awaits it gets
    /// [`JoinError::Shutdown`](crate::JoinError::Shutdown). Queued closures are dropped.
    ///
    /// # Errors
    /// [`WouldDeadlock`] from inside the runtime; the runtime is given back and goes on.
    fn shutdown(self, grace: Duration) -> Result<ShutdownReport, WouldDeadlock<Self>>;
}

/// Counts what a shutdown cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// The tasks that had not finished and were dropped.
    pub tasks_dropped: usize,
    /// The blocking closures that were still running when the grace was over.
    pub blocking_running: usize,
}

impl ShutdownReport {
    /// Reports these counts.
    #[must_use]
    pub const fn new(tasks_dropped: usize, blocking_running: usize) -> Self {
        Self {
            tasks_dropped,
            blocking_running,
        }
    }
}
