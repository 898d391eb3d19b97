//! The budget that calls under way pay for.

use core::fmt;

use trunnion_core::Clock;
use trunnion_core::sync::atomic::AtomicU64;

use super::per_thousand::per_thousand;
use super::places::Places;
use super::{Budget, Expense};

/// Lets at most a share of the calls under way be retries.
///
/// It is Envoy's retry budget and failsafe-go's. A retry counts from when it is paid for, its wait included, until its attempt is over.
///
/// **When it is unsafe.** A service that stalls has more calls under way, which pays for more retries. From some load on a
/// service does not recover: in the simulation of [`Budget`], at 83 %, with 1.23 times the requests for ever.
///
/// ```
/// use trunnion_core::RealClock;
/// use trunnion_patterns::{Budget, ConcurrencyBudget, Expense};
///
/// let budget = ConcurrencyBudget::new(0.2).least(1);
/// (0..10).for_each(|_| budget.begin(&RealClock));
/// let retry = || budget.withdraw(Expense::Failure, &RealClock);
/// assert!(retry() && retry() && !retry(), "a fifth of ten");
/// ```
///
/// # Cost
/// 16 bytes. One atomic addition when a call begins, and one when it ends; a load and a compare-and-swap for a retry. No clock
/// read, no allocation.
pub struct ConcurrencyBudget {
    places: Places,
    ratio: u32,
    least: u32,
}

impl ConcurrencyBudget {
    /// Makes one that lets `ratio` of the calls be retries, and three of them always.
    ///
    /// # Panics
    /// When the ratio is not from 0 to 1.
    #[must_use]
    #[track_caller]
    pub const fn new(ratio: f64) -> Self {
        Self {
            places: Places {
                word: AtomicU64::new(0),
            },
            ratio: per_thousand("a retry ratio", ratio, 1),
            least: 3,
        }
    }

    /// Lets so many retries be under way whatever the number of calls; three, if nothing else is said.
    #[must_use]
    pub const fn least(mut self, retries: u32) -> Self {
        self.least = retries;
        self
    }

    fn allowed(&self, calls: u32) -> u32 {
        let share = u64::from(calls) * u64::from(self.ratio) / 1_000;
        // A ratio of at most 1 gives no more than there are calls.
        u32::try_from(share).unwrap_or(u32::MAX).max(self.least)
    }
}

impl Budget for ConcurrencyBudget {
    #[inline]
    fn begin<C: Clock + ?Sized>(&self, _: &C) {
        self.places.begin();
    }

    #[inline]
    fn end(&self) {
        self.places.end();
    }

    #[inline]
    fn succeeded<C: Clock + ?Sized>(&self, _: &C) {}

    fn withdraw<C: Clock + ?Sized>(&self, _: Expense, _: &C) -> bool {
        self.places.take(|calls| self.allowed(calls))
    }

    fn refund(&self, _: Expense) {
        self.places.release();
    }

    fn release(&self) {
        self.places.release();
    }

    #[expect(clippy::cast_possible_truncation, reason = "it is for a gauge")]
    fn level<C: Clock + ?Sized>(&self, _: &C) -> f32 {
        let (calls, retries) = self.places.counts();
        let allowed = f64::from(self.allowed(calls).max(1));
        (1.0 - f64::from(retries) / allowed).max(0.0) as f32
    }
}

impl fmt::Debug for ConcurrencyBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (calls, retries) = self.places.counts();
        f.debug_struct("ConcurrencyBudget")
            .field("calls", &calls)
            .field("retries", &retries)
            .finish_non_exhaustive()
    }
}
