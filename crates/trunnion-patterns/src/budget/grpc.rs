//! gRPC's throttle of retries.

use core::fmt;

use trunnion_core::Clock;
use trunnion_core::sync::atomic::AtomicU64;

use super::level::{Level, Stand};
use super::per_thousand::per_thousand;
use super::{Budget, Expense};

/// Allows retries while less than half of its tokens are lost: a failure loses one, a success wins a part of one back.
///
/// It is the retry throttling of gRPC (proposal A6), with `maxTokens` and `tokenRatio`. Failures of first attempts count too, so
/// that it closes after half as many of them in a row as it has tokens.
///
/// ```
/// use trunnion_core::RealClock;
/// use trunnion_patterns::{Budget, Expense, GrpcThrottle};
///
/// let throttle = GrpcThrottle::new(10, 0.1);
/// (0..5).for_each(|_| throttle.failed());
/// assert!(!throttle.withdraw(Expense::Failure, &RealClock));
/// throttle.succeeded(&RealClock);
/// assert!(throttle.withdraw(Expense::Failure, &RealClock));
/// ```
///
/// # Cost
/// 16 bytes. A success is one load while nothing is lost; else it and a failure are a load and a compare-and-swap; a retry is one
/// load. No clock read, no allocation.
pub struct GrpcThrottle {
    level: Level,
    most: u32,
    ratio: u32,
}

impl GrpcThrottle {
    /// Makes one with `max_tokens`, of which a success wins `ratio` back; gRPC keeps three decimals of that.
    ///
    /// # Panics
    /// When `max_tokens` is not from 1 to 1,000, as gRPC asks, or the ratio is not from 0 to 1,000.
    #[must_use]
    #[track_caller]
    pub const fn new(max_tokens: u16, ratio: f64) -> Self {
        if max_tokens == 0 || max_tokens > 1_000 {
            let refusal = crate::refusal::Refusal::new("a throttle of ").number(max_tokens as u64);
            refusal.text(" tokens is not from 1 to 1000").raise();
        }
        let most = max_tokens as u32 * 1_000;
        let stand = Stand {
            tokens: most,
            credited: 0,
        };
        Self {
            level: Level {
                word: AtomicU64::new(stand.pack()),
            },
            most,
            ratio: per_thousand("a token ratio", ratio, 1_000),
        }
    }
}

impl Budget for GrpcThrottle {
    #[inline]
    fn succeeded<C: Clock + ?Sized>(&self, _: &C) {
        self.level.give(self.ratio, self.most);
    }

    fn failed(&self) {
        self.level.lose(1_000);
    }

    fn withdraw<C: Clock + ?Sized>(&self, _: Expense, _: &C) -> bool {
        self.level.tokens() > self.most / 2
    }

    fn refund(&self, _: Expense) {}

    #[expect(clippy::cast_possible_truncation, reason = "it is for a gauge")]
    fn level<C: Clock + ?Sized>(&self, _: &C) -> f32 {
        (f64::from(self.level.tokens()) / f64::from(self.most)) as f32
    }
}

impl fmt::Debug for GrpcThrottle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcThrottle")
            .field("tokens", &(f64::from(self.level.tokens()) / 1_000.0))
            .finish_non_exhaustive()
    }
}
