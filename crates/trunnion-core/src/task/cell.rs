//! The allocation that the runner, the handle and the aborters share.
#![expect(
    unsafe_code,
    reason = "one of the files that ARCHITECTURE.md allows it in"
)]

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::state::State;
use crate::mutant;
use crate::panic::{catch, contain};
use crate::simulation::lost_panic;
use crate::sync::UnsafeCell;
use crate::{JoinError, TaskId};

type Outcome<T> = Result<T, JoinError>;

enum Stage<F: Future> {
    Running(F),
    Done(Outcome<F::Output>),
    Taken,
}

/// A slot for one waker whose owner is told by the state.
type WakerSlot = UnsafeCell<Option<Waker>>;

pub(super) struct Cell<F: Future> {
    state: State,
    id: TaskId,
    runner_waker: WakerSlot,
    join_waker: WakerSlot,
    stage: UnsafeCell<Stage<F>>,
}

// SAFETY: T1 to T4 give each part one owner at a time. A future or output that must stay on its thread is reached only by
// a `Runner` and a `LocalTask`, which then stay there too; whoever holds the cell after both have left finds it `Taken`.
unsafe impl<F: Future> Send for Cell<F> {}
// SAFETY: as above.
unsafe impl<F: Future> Sync for Cell<F> {}

/// What the runner does with the cell, whatever the future's type.
pub(super) trait Run: Send + Sync {
    /// Polls the future once and publishes its outcome if there is one.
    ///
    /// An abort wakes the waker of the last pending poll's `cx`.
    ///
    /// # Safety
    /// Only the runner calls it, from one thread at a time, and not after it returned `Ready` or after `close`.
    unsafe fn run(&self, cx: &mut Context<'_>) -> Poll<()>;

    /// Ends a task whose runner is dropped.
    ///
    /// # Safety
    /// As for `run`.
    unsafe fn close(&self);
}

/// What the handle does with the cell, whatever the future's type.
pub(super) trait Join<T>: Send + Sync {
    fn poll_join(&self, cx: &mut Context<'_>) -> Poll<Outcome<T>>;
    fn abort(&self);
    fn is_finished(&self) -> bool;
    fn id(&self) -> TaskId;
    /// The handle leaves and lets the task run. Called at most once, and nothing but `abort` after it.
    fn detach(&self);
    /// The handle leaves and asks the task to stop.
    fn cancel(&self);
}

impl<F: Future> Cell<F> {
    pub(super) fn new(future: F) -> Self {
        Self {
            state: State::new(),
            id: TaskId::unique(),
            runner_waker: UnsafeCell::new(None),
            join_waker: UnsafeCell::new(None),
            stage: UnsafeCell::new(Stage::Running(future)),
        }
    }

    fn run_once(&self, cx: &mut Context<'_>) -> Poll<()> {
        if mutant!("run-unchecked", self.state.is_aborted(), false) {
            return self.give_up();
        }
        let poll = mutant!(
            "panic-uncaught",
            catch(|| self.poll_future(cx)),
            Ok(self.poll_future(cx))
        );
        match poll {
            Ok(Poll::Pending) => return self.park(cx.waker()),
            Ok(Poll::Ready(value)) => self.finish(mutant!("abort-outweighs-value", Ok(value), {
                let kept = if self.state.is_aborted() {
                    None
                } else {
                    Some(value)
                };
                kept.ok_or(JoinError::Cancelled)
            })),
            Err(payload) => self.finish(Err(JoinError::Panicked(payload))),
        }
        Poll::Ready(())
    }

    fn poll_future(&self, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.stage.with_mut(|stage| {
            // SAFETY: T1: the runner is here and has not completed, so that nobody else touches the stage.
            let Stage::Running(future) = (unsafe { &mut *stage }) else {
                unreachable!("the runner is polled only while the future is there")
            };
            // SAFETY: the stage lies in an `Arc`, is not moved, and is overwritten in place when the future is done.
            unsafe { Pin::new_unchecked(future) }.poll(cx)
        })
    }

    /// Registers the waker that aborters wake.
    fn park(&self, waker: &Waker) -> Poll<()> {
        if self.state.has_runner_waker() {
            if mutant!("runner-waker-kept", self.runner_wakes(waker), true) {
                return Poll::Pending;
            }
            if !self.state.reclaim_runner_waker() {
                return self.give_up();
            }
        }
        let waker = mutant!("runner-published-early", waker, {
            self.state.publish_runner_waker();
            waker
        });
        // SAFETY: T3: `RUNNER_WAKER` is clear.
        let old = self
            .runner_waker
            .with_mut(|slot| unsafe { replace_waker(&mut *slot, waker) });
        contain(|| drop(old));
        if self.state.publish_runner_waker() {
            Poll::Pending
        } else {
            self.give_up()
        }
    }

    fn give_up(&self) -> Poll<()> {
        self.finish(Err(JoinError::Cancelled));
        Poll::Ready(())
    }

    fn runner_wakes(&self, waker: &Waker) -> bool {
        // SAFETY: T3: the runner may always read its waker, for only it writes.
        self.runner_waker
            .with(|slot| unsafe { (*slot).as_ref() }.is_some_and(|w| w.will_wake(waker)))
    }

    /// Drops the future, publishes the outcome and wakes the handle.
    fn finish(&self, outcome: Outcome<F::Output>) {
        let outcome = mutant!("complete-before-outcome", self.drop_future(outcome), {
            self.state.complete();
            self.drop_future(outcome)
        });
        self.store(outcome);
        let completed = mutant!("wake-before-complete", self.state.complete(), {
            self.wake_handle();
            self.state.complete()
        });
        if completed.drop_outcome {
            self.drop_outcome();
        }
        if completed.take_join_waker {
            self.wake_handle();
        }
        if completed.drop_runner_waker {
            // SAFETY: T3: no aborter came before `COMPLETE`, and none reads after it.
            let waker = self.runner_waker.with_mut(|slot| unsafe { (*slot).take() });
            contain(|| drop(waker));
        }
    }

