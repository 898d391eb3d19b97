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

    /// Finds the deadline; `None` when nothing is allowed, so that the clock need not be read.
    fn deadline(self, timer: &impl Timer) -> Option<Instant> {
        match self.allowed() {
            None => Some(self.until),
            Some(Duration::ZERO) => None,
            Some(after) => Some(self.until.min(timer.now() + after)),
        }
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
        if sleep.is_none() {
            let Some(deadline) = self.deadline(timer) else {
                return Poll::Ready(self.elapsed(None));
            };
            sleep.set(Some(timer.sleep_until(deadline)));
        }
        let Some(mut sleep) = sleep.as_pin_mut() else {
            unreachable!("the sleep was made above")
        };
        ready!(sleep.as_mut().poll(cx));
        let deadline = sleep.deadline();
        Poll::Ready(self.elapsed(Some(deadline)))
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
