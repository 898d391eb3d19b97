//! The task cell for closures that block.

use core::fmt;
use core::future::{Future, ready};
use core::pin::Pin;
use core::task::{Context, Poll};

use super::{Runner, Task, prepare};
use crate::{BlockingHandle, JoinError, TaskHandle};

/// Splits a closure into a job for a pool of threads and the handle of its result.
///
/// Run the job once. Dropping it unrun drops the closure and gives the handle [`JoinError::Shutdown`].
///
/// ```
/// use std::thread;
/// use trunnion_core::{BlockingHandle, task};
///
/// let (job, handle) = task::prepare_blocking(|| 6 * 7);
/// thread::spawn(job).join().unwrap();
/// assert!(handle.is_finished());
/// ```
///
/// # Cost
/// One allocation.
pub fn prepare_blocking<F, T>(job: F) -> (impl FnOnce() + Send + 'static, Blocking<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (runner, handle) = split_blocking(job);
    (move || runner.run_to_end(), handle)
}

/// Makes both ends; the job is to run [`Runner::run_to_end`].
pub(crate) fn split_blocking<F, T>(job: F) -> (Runner, Blocking<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    // A closure is a future that is ready at its first poll: one mechanism serves both.
    let (runner, task) = prepare(async move { ready(job()).await });
    (runner, Blocking { task: Some(task) })
}

/// Holds the result of a blocking closure of the task cell; see [`BlockingHandle`].
///
/// # Cancel safety
/// Dropping it loses the result, not the work.
pub struct Blocking<T: Send + 'static> {
    // Empty only while it is dropped.
    task: Option<Task<T>>,
}

impl<T: Send + 'static> Future for Blocking<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(task) = &mut self.task else {
            unreachable!("the task leaves in `drop` only")
        };
        Pin::new(task).poll(cx)
    }
}

impl<T: Send + 'static> BlockingHandle<T> for Blocking<T> {
    fn revoke(&self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }

    fn is_finished(&self) -> bool {
        self.task.as_ref().is_none_or(TaskHandle::is_finished)
    }
}

impl<T: Send + 'static> Drop for Blocking<T> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.detach();
        }
    }
}

impl<T: Send + 'static> fmt::Debug for Blocking<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking")
            .field("finished", &self.is_finished())
            .finish()
    }
}
