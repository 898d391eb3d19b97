//! A budget that pays always, and keeps book.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use trunnion_core::Clock;
use trunnion_patterns::{Budget, Expense};

/// What a budget lends: withdrawn is spent or given back, wherever a call is dropped.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<[AtomicU32; 4]>);

const CALLS: usize = 0;
const WITHDRAWN: usize = 1;
const REFUNDED: usize = 2;
const RELEASED: usize = 3;

impl Ledger {
    fn count(&self, of: usize) -> u32 {
        self.0[of].load(SeqCst)
    }

    /// Asserts that all calls are over, and that what was paid was spent or given back.
    #[track_caller]
    pub(crate) fn assert_balanced(&self) {
        assert_eq!(self.count(CALLS), 0, "a call is under way");
        let settled = self.count(REFUNDED) + self.count(RELEASED);
        assert_eq!(self.count(WITHDRAWN), settled, "a token is lost");
    }

    /// Asserts that too, and that what was spent is what `retries` requests cost.
    #[track_caller]
    pub(crate) fn assert_settled(&self, retries: u32) {
        self.assert_balanced();
        assert_eq!(
            self.count(RELEASED),
            retries,
            "each further request is paid"
        );
    }
}

impl Budget for Ledger {
    fn begin<C: Clock + ?Sized>(&self, _: &C) {
        self.0[CALLS].fetch_add(1, SeqCst);
    }
    fn end(&self) {
        self.0[CALLS].fetch_sub(1, SeqCst);
    }
    fn succeeded<C: Clock + ?Sized>(&self, _: &C) {}
    fn withdraw<C: Clock + ?Sized>(&self, _: Expense, _: &C) -> bool {
        self.0[WITHDRAWN].fetch_add(1, SeqCst);
        true
    }
    fn refund(&self, _: Expense) {
        self.0[REFUNDED].fetch_add(1, SeqCst);
    }
    fn release(&self) {
        self.0[RELEASED].fetch_add(1, SeqCst);
    }
    fn level<C: Clock + ?Sized>(&self, _: &C) -> f32 {
        1.0
    }
}
