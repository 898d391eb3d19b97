//! Handles of tokio tasks that behave as on every runtime.

mod aborted;
mod join;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;
use trunnion_core::{AbortHandle, JoinError, TaskHandle, TaskId};

pub(crate) use join::Join;

/// Owns a tokio task; see [`TaskHandle`] for what it promises.
///
/// A task that was stopped reads [`Cancelled`](JoinError::Cancelled) if one of its handles aborted it before it had ended, else
/// [`Shutdown`](JoinError::Shutdown). One that is aborted while its runtime ends may read as either.
///
/// # Cancel safety
/// Dropping it cancels the task.
///
/// # Cost
/// Two words beside tokio's handle; no reference is counted. The first abort handle allocates, further ones share it.
///
/// ```
/// use trunnion_core::{BlockOn, Spawn, TaskHandle};
/// use trunnion_tokio::TokioOwned;
///
/// let owner = TokioOwned::current_thread()?;
/// let task = owner.handle().spawn(std::future::pending::<()>());
/// assert!(owner.block_on(task.cancel()).unwrap_err().is_cancelled());
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "dropping a task's handle cancels the task; call `detach` to let it run"]
pub struct Task<T> {
    join: Join<T>,
}

impl<T> Task<T> {
    pub(crate) fn new(native: JoinHandle<T>) -> Self {
        Self {
            join: Join::new(native),
        }
    }
}

impl<T: 'static> Future for Task<T> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.join.poll(cx)
    }
}

impl<T: 'static> TaskHandle<T> for Task<T> {
    fn abort(&self) {
        self.join.abort();
    }

    fn abort_handle(&self) -> AbortHandle {
        self.join.abort_handle()
    }

    fn is_finished(&self) -> bool {
        self.join.is_finished()
    }

    fn id(&self) -> TaskId {
        self.join.id()
    }

    fn detach(mut self) {
        self.join.detach();
    }
}

impl<T> Drop for Task<T> {
    #[inline]
    fn drop(&mut self) {
        self.join.cancel();
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("id", &self.join.id()).finish()
    }
}
