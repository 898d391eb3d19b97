//! Waiting on the virtual clock.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use trunnion_core::panic::contain;
use trunnion_core::sync::Arc;
use trunnion_core::{Instant, Sleep, Timer};

use crate::runtime::SimRuntime;
use crate::state::{LAST, Shared, State};
use crate::trace::Event;

/// Sleeps fire exactly at their deadline.
///
/// # Cost
/// None is allocated for a sleep or a reset beyond the table of timers, which keeps its size.
impl Timer for SimRuntime {
    type Sleep = SimSleep;

    fn sleep_until(&self, deadline: Instant) -> SimSleep {
        SimSleep {
            shared: Arc::clone(&self.shared),
            deadline,
            slot: None,
        }
    }

    fn granularity(&self) -> Duration {
        Duration::ZERO
    }
}

/// Waits until a deadline of the virtual clock; see [`Sleep`].
///
/// The clock sees the deadline from the first poll on. It may be polled in any thread and by any executor. Once the
/// simulator has ended, a sleep whose deadline was not reached stays pending.
///
/// # Cancel safety
/// Dropping it removes the timer; nothing is lost.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{Clock, Timer};
///
/// trunnion_sim::run(|rt| async move {
///     let start = rt.now();
///     rt.sleep(Duration::from_secs(3600)).await;
///     assert_eq!(rt.now() - start, Duration::from_secs(3600));
/// });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct SimSleep {
    shared: Arc<Shared>,
    deadline: Instant,
    // The place in the table of timers, from the first pending poll until the drop.
    slot: Option<usize>,
}

impl SimSleep {
    /// Arms the timer with `waker`; ready if the deadline came in between.
    fn wait(&mut self, waker: &Waker) -> Poll<()> {
        if self
            .slot
            .is_some_and(|slot| self.is_armed_with(slot, waker))
        {
            return Poll::Pending;
        }
        // Foreign code, which must not run under the lock.
        let waker = waker.clone();
        let mut state = self.shared.state.lock();
        if self.is_elapsed() || state.closed {
            drop(state);
            contain(|| drop(waker));
            return self.poll_elapsed();
        }
        let slot = *self.slot.get_or_insert_with(|| state.timers.reserve());
        let before = state.timers.set_waker(slot, waker);
        if !state.timers.is_armed(slot) {
            arm(&mut state, slot, self.deadline);
        }
        drop(state);
        contain(|| drop(before));
        Poll::Pending
    }

    fn poll_elapsed(&self) -> Poll<()> {
        if self.is_elapsed() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn is_armed_with(&self, slot: usize, waker: &Waker) -> bool {
        let timers = &self.shared.state.lock().timers;
        let same = timers.waker(slot).is_some_and(|w| w.will_wake(waker));
        same && timers.is_armed(slot)
    }
}

fn arm(state: &mut State, slot: usize, deadline: Instant) {
    let most = state.faults.late_timers;
    let late = state.delay("timer is late", most);
    let fires = if deadline == Instant::FAR_FUTURE {
        deadline
    } else {
        (deadline + late).min(LAST)
    };
    let number = state.timers.arm(slot, fires.as_nanos());
    state
        .trace
        .add(Event::TimerSet(number, deadline.as_nanos()));
}

fn disarm(state: &mut State, slot: usize) -> Option<Waker> {
    let (number, waker) = state.timers.disarm(slot);
    if let Some(number) = number {
        state.trace.add(Event::TimerGone(number));
    }
    waker
}

impl Future for SimSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_elapsed() {
            return Poll::Ready(());
        }
        self.get_mut().wait(cx.waker())
    }
}

impl Sleep for SimSleep {
    fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.get_mut();
        this.deadline = deadline;
        let Some(slot) = this.slot else { return };
        let mut state = this.shared.state.lock();
        if !state.timers.is_armed(slot) {
            return;
        }
        if !this.is_elapsed() {
            arm(&mut state, slot, deadline);
            return;
        }
        let waker = disarm(&mut state, slot);
        drop(state);
        if let Some(waker) = waker {
            contain(|| waker.wake());
        }
    }

    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn is_elapsed(&self) -> bool {
        // The clock stops before the far future.
        self.shared.now() >= self.deadline
    }
}

impl Drop for SimSleep {
    fn drop(&mut self) {
        let Some(slot) = self.slot else { return };
        let mut state = self.shared.state.lock();
        let waker = disarm(&mut state, slot);
        state.timers.release(slot);
        drop(state);
        contain(|| drop(waker));
    }
}

impl fmt::Debug for SimSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimSleep")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
