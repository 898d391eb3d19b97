//! The budget that successes pay for.

use core::fmt;

use trunnion_core::Clock;
use trunnion_core::sync::atomic::AtomicU64;

use super::level::{Level, Stand, Trickle};
use super::per_thousand::per_thousand;
use super::{Budget, Expense};
use crate::refusal::Refusal;

/// Tokens are kept in thousandths.
const SCALE: u32 = 1_000;
/// More tokens than this are refused: their thousandths fill 32 bits.
const MOST: u32 = 4_000_000;

/// Pays for retries with successes: the budget to choose when nothing speaks for another.
///
/// It is a bucket of tokens, full at first. A retry takes some, a success puts back a few, so that over any time there are at
/// most `(cap + reward * successes + trickle) / cost` retries: 10 at once and one for ten successes, as it is made. When a service
/// fails the bucket runs dry and calls are tried once, so that the load is what it is without retries.
///
/// The [trickle](Self::trickle) is a little that comes by itself, so that a client whose every first attempt fails can find out
/// that a second would succeed.
///
/// Share one for each service that fails on its own, not one for all: what is too widely shared makes the healthy pay.
///
/// ```
/// use trunnion_core::RealClock;
/// use trunnion_patterns::{Budget, Expense, RetryBudget};
///
/// let budget = RetryBudget::new().trickle(0.0);
/// let retry = || budget.withdraw(Expense::Failure, &RealClock);
/// assert_eq!((0..100).filter(|_| retry()).count(), 10);
/// (0..10).for_each(|_| budget.succeeded(&RealClock));
/// assert!(retry() && !retry());
/// ```
///
/// The bucket is that of the AWS SDKs' standard mode (500 tokens, 5 a retry, 1 a success); the amounts are those that M. Brooker
/// compares in "Fixing retries with token buckets and circuit breakers", 2022.
///
/// # Cost
/// 32 bytes. A success is one load while the bucket is full, else a load and a compare-and-swap, and no clock read; a withdrawal is a load, a
/// compare-and-swap and, where there is a trickle, a clock read. No allocation.
pub struct RetryBudget {
    level: Level,
    cap: u32,
    cost: u32,
    timeout_cost: u32,
    throttle_cost: u32,
    reward: u32,
    trickle: u32,
}

impl RetryBudget {
    /// Makes a full budget: 100 tokens; 10 a retry, 5 where the service throttles; 1 a success, and one more in five seconds.
    #[must_use]
    pub const fn new() -> Self {
        let cap = 100 * SCALE;
        Self {
            level: full(cap),
            cap,
            cost: 10 * SCALE,
            timeout_cost: 10 * SCALE,
            throttle_cost: 5 * SCALE,
            reward: SCALE,
            trickle: SCALE / 5,
        }
    }

    /// Makes room for so many tokens, all of which are there.
    ///
    /// # Panics
    /// When it is above 4,000,000, or below what a retry costs: none would ever be allowed. Lower the costs first.
    #[must_use]
    #[track_caller]
    pub const fn cap(mut self, tokens: u32) -> Self {
        self.cap = scaled("a budget cap of ", tokens);
        self.level = full(self.cap);
        self.checked()
    }

    /// Takes so many tokens for a retry, whatever the failure.
    ///
    /// # Panics
    /// When it is above the cap: raise that first.
    #[must_use]
    #[track_caller]
    pub const fn cost(mut self, tokens: u32) -> Self {
        self.cost = scaled("a retry's cost of ", tokens);
        self.timeout_cost = self.cost;
        self.throttle_cost = self.cost;
        self.checked()
    }

    /// Takes so many tokens for a retry after an attempt that was not ready in time; call it after [`cost`](Self::cost).
    ///
    /// # Panics
    /// When it is above the cap.
    #[must_use]
    #[track_caller]
    pub const fn timeout_cost(mut self, tokens: u32) -> Self {
        self.timeout_cost = scaled("a retry's cost of ", tokens);
        self.checked()
    }

