//! Counting who keeps a node.

use crate::mutant;
use crate::sync::atomic::{AtomicU32, Ordering};

pub(super) struct Count(AtomicU32);

impl Count {
    pub(super) fn one() -> Self {
        Self(AtomicU32::new(1))
    }

    /// Counts one more; gives up the process, as `Arc` does, before the count could overflow.
    #[inline]
    pub(super) fn add(&self) {
        if self.0.fetch_add(1, Ordering::Relaxed) > u32::MAX / 2 {
            std::process::abort();
        }
    }

    /// Counts one more, unless there is none.
    pub(super) fn add_to_some(&self) -> bool {
        let mut now = self.0.load(Ordering::Relaxed);
        while mutant!("token-keeps-the-dead", now > 0, true) {
            let (order, failed) = (Ordering::Acquire, Ordering::Relaxed);
            let more = now.wrapping_add(1);
            match self.0.compare_exchange(now, more, order, failed) {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
        false
    }

    /// Tells whether there is one, and sees what was done by those that were counted down.
    #[inline]
    pub(super) fn is_one(&self) -> bool {
        let order = mutant!(
            "token-sole-unacquired",
            Ordering::Acquire,
            Ordering::Relaxed
        );
        self.0.load(order) == 1
    }

    /// Counts one less; true if it was the last.
    #[inline]
    pub(super) fn sub(&self, order: Ordering) -> bool {
        self.0.fetch_sub(1, order) == 1
    }

    /// Gives one reference to a node back; true if it was the last.
    ///
    /// Through the counter alone: another thread may free the node while this returns, and no reference to it may be an argument.
    #[inline]
    pub(super) fn release(&self) -> bool {
        self.sub(mutant!(
            "token-ref-unreleased",
            Ordering::AcqRel,
            Ordering::Relaxed
        ))
    }

    pub(super) fn now(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }
}
