//! The newest item, at a beat.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures_core::Stream;
use pin_project_lite::pin_project;
use trunnion_core::{Instant, Timer, coop};

use crate::ZeroPeriod;
use crate::alarm::Alarm;

/// Gives the newest item at each beat, every `period` after this call, if one has come since the last.
///
/// Items between two beats are dropped but for the last. At the end of the stream the newest is given at once.
///
/// ```
/// use std::num::NonZeroUsize;
/// use std::pin::pin;
/// use std::time::Duration;
/// use futures::StreamExt;
/// use trunnion_core::{BlockOn, Clock, Spawn, Timer};
/// use trunnion_patterns::{flow, sample};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// sim.block_on(async {
///     let (sender, progress) = flow::channel(NonZeroUsize::MIN).build();
///     let clock = rt.clone();
///     rt.spawn_detached(async move {
///         for percent in 0..=90 {
///             sender.send(percent).await.unwrap();
///             clock.sleep(Duration::from_millis(30)).await;
///         }
///     });
///     let shown = sample(&rt, progress, Duration::from_secs(1)).unwrap();
///     assert_eq!(shown.collect::<Vec<_>>().await, [33, 66, 90]);
/// });
/// ```
///
/// # Errors
/// [`ZeroPeriod`] when `period` is zero.
///
/// # Cancel safety
/// Dropping the stream drops the item that was not given yet.
///
/// # Cost
/// One clock read now and one for each beat that has an item; one allocation for the timer, made with the first item.
pub fn sample<R: Timer, S: Stream>(
    timer: &R,
    stream: S,
    period: Duration,
) -> Result<Sample<'_, R, S>, ZeroPeriod> {
    if period.is_zero() {
        return Err(ZeroPeriod);
    }
    let alarm = Alarm::new(timer);
    Ok(Sample {
        stream,
        beat: alarm.now() + period,
        alarm,
        period,
        held: None,
        ended: false,
    })
}

pin_project! {
    /// Gives the newest item at each beat; made by [`sample`](fn@sample).
    ///
    /// # Cancel safety
    /// Dropping it drops the item that was not given yet.
    #[must_use = "streams do nothing unless polled"]
    pub struct Sample<'a, R, S>
    where
        R: Timer,
        S: Stream,
    {
        #[pin]
        stream: S,
        alarm: Alarm<'a, R>,
        period: Duration,
        // The earliest beat at which something may be given.
        beat: Instant,
        held: Option<S::Item>,
        ended: bool,
    }
}

/// Finds the first beat that is not before `now`; the beats are `period` apart, and `beat` is one of them.
fn beat_from(beat: Instant, now: Instant, period: Duration) -> Instant {
    let late = (now - beat).as_nanos();
    let beats = late.div_ceil(period.as_nanos().max(1));
    let nanos = beats.saturating_mul(period.as_nanos());
    beat + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

impl<R: Timer, S: Stream> Stream for Sample<'_, R, S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        // After a while one looks at the clock, however many items come.
        while !self.ended && coop::poll_proceed(cx).is_ready() {
            let this = self.as_mut().project();
            match this.stream.poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    if this.held.replace(item).is_none() {
                        *this.beat = beat_from(*this.beat, this.alarm.now(), *this.period);
                    }
                }
                Poll::Ready(None) => *this.ended = true,
                Poll::Pending => break,
            }
        }
        let this = self.project();
        if *this.ended {
            return Poll::Ready(this.held.take());
        }
        if this.held.is_none() {
            return Poll::Pending;
        }
        ready!(this.alarm.poll_until(*this.beat, cx));
        *this.beat += *this.period;
        Poll::Ready(this.held.take())
    }
}

impl<R: Timer, S: Stream> fmt::Debug for Sample<'_, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sample")
            .field("period", &self.period)
            .field("beat", &self.beat)
            .finish_non_exhaustive()
    }
}
