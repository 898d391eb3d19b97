//! Items no faster than a rate.

use core::fmt;
use core::num::NonZeroU32;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures_core::Stream;
use pin_project_lite::pin_project;
use trunnion_core::{Instant, Timer, coop};

use crate::ZeroPeriod;
use crate::alarm::Alarm;

/// Delays items so that they come no faster than one `every` so long, but for bursts of at most `burst`.
///
/// In any window of time `t` at most `burst + t / every` items are given. None is lost and their order stays: one item at most waits
/// here, and the stream is not asked for more until it is given. A rate of 50 a second is `Duration::from_secs(1) / 50`.
///
/// ```
/// use std::num::NonZeroU32;
/// use std::time::Duration;
/// use futures::{StreamExt, stream};
/// use trunnion_core::{BlockOn, Clock};
/// use trunnion_patterns::shape;
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// sim.block_on(async {
///     let (start, two) = (rt.now(), NonZeroU32::new(2).unwrap());
///     let calls = shape(&rt, stream::iter(0..4), Duration::from_secs(1), two).unwrap();
///     let at = calls.map(|_| (rt.now() - start).as_secs()).collect::<Vec<_>>().await;
///     assert_eq!(at, [0, 0, 1, 2]);
/// });
/// ```
///
/// # Errors
/// [`ZeroPeriod`] when `every` is zero: that would be no bound.
///
/// # Cancel safety
/// Dropping the stream drops the item that waits here.
///
/// # Cost
/// One clock read for each item, two if it waits, and one allocation for the timer, made when an item has to wait. It keeps the time at which the burst is
/// used up, as the generic cell rate algorithm of ATM does.
pub fn shape<R: Timer, S: Stream>(
    timer: &R,
    stream: S,
    every: Duration,
    burst: NonZeroU32,
) -> Result<Shape<'_, R, S>, ZeroPeriod> {
    if every.is_zero() {
        return Err(ZeroPeriod);
    }
    Ok(Shape {
        stream,
        alarm: Alarm::new(timer),
        every,
        slack: every.as_nanos().saturating_mul(u128::from(burst.get() - 1)),
        full_at: 0,
        held: None,
        ended: false,
    })
}

pin_project! {
    /// Gives items no faster than a rate; made by [`shape`](fn@shape).
    ///
    /// # Cancel safety
    /// Dropping it drops the item that waits here.
    #[must_use = "streams do nothing unless polled"]
    pub struct Shape<'a, R, S>
    where
        R: Timer,
        S: Stream,
    {
        #[pin]
        stream: S,
        alarm: Alarm<'a, R>,
        every: Duration,
        // How far before `full_at` an item may be given; both in nanoseconds, which may lie beyond what an instant can say.
        slack: u128,
        // When a whole burst is allowed again.
        full_at: u128,
        held: Option<(S::Item, Instant)>,
        ended: bool,
    }
}

impl<R: Timer, S: Stream> Stream for Shape<'_, R, S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        if this.held.is_none() {
            ready!(coop::poll_proceed(cx));
            let Some(item) = ready!(this.stream.poll_next(cx)) else {
                *this.ended = true;
                return Poll::Ready(None);
            };
            *this.held = Some((item, this.alarm.now()));
        }
        let at = this.full_at.saturating_sub(*this.slack);
        let at = Instant::from_nanos(u64::try_from(at).unwrap_or(u64::MAX));
        let Some(mut now) = this.held.as_ref().map(|held| held.1) else {
            return Poll::Pending;
        };
        if at > now {
            ready!(this.alarm.poll_until(at, cx));
            now = this.alarm.now();
        }
        let from = u128::from(now.as_nanos()).max(*this.full_at);
        *this.full_at = from.saturating_add(this.every.as_nanos());
        Poll::Ready(this.held.take().map(|held| held.0))
    }
}

impl<R: Timer, S: Stream> fmt::Debug for Shape<'_, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shape")
            .field("every", &self.every)
            .field("slack", &self.slack)
            .field("full_at", &self.full_at)
            .finish_non_exhaustive()
    }
}