    /// Takes so many tokens for a retry after the service asked for fewer requests; call it after [`cost`](Self::cost).
    ///
    /// # Panics
    /// When it is above the cap.
    #[must_use]
    #[track_caller]
    pub const fn throttle_cost(mut self, tokens: u32) -> Self {
        self.throttle_cost = scaled("a retry's cost of ", tokens);
        self.checked()
    }

    /// Puts so many tokens back for a success; a fraction is kept in thousandths.
    ///
    /// # Panics
    /// When it is not from 0 to 4,000,000.
    #[must_use]
    #[track_caller]
    pub const fn reward(mut self, tokens: f64) -> Self {
        self.reward = per_thousand("a success's reward", tokens, MOST);
        self
    }

    /// Adds so many tokens a second, whatever happens; a fraction is kept in thousandths.
    ///
    /// # Panics
    /// When it is not from 0 to 4,000,000.
    #[must_use]
    #[track_caller]
    pub const fn trickle(mut self, tokens_a_second: f64) -> Self {
        self.trickle = per_thousand("a budget's trickle", tokens_a_second, MOST);
        self
    }

    #[track_caller]
    const fn checked(self) -> Self {
        let mut most = self.cost;
        if self.timeout_cost > most {
            most = self.timeout_cost;
        }
        if self.throttle_cost > most {
            most = self.throttle_cost;
        }
        if most > self.cap {
            let refusal = Refusal::new("a retry's cost of ").number((most / SCALE) as u64);
            let refusal = refusal.text(" is above the budget's cap of ");
            refusal.number((self.cap / SCALE) as u64).raise();
        }
        self
    }

    const fn price(&self, expense: Expense) -> u32 {
        match expense {
            Expense::Failure => self.cost,
            Expense::Timeout => self.timeout_cost,
            Expense::Throttled => self.throttle_cost,
        }
    }

    const fn flow(&self) -> Trickle {
        Trickle {
            rate: self.trickle,
            cap: self.cap,
        }
    }

    /// The time of the trickle; none is read where nothing trickles.
    #[expect(clippy::cast_possible_truncation, reason = "the lower bits are kept")]
    fn millis<C: Clock + ?Sized>(&self, clock: &C) -> u32 {
        if self.trickle == 0 {
            return 0;
        }
        (clock.now().as_nanos() / 1_000_000) as u32
    }
}

const fn full(cap: u32) -> Level {
    let stand = Stand {
        tokens: cap,
        credited: 0,
    };
    Level {
        word: AtomicU64::new(stand.pack()),
    }
}

#[track_caller]
const fn scaled(what: &str, tokens: u32) -> u32 {
    if tokens > MOST {
        let refusal = Refusal::new(what).number(tokens as u64);
        let refusal = refusal.text(" is above ").number(MOST as u64);
        refusal.raise();
    }
    tokens * SCALE
}

impl Budget for RetryBudget {
    #[inline]
    fn succeeded<C: Clock + ?Sized>(&self, _: &C) {
        self.level.give(self.reward, self.cap);
    }

    fn withdraw<C: Clock + ?Sized>(&self, expense: Expense, clock: &C) -> bool {
        let (price, now) = (self.price(expense), self.millis(clock));
        self.level.withdraw(price, self.flow(), now)
    }

    fn refund(&self, expense: Expense) {
        self.level.give(self.price(expense), self.cap);
    }

    #[expect(clippy::cast_possible_truncation, reason = "it is for a gauge")]
    fn level<C: Clock + ?Sized>(&self, clock: &C) -> f32 {
        let tokens = self.level.tokens_at(self.flow(), self.millis(clock));
        let share = f64::from(tokens) / f64::from(self.cap.max(1));
        share as f32
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field(
                "tokens",
                &(f64::from(self.level.tokens()) / f64::from(SCALE)),
            )
            .field("cap", &(self.cap / SCALE))
            .finish_non_exhaustive()
    }
}
