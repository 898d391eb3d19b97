//! One more attempt that is paid for.

use core::fmt;

use super::{Budget, Expense};

/// Holds what one more attempt costs; made by [`Budget::try_withdraw`].
///
/// Dropped, it gives that back: what was paid for did not happen. [`spend`](Self::spend) says that it does.
///
/// ```
/// use trunnion_core::RealClock;
/// use trunnion_patterns::{Budget, Expense, RetryBudget};
///
/// let budget = RetryBudget::new().trickle(0.0);
/// drop(budget.try_withdraw(Expense::Failure, &RealClock));
/// assert_eq!(budget.level(&RealClock), 1.0);
/// let token = budget.try_withdraw(Expense::Failure, &RealClock).expect("it is full");
/// let under_way = token.spend();
/// drop(under_way);
/// assert_eq!(budget.level(&RealClock), 0.9);
/// ```
#[must_use = "it is given back when it is dropped"]
pub struct BudgetToken<'b, B: Budget> {
    budget: &'b B,
    expense: Expense,
}

/// Says that an attempt that was paid for is under way; made by [`BudgetToken::spend`].
///
/// It tells the budget when it is dropped: the attempt is over then.
pub struct Spent<'b, B: Budget> {
    budget: &'b B,
}

impl<'b, B: Budget> BudgetToken<'b, B> {
    pub(super) const fn new(budget: &'b B, expense: Expense) -> Self {
        Self { budget, expense }
    }

    /// Says that the attempt is made now. It is under way as long as what is returned is held.
    #[expect(
        clippy::must_use_candidate,
        reason = "only a budget of what is under way wants to know the end"
    )]
    pub fn spend(self) -> Spent<'b, B> {
        let budget = self.budget;
        // Its drop would give back what is spent here.
        let _kept = core::mem::ManuallyDrop::new(self);
        Spent { budget }
    }
}

impl<B: Budget> Drop for BudgetToken<'_, B> {
    fn drop(&mut self) {
        self.budget.refund(self.expense);
    }
}

impl<B: Budget> Drop for Spent<'_, B> {
    fn drop(&mut self) {
        self.budget.release();
    }
}

impl<B: Budget> fmt::Debug for BudgetToken<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BudgetToken")
            .field("expense", &self.expense)
            .finish_non_exhaustive()
    }
}

impl<B: Budget> fmt::Debug for Spent<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spent").finish_non_exhaustive()
    }
}
