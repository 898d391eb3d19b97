//! The budget that the requests or successes of a while pay for.

use core::fmt;
use core::time::Duration;

use trunnion_core::sync::Mutex;
use trunnion_core::{Clock, Instant};

use super::per_thousand::per_thousand;
use super::{Budget, Expense};
use crate::refusal::Refusal;

/// The while is counted in so many parts.
const PARTS: usize = 10;
const TOKEN: i64 = 1_000;

/// Says what pays for retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fund {
    /// Attempts that succeeded, as in Finagle.
    #[default]
    Success,
    /// Calls that were begun, whatever became of them: the retry ratio of the SRE book.
    Request,
}

/// Lets retries be a share of the successes, or of the requests, of the last while, and a few more.
///
/// It is the retry budget of Finagle and tower, with ratios that are exact in thousandths. Over the last `while` there are at most
/// `ratio * successes + reserve * while` retries.
///
/// **When it is unsafe.** The reserve is there when nothing succeeds: in the simulation of [`Budget`], with 10 retries a second, a
/// service at 93 % of what it can do needs more than twice as long to recover. With [`Fund::Request`] failures pay for retries: 20 % and
/// that reserve never recover at 83 %, 10 % without one never at 93 %. Prefer [`RetryBudget`](super::RetryBudget).
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::RealClock;
/// use trunnion_patterns::{Budget, Expense, RatioBudget};
///
/// let budget = RatioBudget::new(0.3, Duration::from_secs(3600)).reserve(0);
/// (0..10).for_each(|_| budget.succeeded(&RealClock));
/// let retries = (0..10).filter(|_| budget.withdraw(Expense::Failure, &RealClock));
/// assert_eq!(retries.count(), 3);
/// ```
///
/// # Cost
/// 136 bytes. A success, or a request, and a retry take a lock and read the clock once each. No allocation.
pub struct RatioBudget {
    window: Mutex<Window>,
    ratio: i64,
    /// Of one tenth of the while, in nanoseconds.
    part: u64,
    /// Thousandths of a token.
    reserve: i64,
    fund: Fund,
}

/// What came and went in each part of the last while, in thousandths of a token.
#[derive(Debug)]
struct Window {
    parts: [i64; PARTS],
    sum: i64,
    /// The number of the newest part, counted from the clock's origin.
    newest: u64,
}

impl RatioBudget {
    /// Makes one that lets `ratio` of the successes of the last `ttl` be retries, and ten more a second.
    ///
    /// # Panics
    /// When the ratio is not from 0 to 1, or `ttl` is not from 10 milliseconds to one day.
    #[must_use]
    #[track_caller]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is too long was refused, or is shown to people"
    )]
    pub const fn new(ratio: f64, ttl: Duration) -> Self {
        let nanos = ttl.as_nanos();
        if nanos < 10_000_000 || ttl.as_secs() > 86_400 {
            let refusal = Refusal::new("a budget's while of ").number(ttl.as_millis() as u64);
            let refusal = refusal.text(" ms is not from 10 ms to one day");
            refusal.raise();
        }
        let part = (nanos / PARTS as u128) as u64;
        let new = Self {
            window: Mutex::new(Window {
                parts: [0; PARTS],
                sum: 0,
                newest: 0,
            }),
            ratio: per_thousand("a retry ratio", ratio, 1) as i64,
            part,
            reserve: 0,
            fund: Fund::Success,
        };
        new.reserve(10)
    }

    /// Lets so many retries a second be made whatever succeeds; ten, if nothing else is said.
    #[must_use]
    #[expect(clippy::cast_possible_wrap, reason = "a day has few milliseconds")]
    pub const fn reserve(mut self, retries_a_second: u32) -> Self {
        // At most 2^32 a second for a day, in thousandths: 2^32 * 86,400,000 is below 2^63.
        let millis = (self.part * PARTS as u64 / 1_000_000) as i64;
        self.reserve = retries_a_second as i64 * millis;
        self
    }

    /// Chooses what pays.
    #[must_use]
    pub const fn fund(mut self, fund: Fund) -> Self {
        self.fund = fund;
        self
    }

    fn add<C: Clock + ?Sized>(&self, tokens: i64, clock: &C) {
        // A clock is its owner's code: it is not read under the lock.
        let now = self.number(clock.now());
        self.window.lock().add(now, tokens);
    }

    const fn number(&self, at: Instant) -> u64 {
        at.as_nanos() / self.part
    }
}

impl Window {
    /// Forgets the parts that are over.
    fn advance(&mut self, now: u64) {
        for slot in self.over(now) {
            self.sum -= core::mem::take(&mut self.parts[slot]);
        }
        self.newest = self.newest.max(now);
    }

    fn add(&mut self, now: u64, tokens: i64) {
        self.advance(now);
        self.parts[slot(self.newest)] += tokens;
        self.sum += tokens;
    }

    /// What the parts hold that are not over; to look changes nothing.
    fn left(&self, now: u64) -> i64 {
        let over = self.over(now).map(|slot| self.parts[slot]);
        self.sum - over.sum::<i64>()
    }

    /// The parts that are over; at most all of them, however long nobody asked.
    fn over(&self, now: u64) -> impl Iterator<Item = usize> + use<> {
        let passed = now.saturating_sub(self.newest).min(PARTS as u64);
        (0..passed).map(move |ago| slot(now - ago))
    }

    fn withdraw(&mut self, now: u64, reserve: i64) -> bool {
        self.advance(now);
        let enough = self.sum.saturating_add(reserve) >= TOKEN;
        if enough {
            self.add(now, -TOKEN);
        }
        enough
    }
}

#[expect(clippy::cast_possible_truncation, reason = "there are few parts")]
const fn slot(number: u64) -> usize {
    (number % PARTS as u64) as usize
}

impl Budget for RatioBudget {
    fn begin<C: Clock + ?Sized>(&self, clock: &C) {
        if self.fund == Fund::Request {
            self.add(self.ratio, clock);
        }
    }

    fn succeeded<C: Clock + ?Sized>(&self, clock: &C) {
        if self.fund == Fund::Success {
            self.add(self.ratio, clock);
        }
    }

    fn withdraw<C: Clock + ?Sized>(&self, _: Expense, clock: &C) -> bool {
        let now = self.number(clock.now());
        self.window.lock().withdraw(now, self.reserve)
    }

    /// Gives back to the newest part: it may stay a little longer than it would have.
    fn refund(&self, _: Expense) {
        let mut window = self.window.lock();
        let newest = window.newest;
        window.add(newest, TOKEN);
    }

    /// Compares what is left with what one full while of successes, 100, and the reserve would give.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "it is for a gauge"
    )]
    fn level<C: Clock + ?Sized>(&self, clock: &C) -> f32 {
        let now = self.number(clock.now());
        let left = self.window.lock().left(now).saturating_add(self.reserve);
        let most = self.reserve.saturating_add(100 * self.ratio).max(1);
        (left as f64 / most as f64).clamp(0.0, 1.0) as f32
    }
}

impl fmt::Debug for RatioBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RatioBudget")
            .field("fund", &self.fund)
            .field("ratio", &self.ratio)
            .field("left", &self.window.lock().sum)
            .finish_non_exhaustive()
    }
}
