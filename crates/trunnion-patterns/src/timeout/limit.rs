//! How long something may take.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use trunnion_core::{Instant, Sleep, Timer};

use crate::Elapsed;

/// Says when the time is over: after a while that counts from the first [`poll`](Self::poll), at a point in time, or at what comes first.
#[derive(Clone, Copy)]
pub struct Limit {
    /// Nanoseconds.
    after: u64,
    until: Instant,
}

/// No clock counts so far: a while that never passes.
const NEVER: u64 = u64::MAX;

impl Limit {
    /// Makes one of a while, a point in time, or both.
    #[must_use]
    #[inline]
    pub fn new(after: Option<Duration>, until: Instant) -> Self {
        let after = after.map_or(NEVER, |after| (Instant::ORIGIN + after).as_nanos());
        Self { after, until }
    }

    const fn allowed(self) -> Option<Duration> {
        match self.after {
            NEVER => None,
            after => Some(Duration::from_nanos(after)),
        }
    }

    /// Makes the sleep and polls it. Where nothing is allowed the clock is not read and no sleep is made.
    fn start<R: Timer>(
        self,
        timer: &R,
        mut place: Pin<&mut Option<R::Sleep>>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let deadline = match self.allowed() {
            Some(Duration::ZERO) => return Poll::Ready(()),
            Some(after) if self.until == Instant::FAR_FUTURE => {
                return timer.start_sleep(after, place, cx);
            }
            Some(after) => self.until.min(timer.now() + after),
            None => self.until,
        };
        place.set(Some(timer.sleep_until(deadline)));
        place
            .as_pin_mut()
            .map_or(Poll::Pending, |sleep| sleep.poll(cx))
    }

    fn elapsed(self, deadline: Option<Instant>) -> Elapsed {
        let by_until = deadline.is_some_and(|deadline| deadline >= self.until);
        let allowed = if by_until { None } else { self.allowed() };
        Elapsed { allowed, deadline }
    }

    /// Waits for the end, making the sleep at the first call.
    pub fn poll<R: Timer>(
        self,
        timer: &R,
        mut sleep: Pin<&mut Option<R::Sleep>>,
        cx: &mut Context<'_>,
    ) -> Poll<Elapsed> {
        if self.after == NEVER && self.until == Instant::FAR_FUTURE {
            return Poll::Pending;
        }
        ready!(match sleep.as_mut().as_pin_mut() {
            Some(sleep) => sleep.poll(cx),
            None => self.start(timer, sleep.as_mut(), cx),
        });
        let deadline = sleep.as_ref().as_pin_ref().map(|sleep| sleep.deadline());
        Poll::Ready(self.elapsed(deadline))
    }
}

impl fmt::Debug for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limit")
            .field("after", &self.allowed())
            .field("until", &self.until)
            .finish()
    }
}
