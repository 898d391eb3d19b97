//! How delays grow from one retry to the next, before bounds and jitter.

use core::time::Duration;

use super::power::grow;

const NANOS: u64 = 1_000_000_000;

/// Times are in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    Fixed(u64),
    Linear(u64),
    Exponential { first: u64, num: u16, den: u16 },
    Fibonacci(u64),
    Decorrelated(u64),
    DecorrelatedAws(u64),
    Steps(&'static [Duration]),
}

impl Shape {
    /// Gives the delay before retry `n`; for a decorrelated shape that is where its range begins.
    pub(super) fn raw(self, n: u32) -> u64 {
        match self {
            Self::Linear(first) => first.saturating_mul(u64::from(n) + 1),
            Self::Exponential { first, num, den } => grow(first, num, den, n),
            Self::Fibonacci(first) => first.saturating_mul(fibonacci(n)),
            Self::Fixed(_) | Self::Decorrelated(_) | Self::DecorrelatedAws(_) | Self::Steps(_) => {
                self.given(n)
            }
        }
    }

    /// The delay that the program wrote down, from which the one before retry `n` grows.
    pub(super) fn given(self, n: u32) -> u64 {
        match self {
            Self::Fixed(first)
            | Self::Linear(first)
            | Self::Exponential { first, .. }
            | Self::Fibonacci(first)
            | Self::Decorrelated(first)
            | Self::DecorrelatedAws(first) => first,
            Self::Steps(steps) => step(steps, n),
        }
    }
}

/// The last step is kept.
fn step(steps: &[Duration], n: u32) -> u64 {
    let at = usize::try_from(n).ok().and_then(|n| steps.get(n));
    at.or(steps.last()).copied().map_or(0, saturating_nanos)
}

/// 1, 1, 2, 3, 5: the last that fits in 64 bits is number 92.
fn fibonacci(n: u32) -> u64 {
    if n > 92 {
        return u64::MAX;
    }
    // Of the two last terms only the lower is given, and the sum beyond it may not fit.
    let pair = (0..n).fold((1_u64, 1_u64), |(a, b), _| (b, a.saturating_add(b)));
    pair.0
}

/// What does not fit is 584 years.
pub(super) const fn saturating_nanos(duration: Duration) -> u64 {
    let nanos = duration.as_secs().saturating_mul(NANOS);
    nanos.saturating_add(duration.subsec_nanos() as u64)
}
