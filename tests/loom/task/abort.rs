//! Aborters against the runner (T1, T3).

use std::sync::Arc;
use std::task::Poll;

use trunnion_core::sync::thread;
use trunnion_core::{AbortHandle, JoinError, TaskHandle, task};

use super::parts::{Ledger, Step, Work, settle};
use crate::harness::model;
use crate::payload::Payload;
use crate::waker::{Mark, Signal, assert_released, poll};

/// Asserts that the task was cancelled and its future dropped once, without a value.
#[track_caller]
fn assert_cancelled(ledger: &Ledger, task: &mut task::Task<super::parts::Value>) {
    let outcome = poll(task, &Signal::new());
    assert!(matches!(outcome, Poll::Ready(Err(JoinError::Cancelled))));
    assert_eq!(ledger.futures_dropped.now(), 1);
    assert_eq!(ledger.outputs_made.now(), 0);
}

/// An abort while the runner polls twice, with two wakers, is seen or wakes the last one; nothing is polled after it, and the
/// future's destructor sees what came before it.
#[test]
fn an_abort_races_two_polls() {
    model("task::abort::an_abort_races_two_polls", || {
        let (ledger, payload) = (Arc::new(Ledger::default()), Payload::new());
        let work = Work::new(&ledger, &[Step::Wait]).reading(&payload);
        let (mut runner, mut task) = task::prepare(work);
        let (old, new, aborted) = (Signal::new(), Signal::new(), Mark::new());

        let racer = {
            let (ledger, aborted) = (Arc::clone(&ledger), aborted.clone());
            let (old, new) = (Arc::clone(&old), Arc::clone(&new));
            thread::spawn(move || {
                let too_late = aborted.is_set();
                let mut polled = poll(&mut runner, &old);
                assert!(
                    !too_late || ledger.polls.now() == 0,
                    "polled after an abort"
                );
                if polled.is_pending() {
                    polled = poll(&mut runner, &new);
                }
                (runner, polled)
            })
        };
        payload.write();
        task.abort();
        aborted.set();

        let (mut runner, polled) = racer.join().unwrap();
        assert!(settle(&mut runner, polled, &new), "the abort is lost");
        assert_cancelled(&ledger, &mut task);
        drop((runner, task));
        assert_released(&old);
        assert_released(&new);
    });
}

/// M5: two aborters and a poll with the same waker: one wake, and the task ends.
#[test]
fn m5_two_aborts_wake_once() {
    model("task::abort::m5_two_aborts_wake_once", || {
        let ledger = Arc::new(Ledger::default());
        let (mut runner, mut task) = task::prepare(Work::new(&ledger, &[Step::Wait]));
        let signal = Signal::new();
        assert!(poll(&mut runner, &signal).is_pending());

        let aborters = [
            abort_elsewhere(task.abort_handle()),
            abort_elsewhere(task.abort_handle()),
        ];
        let polled = poll(&mut runner, &signal);
        for aborter in aborters {
            aborter.join().unwrap();
        }

        assert_eq!(signal.wakes(), 1, "the first abort wakes, and only it");
        assert!(settle(&mut runner, polled, &signal));
        assert_cancelled(&ledger, &mut task);
        drop((runner, task));
        assert_released(&signal);
    });
}

fn abort_elsewhere(handle: AbortHandle) -> thread::JoinHandle<()> {
    thread::spawn(move || handle.abort())
}

/// M3: the runner is dropped, as at the end of an executor, while somebody aborts.
#[test]
fn m3_an_abort_races_the_runners_drop() {
    model("task::abort::m3_an_abort_races_the_runners_drop", || {
        let ledger = Arc::new(Ledger::default());
        let (mut runner, mut task) = task::prepare(Work::new(&ledger, &[Step::Wait]));
        let (signal, aborted) = (Signal::new(), Mark::new());
        assert!(poll(&mut runner, &signal).is_pending());

        let racer = {
            let (handle, aborted) = (task.abort_handle(), aborted.clone());
            thread::spawn(move || {
                handle.abort();
                aborted.set();
            })
        };
        let first = aborted.is_set();
        drop(runner);
        let outcome = poll(&mut task, &signal);
        racer.join().unwrap();

        match outcome {
            Poll::Ready(Err(JoinError::Cancelled)) => {}
            Poll::Ready(Err(JoinError::Shutdown)) => assert!(!first, "the abort came first"),
            _ => panic!("no outcome of a dropped runner"),
        }
        assert_eq!(ledger.futures_dropped.now(), 1);
        drop(task);
        assert_released(&signal);
    });
}
