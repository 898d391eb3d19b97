//! Ticks at a fixed period.

mod missed_tick;

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use trunnion_core::{Instant, Sleep, Timer, coop};

pub use missed_tick::MissedTick;

/// Ticks every `period`, the first time at once.
///
/// The beat counts from this call: a tick that is taken late does not move those after it, unless [`MissedTick`] says so.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{Instant, Timer};
/// use trunnion_patterns::{MissedTick, ZeroPeriod, interval};
///
/// /// Looks three times, a second apart.
/// async fn watch<R: Timer>(rt: &R, mut look: impl FnMut(Instant)) -> Result<(), ZeroPeriod> {
///     let mut beat = interval(rt, Duration::from_secs(1))?.missed_tick(MissedTick::Skip);
///     for _ in 0..3 {
///         look(beat.tick().await);
///     }
///     Ok(())
/// }
/// ```
///
/// # Errors
/// [`ZeroPeriod`] when `period` is zero.
///
/// # Cost
/// One clock read, one sleep of the runtime and one allocation; a tick costs a clock read and a reset.
pub fn interval<R: Timer>(timer: &R, period: Duration) -> Result<Interval<'_, R>, ZeroPeriod> {
    interval_at(timer, timer.now(), period)
}

/// Ticks every `period`, the first time at `start`.
///
/// It is [`interval`](fn@crate::interval) with a beat that counts from `start`, which may be past.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::Timer;
/// use trunnion_patterns::{ZeroPeriod, interval_at};
///
/// /// Waits one period before the first tick, too.
/// async fn later<R: Timer>(rt: &R) -> Result<(), ZeroPeriod> {
///     let period = Duration::from_secs(1);
///     let mut beat = interval_at(rt, rt.now() + period, period)?;
///     beat.tick().await;
///     Ok(())
/// }
/// ```
///
/// # Errors
/// [`ZeroPeriod`] when `period` is zero.
///
/// # Cost
/// One sleep of the runtime and one allocation; a tick costs a clock read and a reset.
pub fn interval_at<R: Timer>(
    timer: &R,
    start: Instant,
    period: Duration,
) -> Result<Interval<'_, R>, ZeroPeriod> {
    if period.is_zero() {
        return Err(ZeroPeriod);
    }
    Ok(Interval {
        timer,
        period,
        missed: MissedTick::default(),
        sleep: Box::pin(timer.sleep_until(start)),
    })
}

/// Ticks at a fixed period; made by [`interval`](fn@crate::interval) and [`interval_at`].
///
/// # Cancel safety
/// Dropping it removes its timer.
#[must_use = "nothing ticks until `tick` is awaited"]
pub struct Interval<'a, R: Timer> {
    timer: &'a R,
    period: Duration,
    missed: MissedTick,
    // Its deadline is the next tick.
    sleep: Pin<Box<R::Sleep>>,
}

impl<R: Timer> Interval<'_, R> {
    /// Says what a late tick means for those after it; [`MissedTick::Burst`] unless this is called.
    pub const fn missed_tick(mut self, rule: MissedTick) -> Self {
        self.missed = rule;
        self
    }

    /// Gives the time between two ticks.
    #[must_use]
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// Waits for the next tick and gives the time at which it was due.
    ///
    /// While more than one is due, every 128th gives way to other tasks.
    ///
    /// # Cancel safety
    /// Dropping the returned future loses nothing: the tick stays due.
    pub const fn tick(&mut self) -> Tick<'_, R> {
        Tick {
            timer: self.timer,
            period: self.period,
            missed: self.missed,
            sleep: &mut self.sleep,
        }
    }
}

/// Waits for one tick of an [`Interval`]; made by [`Interval::tick`].
///
/// # Cancel safety
/// Dropping it loses nothing: the tick stays due.
#[must_use = "futures do nothing unless awaited"]
pub struct Tick<'a, R: Timer> {
    timer: &'a R,
    period: Duration,
    missed: MissedTick,
    sleep: &'a mut Pin<Box<R::Sleep>>,
}

impl<R: Timer> Future for Tick<'_, R> {
    type Output = Instant;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(self.sleep.as_mut().poll(cx));
        let due = self.sleep.deadline();
        let (now, granularity) = (self.timer.now(), self.timer.granularity());
        let next = self.missed.next(due, now, self.period, granularity);
        if next <= now {
            // It may be ready for long: the tick stays due meanwhile.
            ready!(coop::poll_proceed(cx));
        }
        self.sleep.as_mut().reset(next);
        Poll::Ready(due)
    }
}

/// Says that a period is zero: the ticks of an [`interval`](fn@crate::interval) would never end, and a rate would be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZeroPeriod;

impl fmt::Display for ZeroPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the period is zero: it must be at least a nanosecond")
    }
}

impl core::error::Error for ZeroPeriod {}

impl<R: Timer> fmt::Debug for Interval<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interval")
            .field("period", &self.period)
            .field("missed", &self.missed)
            .field("next", &self.sleep.deadline())
            .finish_non_exhaustive()
    }
}

impl<R: Timer> fmt::Debug for Tick<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tick")
            .field("due", &self.sleep.deadline())
            .finish_non_exhaustive()
    }
}
