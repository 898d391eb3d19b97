//! Data whose races loom sees.
#![expect(
    unsafe_code,
    reason = "loom's cell is not `Sync`, and a task's future must be `Send`"
)]

use std::sync::Arc;

use trunnion_core::sync::UnsafeCell;

/// Stands for data without a lock: loom fails the model when a read is not ordered after the write.
#[derive(Clone)]
pub(crate) struct Payload(Arc<UnsafeCell<()>>);

// SAFETY: the cell holds nothing; what is shared is loom's record of the accesses, and loom runs one thread at a time.
unsafe impl Send for Payload {}

impl Payload {
    #[expect(clippy::arc_with_non_send_sync, reason = "see `Send` above")]
    pub(crate) fn new() -> Self {
        Self(Arc::new(UnsafeCell::new(())))
    }

    pub(crate) fn write(&self) {
        self.0.with_mut(|_| ());
    }

    pub(crate) fn read(&self) {
        self.0.with(|_| ());
    }
}
