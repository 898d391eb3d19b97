//! The waker of the task that polls the set.

use core::task::Waker;

use crate::mutant;
use crate::panic::contain;
use crate::sync::Mutex;

/// Holds the parent's waker; wakers and their destructors run outside its lock.
#[derive(Debug)]
pub(super) struct Parent(Mutex<Option<Waker>>);

impl Parent {
    pub(super) fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Keeps `waker` in the place of the one that is there, if any: most often that was taken to wake the task.
    pub(super) fn register(&self, waker: &Waker) {
        // Cloning and dropping run the user's code: not under the lock.
        let waker = waker.clone();
        let mut slot = self.0.lock();
        let old = mutant!("set-parent-kept", slot.replace(waker), {
            let (kept, unused) = (slot.take(), waker);
            *slot = Some(kept.unwrap_or_else(|| unused.clone()));
            Some(unused)
        });
        drop(slot);
        contain(|| drop(old));
    }

    /// Wakes the parent, if there still is one.
    pub(super) fn wake(&self) {
        mutant!("set-parent-woken-under-lock", self.wake_outside(), {
            let slot = self.0.lock();
            slot.iter().for_each(Waker::wake_by_ref);
        });
    }

    fn wake_outside(&self) {
        // Taken, not cloned: the next poll registers anew. Whoever finds nothing was preceded by one who wakes the
        // last registered waker (R3).
        let waker = self.0.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Forgets the parent: the set is gone.
    pub(super) fn close(&self) {
        let waker = self.0.lock().take();
        contain(|| drop(waker));
    }
}
