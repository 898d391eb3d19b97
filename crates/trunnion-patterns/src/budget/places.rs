//! How many calls and retries are under way, in one atomic; nothing but core is used here, for the models.
//!
//! The word guards no other data, so that every access is relaxed.

use trunnion_core::mutant;
use trunnion_core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Calls in the lower half, retries that are paid for in the upper.
pub(crate) struct Places {
    pub(crate) word: AtomicU64,
}

const CALL: u64 = 1;
const RETRY: u64 = 1 << 32;

impl Places {
    pub(crate) fn begin(&self) {
        self.word.fetch_add(CALL, Relaxed);
    }

    pub(crate) fn end(&self) {
        self.word.fetch_sub(CALL, Relaxed);
    }

    /// Takes a place for a retry, if there are more of them than are taken.
    pub(crate) fn take(&self, places: impl Fn(u32) -> u32) -> bool {
        let mut word = self.word.load(Relaxed);
        loop {
            let (calls, retries) = halves(word);
            if retries >= places(calls) {
                return false;
            }
            match self.exchange(word) {
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
    }

    fn exchange(&self, old: u64) -> Result<u64, u64> {
        let new = old + RETRY;
        mutant!(
            "budget-places-overtaken",
            self.word.compare_exchange(old, new, Relaxed, Relaxed),
            Ok(self.word.fetch_add(RETRY, Relaxed))
        )
    }

    pub(crate) fn release(&self) {
        let one = mutant!("budget-release-ends-the-call", RETRY, CALL);
        self.word.fetch_sub(one, Relaxed);
    }

    /// Calls and retries.
    pub(crate) fn counts(&self) -> (u32, u32) {
        halves(self.word.load(Relaxed))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "each half is taken")]
const fn halves(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
}
