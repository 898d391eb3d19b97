//! Handles of local tokio tasks.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;
use trunnion_core::{AbortHandle, JoinError, TaskHandle, TaskId};

use crate::Task;

/// Owns a local tokio task; see [`TaskHandle`] for what it promises.
///
/// It stays on its thread; its [`AbortHandle`] may leave it.
///
/// ```compile_fail,E0277
/// fn assert_send<T: Send>() {}
/// assert_send::<trunnion_tokio::LocalTask<()>>();
/// ```
///
/// # Cancel safety
/// Dropping it cancels the task.
#[must_use = "dropping a task's handle cancels the task; call `detach` to let it run"]
pub struct LocalTask<T> {
    task: Task<T>,
    not_send: PhantomData<*const ()>,
}

impl<T> LocalTask<T> {
    pub(super) fn new(native: JoinHandle<T>) -> Self {
        Self {
            task: Task::new(native),
            not_send: PhantomData,
        }
    }
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
