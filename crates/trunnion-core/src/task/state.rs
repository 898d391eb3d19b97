//! The word that says who owns which part of the cell; the invariants T1 to T4 stand in the parent module.

use crate::mutant;
use crate::sync::atomic::{AtomicU8, Ordering};

/// The outcome is published and the future is gone.
const COMPLETE: u8 = 1;
/// Somebody asked the task to stop.
const ABORTED: u8 = 1 << 1;
/// The runner's waker is registered.
const RUNNER_WAKER: u8 = 1 << 2;
/// The handle's waker is registered.
const JOIN_WAKER: u8 = 1 << 3;
/// The handle has left and will not take the outcome.
const JOIN_GONE: u8 = 1 << 4;

pub(super) struct State(AtomicU8);

/// What the runner owes the others once it has published the outcome.
pub(super) struct Completed {
    /// Nobody will take the outcome.
    pub(super) drop_outcome: bool,
    /// The handle's waker is the runner's to take (T4).
    pub(super) take_join_waker: bool,
    /// No aborter reads the runner's waker, so that it can be dropped (T3).
    pub(super) drop_runner_waker: bool,
}

/// What a leaving handle finds.
pub(super) struct Left {
    /// The outcome is the handle's to drop (T2).
    pub(super) drop_outcome: bool,
    /// The runner's waker is to be woken (T3).
    pub(super) wake_runner: bool,
}

impl State {
    pub(super) fn new() -> Self {
        Self(AtomicU8::new(0))
    }

    pub(super) fn is_complete(&self) -> bool {
        let order = mutant!("is-complete-relaxed", Ordering::Acquire, Ordering::Relaxed);
        self.0.load(order) & COMPLETE != 0
    }

    pub(super) fn is_aborted(&self) -> bool {
        let order = mutant!("is-aborted-relaxed", Ordering::Acquire, Ordering::Relaxed);
        self.0.load(order) & ABORTED != 0
    }

    /// Asks the task to stop; true if the caller must wake the runner.
    pub(super) fn abort(&self) -> bool {
        let order = mutant!("abort-unacquired", Ordering::AcqRel, Ordering::Release);
        let order = mutant!("abort-unreleased", order, Ordering::Acquire);
        let before = self.0.fetch_or(ABORTED, order);
        mutant!("abort-wakes-nobody", wakes_runner(before), false)
    }

    /// Called by the runner only.
    pub(super) fn has_runner_waker(&self) -> bool {
        self.0.load(Ordering::Relaxed) & RUNNER_WAKER != 0
    }

    /// Gives the runner its waker back for writing; false if an abort came first.
    pub(super) fn reclaim_runner_waker(&self) -> bool {
        let order = mutant!(
            "reclaim-runner-relaxed",
            Ordering::Acquire,
            Ordering::Relaxed
        );
        let before = self.0.fetch_and(!RUNNER_WAKER, order);
        mutant!("reclaim-runner-unchecked", before & ABORTED == 0, true)
    }

    /// Lets aborters read the runner's waker; false if an abort came first and nobody will wake it.
    pub(super) fn publish_runner_waker(&self) -> bool {
        let order = mutant!(
            "publish-runner-unacquired",
            Ordering::AcqRel,
            Ordering::Release
        );
        let order = mutant!("publish-runner-unreleased", order, Ordering::Acquire);
        let before = self.0.fetch_or(RUNNER_WAKER, order);
        mutant!("publish-runner-unchecked", before & ABORTED == 0, true)
    }

    /// Called by the handle only.
    pub(super) fn has_join_waker(&self) -> bool {
        self.0.load(Ordering::Relaxed) & JOIN_WAKER != 0
    }

    /// Gives the handle its waker back for writing; false if the task completed first.
    pub(super) fn reclaim_join_waker(&self) -> bool {
        let order = mutant!("reclaim-join-relaxed", Ordering::Acquire, Ordering::Relaxed);
        let before = self.0.fetch_and(!JOIN_WAKER, order);
        mutant!("reclaim-join-unchecked", before & COMPLETE == 0, true)
    }

    /// Lets the runner take the handle's waker; false if the task completed first and the waker is still the handle's.
    pub(super) fn publish_join_waker(&self) -> bool {
        let order = mutant!(
            "publish-join-unacquired",
            Ordering::AcqRel,
            Ordering::Release
        );
        let order = mutant!("publish-join-unreleased", order, Ordering::Acquire);
        let before = self.0.fetch_or(JOIN_WAKER, order);
        mutant!("publish-join-unchecked", before & COMPLETE == 0, true)
    }

    /// Publishes the outcome.
    pub(super) fn complete(&self) -> Completed {
        let order = mutant!("complete-unacquired", Ordering::AcqRel, Ordering::Release);
        let order = mutant!("complete-unreleased", order, Ordering::Acquire);
        let before = self.0.fetch_or(COMPLETE, order);
        let readers = mutant!(
            "complete-ignores-abort",
            RUNNER_WAKER | ABORTED,
            RUNNER_WAKER
        );
        let released = mutant!(
            "complete-keeps-waker",
            before & readers == RUNNER_WAKER,
            false
        );
        Completed {
            drop_outcome: mutant!("complete-keeps-outcome", before & JOIN_GONE != 0, false),
            take_join_waker: before & JOIN_WAKER != 0,
            drop_runner_waker: released,
        }
    }

    /// The handle leaves and, with `abort`, asks the task to stop in the same step.
    pub(super) fn leave(&self, abort: bool) -> Left {
        let bits = if abort {
            JOIN_GONE | ABORTED
        } else {
            JOIN_GONE
        };
        let order = mutant!("leave-unacquired", Ordering::AcqRel, Ordering::Release);
        let order = mutant!("leave-unreleased", order, Ordering::Acquire);
        let before = self.0.fetch_or(bits, order);
        let wakes = wakes_runner(before);
        let wakes = mutant!(
            "leave-after-complete-wakes",
            wakes,
            before & RUNNER_WAKER != 0
        );
        Left {
            drop_outcome: mutant!("leave-keeps-outcome", before & COMPLETE != 0, false),
            wake_runner: abort && mutant!("leave-wakes-nobody", wakes, false),
        }
    }
}

/// Only the first aborter of a task that is not complete may read the runner's waker (T3).
fn wakes_runner(before: u8) -> bool {
    let others = mutant!("abort-after-complete-wakes", COMPLETE | ABORTED, ABORTED);
    let others = mutant!("second-abort-wakes", others, COMPLETE);
    before & (others | RUNNER_WAKER) == RUNNER_WAKER
}
