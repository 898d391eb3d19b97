//! The count of running blocking closures, and the bit that lets no more start.

use trunnion_core::mutant;
use trunnion_core::sync::atomic::{AtomicUsize, Ordering};

/// The bit beside the count that says that no more may start.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// Counts the closures that run, until it is closed and they have ended.
///
/// Both lie in one word, so that the count read after the close has all that started, and none that was refused.
pub(crate) struct Running {
    word: AtomicUsize,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self {
            word: AtomicUsize::new(0),
        }
    }

    /// Counts one more until the guard is dropped; `None` once closed.
    pub(crate) fn start(&self) -> Option<Started<'_>> {
        let open = mutant!("tokio-running-counts-refused", self.add(), {
            let open = self.word.fetch_add(1, Ordering::AcqRel) & CLOSED == 0;
            if !open {
                self.word.fetch_sub(1, Ordering::AcqRel);
            }
            open
        });
        open.then(|| Started { running: self })
    }

    /// Adds one if open; a closed word is not touched, because a closing thread may be reading it.
    fn add(&self) -> bool {
        let mut word = self.word.load(Ordering::Acquire);
        while mutant!("tokio-running-start-after-close", word & CLOSED == 0, true) {
            match self.exchange(word, word + 1) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    fn exchange(&self, from: usize, to: usize) -> Result<usize, usize> {
        mutant!(
            "tokio-running-start-overwrites",
            self.word
                .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire),
            {
                self.word.store(to, Ordering::Release);
                Ok(from)
            }
        )
    }

    /// Counts the closures that have started and not ended; what those that have ended did is seen.
    pub(crate) fn now(&self) -> usize {
        let order = mutant!(
            "tokio-running-unacquired",
            Ordering::Acquire,
            Ordering::Relaxed
        );
        self.word.load(order) & !CLOSED
    }

    /// Lets no more closures start.
    pub(crate) fn close(&self) {
        mutant!(
            "tokio-running-close-forgets",
            self.word.fetch_or(CLOSED, Ordering::AcqRel),
            self.word.swap(CLOSED, Ordering::AcqRel)
        );
    }
}

/// Counts a closure while it runs.
pub(crate) struct Started<'a> {
    running: &'a Running,
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        let order = mutant!(
            "tokio-running-unreleased",
            Ordering::AcqRel,
            Ordering::Acquire
        );
        self.running.word.fetch_sub(1, order);
    }
}
