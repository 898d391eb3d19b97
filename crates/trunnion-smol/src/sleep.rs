//! Sleeping on async-io's timers.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use trunnion_core::{Clock, Instant, RealClock, Sleep};

/// A hundred years after the origin. Later deadlines are kept out of the reactor's arithmetic and never fall due.
const HORIZON: Instant = Instant::from_nanos(100 * 365 * 24 * 3600 * 1_000_000_000);

/// Waits until a deadline on smol; made by [`Timer::sleep_until`](trunnion_core::Timer::sleep_until).
///
/// It works on any thread and under any executor: async-io's reactor belongs to the process.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{BlockOn, Clock, Timer};
/// use trunnion_smol::SmolGlobal;
///
/// let start = SmolGlobal.now();
/// SmolGlobal.block_on(SmolGlobal.sleep(Duration::from_millis(2)));
/// assert!(SmolGlobal.now() - start >= Duration::from_millis(2));
/// ```
///
/// # Cancel safety
/// Dropping it removes the timer; nothing is woken afterwards.
///
/// # Cost
/// Making one reads no clock and takes no lock. The first poll that is pending registers it with the reactor. No
/// allocation but that of the reactor's own map.
#[must_use = "futures do nothing unless awaited"]
pub struct SmolSleep {
    deadline: Instant,
    // Empty before the first poll and after the sleep was ready.
    timer: Option<smol::Timer>,
}

impl SmolSleep {
    pub(crate) const fn new(deadline: Instant) -> Self {
        Self {
            deadline,
            timer: None,
        }
    }
}

/// Names the deadline on the line of the standard library, which async-io uses.
fn native(deadline: Instant) -> Option<std::time::Instant> {
    RealClock.to_std(deadline.min(HORIZON))
}

fn start(deadline: Instant) -> smol::Timer {
    native(deadline).map_or_else(smol::Timer::never, smol::Timer::at)
}

impl Future for SmolSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        // The native timer compares with the clock before it registers: what is due is ready here, without the reactor.
        let timer = this.timer.get_or_insert_with(|| start(this.deadline));
        if Pin::new(timer).poll(cx).is_pending() || this.deadline > HORIZON {
            return Poll::Pending;
        }
        // A native timer that has fired stays pending for ever; a new one will be ready again.
        this.timer = None;
        Poll::Ready(())
    }
}

impl Sleep for SmolSleep {
    fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.get_mut();
        this.deadline = deadline;
        match (&mut this.timer, native(deadline)) {
            // It moves the registration and keeps the waker, so that an earlier deadline is not slept over.
            (Some(timer), Some(at)) => timer.set_at(at),
            (Some(timer), None) => timer.clear(),
            (None, _) => {}
        }
    }

    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn is_elapsed(&self) -> bool {
        RealClock.now() >= self.deadline
    }
}

impl fmt::Debug for SmolSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmolSleep")
            .field("deadline", &self.deadline)
            .field("registered", &self.timer.is_some())
            .finish()
    }
}
