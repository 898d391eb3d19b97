//! What happens when nothing is runnable: somebody settles, time passes, or the run ends with a report.

use core::time::Duration;
use std::task::Waker;

use trunnion_core::Instant;
use trunnion_core::panic::contain;

use super::{Between, Drive};
use crate::LostWakers;
use crate::explore::FailureKind;
use crate::queue::{Idle, Key};
use crate::report;
use crate::state::{State, wake_all};
use crate::trace::Event;

/// How long an exploration waits in real time for a thread that holds the clock: its wake is told as foreign, which says more than a deadlock.
const GRACE: Duration = Duration::from_millis(500);

impl<'a> Drive<'a> {
    /// Finds something to run: a wake from elsewhere, somebody who settles, or the next deadline.
    pub(super) fn idle(&mut self) -> Between<'a> {
        let idle = self.shared.queue.idle(&mut self.woken);
        let mut state = self.lock();
        if idle == Idle::Busy {
            state.admit(&mut self.woken, None);
            return state;
        }
        if state.is_endless() {
            drop(state);
            self.stop(FailureKind::Endless, report::endless);
        }
        if let Some(waker) = settle_one(&mut state) {
            drop(state);
            contain(|| waker.wake());
            return self.lock();
        }
        if idle == Idle::Held {
            let explored = state.watch.is_some();
            drop(state);
            if !explored {
                self.shared.queue.park();
            } else if !self.shared.queue.park_for(GRACE) {
                self.stop_held(FailureKind::Deadlock, report::deadlock);
            }
            return self.lock();
        }
        let budget = core::mem::take(&mut self.steps) + 1;
        if let Some(lost) = find_lost_waker(&mut state, budget) {
            drop(state);
            self.check_lost_waker(lost);
            return self.lock();
        }
        let jumped = self.shared.jump(&mut state, Event::Jump, &mut self.due);
        drop(state);
        if !jumped {
            self.stop(FailureKind::Deadlock, report::deadlock);
        }
        wake_all(&mut self.due);
        let mut state = self.lock();
        if state.faults.spurious_wakes {
            self.shared.queue.drain(&mut self.woken);
            state.admit(&mut self.woken, None);
            state.wake_one_spuriously();
        }
        state
    }

    /// Lets time pass although something is runnable: what the tasks wait for may need it.
    pub(super) fn pass_time(&mut self) {
        if !self.stall.restart(self.shared.now()) {
            return;
        }
        let idle = self.shared.queue.idle(&mut self.woken);
        let mut state = self.shared.state.lock();
        state.admit(&mut self.woken, None);
        if state.is_endless() {
            drop(state);
            self.stop(FailureKind::Endless, report::endless);
        }
        let held = idle == Idle::Held;
        if held && state.watch.is_none() {
            self.stall.forgive();
        } else if self.stall.is_hopeless() {
            drop(state);
            self.stop(FailureKind::Livelock, report::livelock);
        }
        if let Some(waker) = settle_one(&mut state) {
            drop(state);
            contain(|| waker.wake());
        } else if idle == Idle::Free {
            let jumped = self.shared.jump(&mut state, Event::Spin, &mut self.due);
            drop(state);
            if !jumped && self.stall.is_impatient() {
                self.stop(FailureKind::Livelock, report::livelock);
            }
            wake_all(&mut self.due);
        } else if held && self.stall.is_impatient() {
            drop(state);
            self.stop_held(FailureKind::Livelock, report::livelock);
        }
    }

    /// Reports a lost waker unless it was woken just before it was dropped, on another thread.
    fn check_lost_waker(&mut self, key: Key) {
        self.shared.queue.drain(&mut self.woken);
        let mut state = self.shared.state.lock();
        state.admit(&mut self.woken, None);
        let queued = state.tasks.get(key).is_none_or(|entry| entry.queued);
        drop(state);
        if !queued {
            self.lost_waker(key);
        }
    }

    #[expect(clippy::panic, reason = "a report that ends the run is the purpose")]
    pub(super) fn lost_waker(&self, key: Key) -> ! {
        let mut state = self.shared.state.lock();
        if let Some(entry) = state.tasks.get(key) {
            entry.reported = true;
        }
        state.end_with(FailureKind::LostWaker);
        let text = report::lost_waker(&state, key, self.number, self.shared.now());
        drop(state);
        panic!("{text}")
    }

    /// Ends a run in which time cannot pass because the clock is held.
    fn stop_held(&self, kind: FailureKind, report: fn(&State, u64, Instant) -> String) -> ! {
        if let Some(watch) = &mut self.shared.state.lock().watch {
            watch.held = true;
        }
        self.stop(kind, report)
    }

    #[expect(clippy::panic, reason = "a report that ends the run is the purpose")]
    pub(super) fn stop(&self, kind: FailureKind, report: fn(&State, u64, Instant) -> String) -> ! {
        let mut state = self.shared.state.lock();
        state.end_with(kind);
        let text = report(&state, self.number, self.shared.now());
        drop(state);
        panic!("{text}")
    }
}

/// Takes the oldest of those who wait until nothing is runnable.
fn settle_one(state: &mut State) -> Option<Waker> {
    let (_, waker) = state.settlers.pop_front()?;
    state.trace.add(Event::Settled);
    Some(waker)
}

/// Looks at as many entries as there were steps, so that the search costs no more than the steps did.
fn find_lost_waker(state: &mut State, budget: usize) -> Option<Key> {
    if state.lost == LostWakers::Ignore {
        return None;
    }
    state.tasks.search(budget, |entry| {
        let unawaited = entry.run.as_ref().is_some_and(|run| !run.is_awaited());
        unawaited && entry.kept && !entry.queued && !entry.reported
    })
}
