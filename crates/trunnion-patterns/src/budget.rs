//! What keeps retries from making an outage worse.

mod concurrency;
mod grpc;
mod level;
mod per_thousand;
mod places;
mod ratio;
mod success;
mod token;

use std::sync::Arc;

use trunnion_core::Clock;

pub use concurrency::ConcurrencyBudget;
pub use grpc::GrpcThrottle;
pub use ratio::{Fund, RatioBudget};
pub use success::RetryBudget;
pub use token::{BudgetToken, Spent};

/// Says what a retry is paid for: some failures cost the service more than others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expense {
    /// The attempt failed.
    Failure,
    /// The attempt was not ready in time.
    Timeout,
    /// The service asked for fewer requests.
    Throttled,
}

/// Decides whether one more attempt may be made: shared by all calls of one service.
///
/// A service that fails is asked more often when each call is tried again, and may stay down because of that alone. A budget
/// bounds what all calls together may add. It never stops a first attempt or one that is under way.
///
/// | budget | retries are paid by | after a stall of 10 s at 67 %, 83 % and 93 % load |
/// |---|---|---|
/// | none | nobody | never recovers; 3.0 times the requests |
/// | [`RetryBudget`], the default choice | successes | recovers like calls without retries |
/// | [`GrpcThrottle`] | successes, lost by failures | recovers like calls without retries |
/// | [`RatioBudget`] of successes | successes of a while, and a reserve | recovers, but later where the reserve fills the service |
/// | [`RatioBudget`] of requests | requests of a while | from some load on it never recovers |
/// | [`ConcurrencyBudget`] | calls under way | from some load on it never recovers |
///
/// The table is that of a simulation which the tests of this workspace repeat: one server of 300 requests a second, attempts of
/// at most one second, two retries. What requests pay for is safe only while `(1 + ratio) * load + reserve` stays below what
/// the service can do; what successes pay for needs no such sum.
///
/// A budget is used by reference, in a `static`, or in an [`Arc`]. `()` is the budget that is never spent.
///
/// ```
/// use trunnion_core::RealClock;
/// use trunnion_patterns::{Budget, Expense, RetryBudget};
///
/// static MIRROR: RetryBudget = RetryBudget::new();
///
/// // By hand, for what is no retry: a second request beside a slow one.
/// if let Some(token) = MIRROR.try_withdraw(Expense::Timeout, &RealClock) {
///     token.spend(); // it is sent; a token that is dropped instead is given back
/// }
/// assert!(MIRROR.level(&RealClock) < 1.0);
/// ```
pub trait Budget {
    /// Notes that a call has begun: its first attempt is about to be made.
    fn begin<C: Clock + ?Sized>(&self, clock: &C) {
        _ = clock;
    }

    /// Notes that a call is over, however it ended.
    fn end(&self) {}

    /// Notes an attempt that succeeded.
    fn succeeded<C: Clock + ?Sized>(&self, clock: &C);

    /// Notes an attempt that failed in a way that more attempts may mend.
    fn failed(&self) {}

    /// Takes what one more attempt costs. False, and nothing is taken, when there is not enough.
    fn withdraw<C: Clock + ?Sized>(&self, expense: Expense, clock: &C) -> bool;

    /// Puts back what was withdrawn for an attempt that was not made.
    fn refund(&self, expense: Expense);

    /// Notes that an attempt that was paid for is over.
    fn release(&self) {}

    /// Tells how much is left now, from 0.0 for nothing to 1.0: for a gauge, so that a budget does not fail silently.
    fn level<C: Clock + ?Sized>(&self, clock: &C) -> f32;

    /// Takes what one more attempt costs, as a token that gives it back if it is dropped unspent.
    ///
    /// # Cost
    /// That of the budget's `withdraw`.
    fn try_withdraw<C>(&self, expense: Expense, clock: &C) -> Option<BudgetToken<'_, Self>>
    where
        Self: Sized,
        C: Clock + ?Sized,
    {
        let paid = self.withdraw(expense, clock);
        paid.then(|| BudgetToken::new(self, expense))
    }
}

/// Lends a budget.
macro_rules! lend {
    ($($lender:ty),+) => {$(
        impl<B: Budget> Budget for $lender {
            #[inline]
            fn begin<C: Clock + ?Sized>(&self, clock: &C) {
                (**self).begin(clock);
            }

            #[inline]
            fn end(&self) {
                (**self).end();
            }

            #[inline]
            fn succeeded<C: Clock + ?Sized>(&self, clock: &C) {
                (**self).succeeded(clock);
            }

            #[inline]
            fn failed(&self) {
                (**self).failed();
            }

            #[inline]
            fn withdraw<C: Clock + ?Sized>(&self, expense: Expense, clock: &C) -> bool {
                (**self).withdraw(expense, clock)
            }

            #[inline]
            fn refund(&self, expense: Expense) {
                (**self).refund(expense);
            }

            #[inline]
            fn release(&self) {
                (**self).release();
            }

            #[inline]
            fn level<C: Clock + ?Sized>(&self, clock: &C) -> f32 {
                (**self).level(clock)
            }
        }
    )+};
}

lend!(&B, Arc<B>);

/// The budget that is never spent: retries are bounded by the attempts of each call alone.
impl Budget for () {
    #[inline]
    fn succeeded<C: Clock + ?Sized>(&self, _: &C) {}

    #[inline]
    fn withdraw<C: Clock + ?Sized>(&self, _: Expense, _: &C) -> bool {
        true
    }

    #[inline]
    fn refund(&self, _: Expense) {}

    #[inline]
    fn level<C: Clock + ?Sized>(&self, _: &C) -> f32 {
        1.0
    }
}
