//! How far a delay may stray from its raw value.

use crate::refusal::Refusal;

/// Says from which range around its raw value a delay is drawn; given to [`Backoff::jitter`](crate::Backoff::jitter).
///
/// A range is cut to the floor and the cap before the delay is drawn from it, uniformly. So both hold for every delay, and
/// neither is drawn more often than any other: clients that failed together do not come back together.
///
/// `p` is a share of the raw value, from 0 to 1, and is kept in billionths.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::ThreadEntropy;
/// use trunnion_patterns::{Backoff, Jitter};
///
/// const POLL: Backoff = Backoff::fixed(Duration::from_secs(10)).jitter(Jitter::Symmetric(0.2));
///
/// let wait = POLL.delays(&ThreadEntropy).next_delay();
/// assert!((Duration::from_secs(8)..=Duration::from_secs(12)).contains(&wait));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Jitter {
    /// The raw value itself: clients that fail together retry together.
    None,
    /// From the floor to the raw value, so that half of it is waited on average; the least work under contention.
    ///
    /// "Full jitter" of the AWS architecture blog ("Exponential backoff and jitter", 2015).
    #[default]
    Full,
    /// From half the raw value to all of it: never almost no delay, for a little more time than [`Full`](Self::Full).
    ///
    /// "Equal jitter" of the same article.
    Equal,
    /// From `raw * (1 - p)` to the raw value: a small `p` keeps close to a timetable.
    Spread(f64),
    /// From `raw * (1 - p)` to `raw * (1 + p)`, so that the mean is the raw value.
    ///
    /// gRPC's jitter (proposal A6, with `p` = 0.2) but that the cap holds here, where gRPC exceeds it by `p`.
    Symmetric(f64),
}

impl Jitter {
    /// Takes the jitter apart; refuses a share that is none.
    #[track_caller]
    pub(super) const fn shares(self) -> Shares {
        let (down, up) = match self {
            Self::None => (0.0, 0.0),
            Self::Full => (1.0, 0.0),
            Self::Equal => (0.5, 0.0),
            Self::Spread(p) => (p, 0.0),
            Self::Symmetric(p) => (p, p),
        };
        Shares {
            down: Share::new(down),
            up: Share::new(up),
        }
    }
}

/// How far below and above its raw value a delay may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shares {
    pub(super) down: Share,
    pub(super) up: Share,
}

const BILLION: u64 = 1_000_000_000;

/// A share in billionths: decimal fractions stay exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Share(u32);

impl Share {
    const WHOLE: f64 = 1e9;

    #[track_caller]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the share was checked to lie from 0 to 1"
    )]
    const fn new(p: f64) -> Self {
        if p.is_nan() {
            Refusal::new("a jitter of NaN is not from 0 to 1").raise();
        }
        if p < 0.0 {
            decimal(Refusal::new("a jitter of -"), -p).raise();
        }
        if p > 1.0 {
            decimal(Refusal::new("a jitter of "), p).raise();
        }
        Self((p * Self::WHOLE + 0.5) as u32)
    }

    /// That share of `nanos`, rounded down.
    pub(super) fn of(self, nanos: u64) -> u64 {
        let share = u64::from(self.0);
        match nanos.checked_mul(share) {
            Some(product) => product / BILLION,
            // In two parts, of which neither overflows: no share is above the whole.
            None => nanos / BILLION * share + nanos % BILLION * share / BILLION,
        }
    }
}

/// Writes a positive number with nine decimals, saturating.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "casts saturate, and the text is for people"
)]
const fn decimal(refusal: Refusal, p: f64) -> Refusal {
    let whole = p as u64;
    let billionths = ((p - whole as f64) * Share::WHOLE) as u64;
    let refusal = refusal.number(whole).text(".").digits(billionths, 9);
    refusal.text(" is not from 0 to 1")
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn a_share_is_rounded_down_once_and_never_overflows() {
        let delays = [
            0,
            1,
            999_999_999,
            1_000_000_000,
            1_999_999_999,
            7_777_777_777,
            u64::MAX - 1,
            u64::MAX,
        ];
        for nanos in delays {
            for share in [0, 1, 333_333_333, 500_000_000, 999_999_999, 1_000_000_000] {
                let exact = u128::from(nanos) * u128::from(share) / 1_000_000_000;
                assert_eq!(u128::from(Share(share).of(nanos)), exact, "{nanos} {share}");
            }
        }
    }
}
