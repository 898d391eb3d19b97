//! Who stopped a task: one of our handles, or the end of its runtime.

use std::sync::OnceLock;

use tokio::task::{AbortHandle, JoinHandle};
use trunnion_core::sync::Arc;
use trunnion_core::sync::atomic::{AtomicBool, Ordering};
use trunnion_core::{Abort, TaskId};

use crate::shared::number;

/// Notes that one of a task's handles aborted it: tokio has one error for that and for the end of the runtime.
///
/// It is empty until the first abort or abort handle, so that a task that nobody aborts pays nothing. Without a target the
/// task was aborted before it had an abort handle.
pub(super) struct Aborted(OnceLock<Option<Arc<Target>>>);

impl Aborted {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Notes an abort; called before tokio hears of it, so that whoever sees the end sees the note.
    pub(super) fn set(&self) {
        if let Some(target) = self.0.get_or_init(|| None) {
            target.set();
        }
    }

    pub(super) fn is_set(&self) -> bool {
        let is_set = |target: &Arc<Target>| target.aborted.load(Ordering::Acquire);
        self.0
            .get()
            .is_some_and(|target| target.as_ref().is_none_or(is_set))
    }

    /// Gives what all abort handles of the task share.
    pub(super) fn target<T>(&self, native: &JoinHandle<T>) -> Arc<Target> {
        let fresh = || Arc::new(Target::new(native.abort_handle()));
        let shared = self.0.get_or_init(|| Some(fresh()));
        shared.clone().unwrap_or_else(fresh)
    }
}

/// A task as an aborter sees it.
pub(super) struct Target {
    native: AbortHandle,
    aborted: AtomicBool,
}

impl Target {
    const fn new(native: AbortHandle) -> Self {
        Self {
            native,
            aborted: AtomicBool::new(false),
        }
    }

    fn set(&self) {
        self.aborted.store(true, Ordering::Release);
    }
}

impl Abort for Target {
    fn abort(&self) {
        // As for the task's own handle.
        if !self.native.is_finished() {
            self.set();
            self.native.abort();
        }
    }

    fn is_finished(&self) -> bool {
        self.native.is_finished()
    }

    fn id(&self) -> TaskId {
        TaskId::from_u64(number(&self.native.id()))
    }
}
