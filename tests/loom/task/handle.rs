//! The handle against the runner (T2, T4).

use std::sync::Arc;
use std::task::Poll;

use trunnion_core::sync::thread;
use trunnion_core::task::{self, Runner};
use trunnion_core::{TaskHandle, task::Task};

use super::parts::{Ledger, Step, Value, Work, settle, settle_join};
use crate::harness::model;
use crate::payload::Payload;
use crate::waker::{Signal, assert_released, poll};

/// A task whose value is ready at the first poll.
fn ready_task() -> (Arc<Ledger>, Runner, Task<Value>) {
    let ledger = Arc::new(Ledger::default());
    let (runner, task) = task::prepare(Work::new(&ledger, &[Step::Value]));
    (ledger, runner, task)
}

fn run_elsewhere(mut runner: Runner) -> thread::JoinHandle<()> {
    thread::spawn(move || assert!(poll(&mut runner, &Signal::new()).is_ready()))
}

/// M2: the handle is polled with two wakers while the task completes: it has the value, or the last waker is woken.
#[test]
fn m2_two_joins_race_completion() {
    model("task::handle::m2_two_joins_race_completion", || {
        let (ledger, runner, mut task) = ready_task();
        let (old, new) = (Signal::new(), Signal::new());

        let racer = run_elsewhere(runner);
        let mut joined = poll(&mut task, &old);
        if joined.is_pending() {
            joined = poll(&mut task, &new);
        }
        let pending = joined.is_pending();
        racer.join().unwrap();

        assert_eq!(
            new.wakes(),
            usize::from(pending),
            "woken if pending, and only then"
        );
        let joined = settle_join(&mut task, joined, &new);
        assert!(matches!(joined, Poll::Ready(Ok(_))));
        assert_released(&old);
        assert_released(&new);
        drop((joined, task));
        assert_eq!(ledger.futures_dropped.now(), 1);
        assert_eq!(ledger.outputs_dropped.now(), 1);
    });
}

/// M7: the handle leaves while the task completes: the value is dropped once and nobody who left is woken.
#[test]
fn m7_leaving_races_completion() {
    model("task::handle::m7_leaving_races_completion", || {
        let (ledger, runner, mut task) = ready_task();
        let signal = Signal::new();
        assert!(poll(&mut task, &signal).is_pending());
        // Keeps the cell alive: its own drop would hide a value or a waker that nobody took care of.
        let witness = task.abort_handle();

        let racer = run_elsewhere(runner);
        drop(task);
        let wakes = signal.wakes();
        let finished = witness.is_finished();
        racer.join().unwrap();

        assert!(
            finished || signal.wakes() == wakes,
            "woken after it had left"
        );
        assert!(witness.is_finished());
        assert_eq!(ledger.futures_dropped.now(), 1);
        assert_eq!(ledger.outputs_dropped.now(), ledger.outputs_made.now());
        assert_released(&signal);
    });
}

/// M4: a detached task runs to its end, and its value is dropped once.
#[test]
fn m4_detaching_races_completion() {
    model("task::handle::m4_detaching_races_completion", || {
        let ledger = Arc::new(Ledger::default());
        let (mut runner, task) = task::prepare(Work::new(&ledger, &[Step::Wait, Step::Value]));
        let witness = task.abort_handle();
        let signal = Signal::new();
        assert!(poll(&mut runner, &signal).is_pending());

        let racer = run_elsewhere(runner);
        task.detach();
        racer.join().unwrap();

        assert!(witness.is_finished());
        assert_eq!(signal.wakes(), 0, "detaching asks nothing of the runner");
        assert_eq!(ledger.outputs_made.now(), 1, "it ran to its end");
        assert_eq!(ledger.outputs_dropped.now(), 1);
        assert_released(&signal);
    });
}

/// Dropping the handle of a pending task wakes the runner, and the destructor sees what came before the drop.
#[test]
fn leaving_races_a_pending_poll() {
    model("task::handle::leaving_races_a_pending_poll", || {
        let (ledger, payload) = (Arc::new(Ledger::default()), Payload::new());
        let work = Work::new(&ledger, &[Step::Wait]).reading(&payload);
        let (mut runner, task) = task::prepare(work);
        let signal = Signal::new();

        let racer = {
            let signal = Arc::clone(&signal);
            thread::spawn(move || {
                let polled = poll(&mut runner, &signal);
                (runner, polled)
            })
        };
        payload.write();
        drop(task);

        let (mut runner, polled) = racer.join().unwrap();
        assert!(
            settle(&mut runner, polled, &signal),
            "the runner is not told"
        );
        assert_eq!(ledger.futures_dropped.now(), 1);
        drop(runner);
        assert_released(&signal);
    });
}
