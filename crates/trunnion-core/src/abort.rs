//! Stopping a task from anywhere.

use core::fmt;
use std::sync::Arc;

use crate::TaskId;

/// Lets an adapter put its runtime's own way to stop a task into an [`AbortHandle`].
pub trait Abort: Send + Sync {
    /// Asks the task to stop; may be called again, and after the task or its runtime has ended.
    fn abort(&self);

    /// Tells whether the task has ended.
    fn is_finished(&self) -> bool;

    /// Names the task.
    fn id(&self) -> TaskId;
}

/// Stops one task from any thread; it may outlive the task and its runtime.
///
/// It does not keep the task's result. Dropping it does nothing.
#[derive(Clone)]
pub struct AbortHandle {
    target: Arc<dyn Abort>,
}

impl AbortHandle {
    /// Wraps a runtime's way to stop a task.
    ///
    /// # Cost
    /// One allocation.
    pub fn new(target: impl Abort + 'static) -> Self {
        Self {
            target: Arc::new(target),
        }
    }

    /// Asks the task to stop at its next pending poll; does nothing when it has ended.
    pub fn abort(&self) {
        self.target.abort();
    }

    /// Tells whether the task has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.target.is_finished()
    }

    /// Names the task.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.target.id()
    }
}

/// Shares a target that the adapter keeps a reference to.
impl<A: Abort + 'static> From<Arc<A>> for AbortHandle {
    fn from(target: Arc<A>) -> Self {
        Self { target }
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}
