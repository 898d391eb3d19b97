//! The handle of a child.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use trunnion_core::{JoinError, Spawn, TaskHandle};

use super::roster::Enclosing;
use super::runner::Joined;
use crate::own;

/// Stops one child, or waits for it.
///
/// It behaves as a task's handle does, but for one thing: dropping it changes nothing, because the child is its scope's. A
/// child that its scope did not take, or that was cancelled, gives [`JoinError::Cancelled`]. A panic is the scope's: the
/// handle gets [`JoinError::Panicked`] with its text.
///
/// # Panics
/// Polled again after it was ready. In debug builds, when a child awaits itself, which would never end.
///
/// # Cancel safety
/// Dropping it changes nothing; the child's scope waits for the child.
#[must_use = "a refused child shows only here; drop it where that does not matter"]
pub struct Child<R: Spawn, V: Send + 'static> {
    // Empty for a refused child, and while it is dropped.
    task: Option<R::Task<Joined<V>>>,
    scope: Arc<dyn Enclosing>,
    address: usize,
    slot: usize,
    id: u64,
}

impl<R: Spawn, V: Send + 'static> Child<R, V> {
    pub(super) fn new(
        task: Option<R::Task<Joined<V>>>,
        (scope, address): (Arc<dyn Enclosing>, usize),
        (slot, id): (usize, u64),
    ) -> Self {
        Self {
            task,
            scope,
            address,
            slot,
            id,
        }
    }

    /// Asks the child to stop at its next pending poll: its outcome is that it was cancelled. Its siblings go on.
    pub fn abort(&self) {
        if let Some(task) = &self.task {
            self.scope.abort(self.slot, self.id);
            task.abort();
        }
    }

    /// Aborts the child and waits until its future has been dropped.
    ///
    /// # Errors
    /// [`JoinError::Cancelled`], unless the child had ended before.
    ///
    /// # Cancel safety
    /// The abort happens at the first poll. Dropping the returned future only stops waiting.
    pub async fn cancel(self) -> Result<V, JoinError> {
        self.abort();
        self.await
    }

    /// Tells whether the child has ended, or was refused.
    pub fn is_finished(&self) -> bool {
        self.task.as_ref().is_none_or(TaskHandle::is_finished)
    }

    /// Tells whether the scope did not take the child: its future was dropped unpolled.
    pub const fn is_refused(&self) -> bool {
        self.task.is_none()
    }

    /// Gives the child's number in its scope; [`u64::MAX`] if it was refused.
    pub const fn number(&self) -> u64 {
        self.id
    }

    #[cold]
    #[expect(clippy::panic, reason = "it would wait for itself without end")]
    fn refuse_own(&self) {
        let entry = self.scope.entry(self.slot, self.id);
        let name = entry.and_then(|entry| entry.name);
        panic!(
            "child {} (`{}`) awaits its own handle",
            self.id,
            name.as_deref().unwrap_or("unnamed")
        );
    }
}

impl<R: Spawn, V: Send + 'static> Future for Child<R, V> {
    type Output = Result<V, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if own::is_polling(self.address, self.id) && !self.is_refused() {
            self.refuse_own();
        }
        match &mut self.task {
            None => Poll::Ready(Err(JoinError::Cancelled)),
            Some(task) => Pin::new(task)
                .poll(cx)
                .map(|joined| joined.and_then(|inner| inner.map_err(JoinError::from))),
        }
    }
}

impl<R: Spawn, V: Send + 'static> Drop for Child<R, V> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.detach();
        }
    }
}

impl<R: Spawn, V: Send + 'static> fmt::Debug for Child<R, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("number", &self.id)
            .field("finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