    fn wake_handle(&self) {
        // SAFETY: T4: `COMPLETE` was set while `JOIN_WAKER` was.
        let waker = self.join_waker.with_mut(|slot| unsafe { (*slot).take() });
        if let Some(waker) = waker {
            contain(|| waker.wake());
        }
    }

    /// A destructor that panics outweighs a value or a cancellation, not an earlier panic.
    fn drop_future(&self, outcome: Outcome<F::Output>) -> Outcome<F::Output> {
        let destroy = || {
            self.stage.with_mut(|stage| {
                // SAFETY: T1: the runner owns the future. The assignment drops it in place.
                unsafe { *stage = Stage::Taken };
            });
        };
        let destroyed = mutant!("destructor-uncaught", catch(destroy), Ok(()));
        match (destroyed, outcome) {
            (Ok(()), outcome) => outcome,
            (Err(second), Err(JoinError::Panicked(first))) => {
                contain(|| drop(second));
                Err(JoinError::Panicked(first))
            }
            (Err(payload), outcome) => {
                contain(|| drop(outcome));
                Err(JoinError::Panicked(payload))
            }
        }
    }

    fn store(&self, outcome: Outcome<F::Output>) {
        self.stage.with_mut(|stage| {
            // SAFETY: T2: the runner owns the outcome. The future is gone: there is nothing to drop.
            unsafe { stage.write(Stage::Done(outcome)) };
        });
    }

    fn take_outcome(&self) -> Option<Outcome<F::Output>> {
        self.stage.with_mut(|stage| {
            // SAFETY: T2: the caller owns the outcome; the future is gone, so that nothing pinned moves.
            if !matches!(unsafe { &*stage }, Stage::Done(_)) {
                return None;
            }
            // SAFETY: as above.
            let stage = unsafe {
                mutant!(
                    "outcome-copied",
                    core::mem::replace(&mut *stage, Stage::Taken),
                    core::ptr::read(stage)
                )
            };
            match stage {
                Stage::Done(outcome) => Some(outcome),
                Stage::Running(_) | Stage::Taken => None,
            }
        })
    }

    fn drop_outcome(&self) {
        if let Some(outcome) = self.take_outcome() {
            if let Err(JoinError::Panicked(payload)) = &outcome {
                lost_panic(payload);
            }
            contain(|| drop(outcome));
        }
    }

    fn wake_runner(&self) {
        self.runner_waker.with(|slot| {
            // SAFETY: T3: the state told this aborter that it may read.
            if let Some(waker) = unsafe { (*slot).as_ref() } {
                contain(|| waker.wake_by_ref());
            }
        });
    }

    fn leave(&self, abort: bool) {
        // A task that is complete has taken the waker, or will, and nobody else asks for the outcome.
        if self.state.is_complete() {
            return self.drop_outcome();
        }
        let waits = self.state.has_join_waker();
        if mutant!("leave-keeps-waker", waits, false) && self.state.reclaim_join_waker() {
            self.drop_join_waker();
        }
        let left = self.state.leave(abort);
        if left.wake_runner {
            self.wake_runner();
        }
        if left.drop_outcome {
            self.drop_outcome();
        }
    }

    fn drop_join_waker(&self) {
        // SAFETY: T4: the handle calls it, and the runner found or will find `JOIN_WAKER` clear.
        let waker = self.join_waker.with_mut(|slot| unsafe { (*slot).take() });
        contain(|| drop(waker));
    }

    fn joined(&self) -> Poll<Outcome<F::Output>> {
        let outcome = self.take_outcome();
        Poll::Ready(outcome.expect("the task's handle was polled after it gave its result"))
    }
}

impl<F: Future> Run for Cell<F> {
    unsafe fn run(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.run_once(cx)
    }

    unsafe fn close(&self) {
        let aborted = mutant!("close-ignores-abort", self.state.is_aborted(), false);
        self.finish(Err(if aborted {
            JoinError::Cancelled
        } else {
            JoinError::Shutdown
        }));
    }
}

impl<F: Future> Join<F::Output> for Cell<F> {
    fn poll_join(&self, cx: &mut Context<'_>) -> Poll<Outcome<F::Output>> {
        if self.state.is_complete() {
            return self.joined();
        }
        if self.state.has_join_waker() && !self.state.reclaim_join_waker() {
            return self.joined();
        }
        let waker = mutant!("join-published-early", cx.waker(), {
            self.state.publish_join_waker();
            cx.waker()
        });
        // SAFETY: T4: `JOIN_WAKER` is clear.
        let old = self
            .join_waker
            .with_mut(|slot| unsafe { replace_waker(&mut *slot, waker) });
        contain(|| drop(old));
        if self.state.publish_join_waker() {
            return Poll::Pending;
        }
        self.drop_join_waker();
        self.joined()
    }

    fn abort(&self) {
        if self.state.abort() {
            self.wake_runner();
        }
    }

    fn is_finished(&self) -> bool {
        self.state.is_complete()
    }

    fn id(&self) -> TaskId {
        self.id
    }

    fn detach(&self) {
        self.leave(mutant!("detach-aborts", false, true));
    }

    fn cancel(&self) {
        self.leave(true);
    }
}

/// Puts `waker` into the slot unless the one there wakes the same task; gives what is to be dropped.
fn replace_waker(slot: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    let same = slot.as_ref().is_some_and(|old| old.will_wake(waker));
    if mutant!("stale-waker", same, slot.is_some()) {
        None
    } else {
        slot.replace(waker.clone())
    }
}
