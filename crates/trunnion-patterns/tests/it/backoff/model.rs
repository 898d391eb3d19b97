//! The same delays, worked out slowly: one step for each retry, in exact arithmetic.

use std::time::Duration;

use trunnion_core::Entropy;
use trunnion_patterns::{Backoff, Jitter};

/// A shape, and the delays that it must give.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Grown {
    Fixed,
    Linear,
    Exponential(u16, u16),
    Fibonacci,
}

impl Grown {
    pub(crate) fn drawn(source: &impl Entropy) -> Self {
        match below(source, 4) {
            0 => Self::Fixed,
            1 => Self::Linear,
            2 => {
                let den = short(below(source, 1_000)) + 1;
                Self::Exponential(den.saturating_add(short(below(source, 3_000))), den)
            }
            _ => Self::Fibonacci,
        }
    }

    pub(crate) fn backoff(self, first: Duration) -> Backoff {
        match self {
            Self::Fixed => Backoff::fixed(first),
            Self::Linear => Backoff::linear(first),
            Self::Exponential(num, den) => Backoff::exponential(first).factor(num, den),
            Self::Fibonacci => Backoff::fibonacci(first),
        }
    }

    /// The raw delays before the first `count` retries in nanoseconds; `None` where exact arithmetic does not reach.
    pub(crate) fn delays(self, first: Duration, count: usize) -> Vec<Option<u64>> {
        let first = nanos(first);
        let mut next = (Some(first), Some(first), 1_u128);
        let mut steps = Vec::with_capacity(count);
        for _ in 0..count {
            let (value, ahead, divisor) = next;
            steps.push(value.map(|value| saturated(value / divisor)));
            next = match self {
                Self::Fixed => next,
                Self::Linear => (sum(value, Some(first)), None, 1),
                Self::Fibonacci => (ahead, sum(value, ahead), 1),
                Self::Exponential(num, den) => {
                    let value = value.and_then(|value| value.checked_mul(num.into()));
                    match divisor.checked_mul(den.into()) {
                        Some(divisor) => (value, None, divisor),
                        None => (None, None, 1),
                    }
                }
            };
        }
        steps
    }
}

/// The range that the documentation promises for a raw delay, in nanoseconds.
pub(crate) fn range(raw: u64, floor: u64, cap: u64, (down, up): (f64, f64)) -> (u64, u64) {
    let share = |of: u64, p: f64| scaled(of, p);
    let raw = u128::from(raw).max(u128::from(floor) + u128::from(share(floor, down)));
    let raw = saturated(raw.min(cap.into()));
    let low = floor.max(raw - share(raw, down));
    let high = u128::from(raw) + u128::from(share(raw, up));
    (low, saturated(high.min(cap.into())))
}

/// A share of a number, by decimal digits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share from 0 to 1"
)]
fn scaled(of: u64, p: f64) -> u64 {
    let billionths = (p * 1e9).round() as u64;
    saturated(u128::from(of) * u128::from(billionths) / 1_000_000_000)
}

pub(crate) fn shares(jitter: Jitter) -> (f64, f64) {
    match jitter {
        Jitter::Full => (1.0, 0.0),
        Jitter::Equal => (0.5, 0.0),
        Jitter::Spread(p) => (p, 0.0),
        Jitter::Symmetric(p) => (p, p),
        _ => (0.0, 0.0),
    }
}

/// A number below `limit`; by remainder, which is good enough to choose cases.
pub(crate) fn below(source: &impl Entropy, limit: u64) -> u64 {
    source.next_u64() % limit
}

/// A duration of any magnitude, now and then zero or the longest.
pub(crate) fn duration(source: &impl Entropy) -> Duration {
    match below(source, 20) {
        0 => Duration::ZERO,
        1 => Duration::MAX,
        2 => Duration::from_secs(source.next_u64()),
        _ => Duration::from_nanos(source.next_u64() >> below(source, 64)),
    }
}

fn sum(a: Option<u128>, b: Option<u128>) -> Option<u128> {
    a?.checked_add(b?)
}

fn short(number: u64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

pub(crate) fn nanos(duration: Duration) -> u128 {
    duration.as_nanos().min(u64::MAX.into())
}

pub(crate) fn saturated(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
