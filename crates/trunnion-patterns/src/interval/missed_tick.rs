//! What a late tick means for those after it.

use core::time::Duration;

use trunnion_core::Instant;

/// Says when the next tick of an [`Interval`](crate::Interval) is due after one that was taken late.
///
/// With a period of 10, where the tick that was due at 20 is taken at 45:
///
/// | rule | the next ticks are due at | for |
/// |---|---|---|
/// | `Burst` | 30, 40 (both at once), 50, 60 | work that must be done as often as planned |
/// | `Delay` | 55, 65 | work that must not come too close together |
/// | `Skip` | 50, 60 | work that has to stay on the beat |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissedTick {
    /// All that was missed comes at once, until the beat is caught up.
    #[default]
    Burst,
    /// A whole period goes by after a tick that was taken late, by more than the timer's granularity.
    Delay,
    /// What was missed is left out; the next tick is the next on the beat.
    Skip,
}

impl MissedTick {
    /// Finds the tick after the one that was due at `due` and is taken `now`.
    pub(super) fn next(
        self,
        due: Instant,
        now: Instant,
        period: Duration,
        granularity: Duration,
    ) -> Instant {
        let late = now - due;
        match self {
            Self::Delay if late > granularity => now + period,
            Self::Skip if late >= period => due + past(late, period),
            _ => due + period,
        }
    }
}

/// The shortest time of whole periods that is longer than `late`.
fn past(late: Duration, period: Duration) -> Duration {
    let period = period.as_nanos().max(1);
    let nanos = (late.as_nanos() / period + 1).saturating_mul(period);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
