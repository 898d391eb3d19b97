//! The task cell for futures that stay on one thread.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::{Runner, Task, split};
use crate::{AbortHandle, JoinError, TaskHandle, TaskId};

/// Keeps a type on its thread.
type NotSend = PhantomData<*const ()>;

/// Splits a future that must stay on this thread; see [`prepare`](super::prepare).
///
/// Aborts and wakes may come from any thread; the future is polled and dropped on this one.
///
/// # Cost
/// One allocation, as for [`prepare`](super::prepare).
pub fn prepare_local<F>(future: F) -> (LocalRunner, LocalTask<F::Output>)
where
    F: Future + 'static,
    F::Output: 'static,
{
    let (runner, task) = split(future);
    (
        LocalRunner {
            runner,
            not_send: PhantomData,
        },
        LocalTask {
            task,
            not_send: PhantomData,
        },
    )
}

/// Runs a local task of the task cell; see [`Runner`].
///
/// # Cancel safety
/// As for [`Runner`].
#[must_use = "a task runs only when its runner is polled"]
pub struct LocalRunner {
    runner: Runner,
    not_send: NotSend,
}

impl Future for LocalRunner {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.runner).poll(cx)
    }
}

impl fmt::Debug for LocalRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.runner.fmt(f)
    }
}

/// Owns a local task of the task cell; see [`TaskHandle`] for what it promises.
///
/// It stays on its thread:
///
/// ```compile_fail,E0277
/// fn assert_send<T: Send>() {}
/// assert_send::<trunnion_core::task::LocalTask<()>>();
/// ```
///
/// # Cancel safety
/// Dropping it cancels the task.
#[must_use = "dropping a task's handle cancels the task; call `detach` to let it run"]
pub struct LocalTask<T> {
    task: Task<T>,
    not_send: NotSend,
}

impl<T: 'static> Future for LocalTask<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.task).poll(cx)
    }
}

impl<T: 'static> TaskHandle<T> for LocalTask<T> {
    fn abort(&self) {
        self.task.abort();
    }

    fn abort_handle(&self) -> AbortHandle {
        self.task.abort_handle()
    }

    fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    fn id(&self) -> TaskId {
        self.task.id()
    }

    fn detach(self) {
        self.task.detach();
    }
}

impl<T> fmt::Debug for LocalTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.task.fmt(f)
    }
}
