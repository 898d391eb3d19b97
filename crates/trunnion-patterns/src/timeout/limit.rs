//! How long something may take.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use trunnion_core::{Instant, Sleep, Timer};

use crate::Elapsed;

/// Says when the time is over; a duration counts from the first [`poll`](Self::poll).
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// After so long.
    After(Duration),
    /// Then.
    At(Instant),
}

impl Limit {
    /// Finds the deadline; `None` when nothing is allowed, so that the clock need not be read.
    fn deadline(self, timer: &impl Timer) -> Option<Instant> {
        match self {
            Self::After(Duration::ZERO) => None,
            Self::After(duration) => Some(timer.now() + duration),
            Self::At(deadline) => Some(deadline),
        }
    }

    const fn elapsed(self, deadline: Option<Instant>) -> Elapsed {
        let allowed = match self {
            Self::After(duration) => Some(duration),
            Self::At(_) => None,
        };
        Elapsed { allowed, deadline }
    }

    /// Waits for the end, making the sleep at the first call.
    pub fn poll<R: Timer>(
        self,
        timer: &R,
        mut sleep: Pin<&mut Option<R::Sleep>>,
        cx: &mut Context<'_>,
    ) -> Poll<Elapsed> {
        if matches!(self, Self::At(at) if at == Instant::FAR_FUTURE) {
            // It never comes.
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
