//! Closures on tokio's blocking threads.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trunnion_core::{BlockingHandle, JoinError, SpawnBlocking, SpawnOptions};

use crate::Tokio;
use crate::task::Join;

/// Detection needs no context on these threads: tokio has entered the runtime there, and blocking them is legal.
///
/// When a [`TokioOwned`](crate::TokioOwned) or [`TokioLocalOwned`](crate::TokioLocalOwned) ends, no queued closure starts
/// any more. A native runtime runs what is queued on a thread that was busy.
///
/// # Cost
/// What tokio allocates, nothing more; four atomic operations count the closure for the report of a shutdown.
impl SpawnBlocking for Tokio {
    type Blocking<T: Send + 'static> = Blocking<T>;

    fn spawn_blocking_with<F, T>(&self, _: SpawnOptions<'_>, job: F) -> Blocking<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let counted = self.clone();
        let native = self.handle().spawn_blocking(move || {
            let _running = counted.shared.run()?;
            Some(job())
        });
        Blocking {
            join: Join::new(native),
        }
    }
}

/// Holds the result of a closure on a blocking thread; see [`BlockingHandle`].
///
/// # Cancel safety
/// Dropping it loses the result, not the work.
///
/// ```
/// use trunnion_core::{BlockOn, SpawnBlocking};
/// use trunnion_tokio::TokioOwned;
///
/// let owner = TokioOwned::current_thread()?;
/// let job = owner.handle().spawn_blocking(|| 6 * 7);
/// assert_eq!(owner.block_on(job).unwrap(), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Blocking<T> {
    // Gives nothing when the runtime's owner had begun to end it.
    join: Join<Option<T>>,
}

impl<T: 'static> Future for Blocking<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(self.join.poll(cx));
        Poll::Ready(result.and_then(|value| value.ok_or(JoinError::Shutdown)))
    }
}

impl<T: 'static> BlockingHandle<T> for Blocking<T> {
    fn revoke(&self) {
        self.join.abort();
    }

    fn is_finished(&self) -> bool {
        self.join.is_finished()
    }
}

impl<T> fmt::Debug for Blocking<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking")
            .field("finished", &self.join.is_finished())
            .finish()
    }
}
