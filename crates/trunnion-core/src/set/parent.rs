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

    /// Keeps `waker`, unless the one that is there wakes the same task.
    pub(super) fn register(&self, waker: &Waker) {
        let mut slot = self.0.lock();
        let same = slot.as_ref().is_some_and(|held| {
            mutant!("set-parent-kept", held.will_wake(waker), {
                let _unused = waker;
                true
            })
        });
        if same {
            return;
        }
        // Cloning runs the user's code: not under the lock.
        drop(slot);
        let waker = waker.clone();
        slot = self.0.lock();
        let old = slot.replace(waker);
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
