//! Running code that blocks its thread.

use core::future::Future;

use crate::{JoinError, SpawnOptions};

/// Holds the result of a blocking closure that is queued, running or done.
///
/// Dropping it loses the result only: the closure runs all the same.
///
/// # Cancel safety
/// A dropped handle never revokes the closure. A value that nobody awaits is dropped.
pub trait BlockingHandle<T>: Future<Output = Result<T, JoinError>> + Unpin {
    /// Revokes the closure if it has not started: it is dropped, and awaiting gives [`JoinError::Cancelled`].
    ///
    /// A closure that has started runs to its end and gives its value.
    fn revoke(&self);

    /// Tells whether the closure has ended or was revoked.
    fn is_finished(&self) -> bool;
}

/// Runs closures that block, away from the threads that run tasks.
///
/// Closures queue when all threads are busy; none is refused or lost while the runtime lives.
///
/// ```
/// use trunnion_core::{JoinError, SpawnBlocking};
///
/// async fn checksum<R: SpawnBlocking>(rt: &R, bytes: Vec<u8>) -> Result<u64, JoinError> {
///     rt.spawn_blocking(move || bytes.iter().map(|byte| u64::from(*byte)).sum()).await
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no threads for blocking code",
    note = "tokio, smol and the simulator have them; a runtime that lacks them does not implement `SpawnBlocking`"
)]
pub trait SpawnBlocking {
    /// The handle of a closure that gives a `T`.
    type Blocking<T: Send + 'static>: BlockingHandle<T> + Send + Sync + 'static;

    /// Queues `job` with a name or a place of its own; see [`spawn_blocking`](Self::spawn_blocking).
    ///
    /// # Cancel safety
    /// As for [`spawn_blocking`](Self::spawn_blocking): dropping the handle loses the result, not the work.
    fn spawn_blocking_with<F, T>(&self, options: SpawnOptions<'_>, job: F) -> Self::Blocking<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static;

    /// Queues `job` without a handle, with a name or a place of its own. A panic in it goes to the process's hook only.
    fn spawn_blocking_detached_with<F>(&self, options: SpawnOptions<'_>, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        drop(self.spawn_blocking_with(options, job));
    }

    /// Queues `job`. It runs even when the handle is dropped at once.
    ///
    /// A panic in it arrives as [`JoinError::Panicked`]. When the runtime has ended or ends before the job starts, the
    /// job is dropped and awaiting gives [`JoinError::Shutdown`].
    ///
    /// # Cancel safety
    /// Dropping the handle loses the result, not the work.
    #[track_caller]
    fn spawn_blocking<F, T>(&self, job: F) -> Self::Blocking<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.spawn_blocking_with(SpawnOptions::new(), job)
    }
}
