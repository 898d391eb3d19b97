//! How a task ends when several things happen at once.

use std::sync::Arc;
use std::task::Poll;

use trunnion_core::sync::thread;
use trunnion_core::{JoinError, TaskHandle, task};

use super::parts::{Ledger, Step, Work};
use crate::harness::model;
use crate::waker::{Signal, assert_released, poll};

/// A value that is ready when the task is aborted is kept.
#[test]
fn a_value_races_an_abort() {
    model("task::ends::a_value_races_an_abort", || {
        let ledger = Arc::new(Ledger::default());
        let (mut runner, mut task) = task::prepare(Work::new(&ledger, &[Step::Wait, Step::Value]));
        let signal = Signal::new();
        assert!(poll(&mut runner, &signal).is_pending());

        let aborter = {
            let handle = task.abort_handle();
            thread::spawn(move || handle.abort())
        };
        assert!(poll(&mut runner, &signal).is_ready());
        let outcome = poll(&mut task, &Signal::new());
        aborter.join().unwrap();

        match outcome {
            Poll::Ready(Ok(_)) => assert_eq!(ledger.outputs_made.now(), 1),
            Poll::Ready(Err(JoinError::Cancelled)) => assert_eq!(ledger.polls.now(), 1),
            _ => panic!("neither value nor cancellation"),
        }
        assert_eq!(ledger.futures_dropped.now(), 1);
    });
}

/// M6: a panic in the future or in its destructor outweighs an abort, and stays in the task.
#[test]
fn m6_a_panic_races_an_abort() {
    model("task::ends::m6_a_panic_races_an_abort", || {
        let ledger = Arc::new(Ledger::default());
        let work = Work::new(&ledger, &[Step::Panic]).with_bad_destructor();
        let (mut runner, mut task) = task::prepare(work);

        let racer = thread::spawn(move || assert!(poll(&mut runner, &Signal::new()).is_ready()));
        task.abort();
        racer.join().unwrap();

        let outcome = poll(&mut task, &Signal::new());
        assert!(matches!(outcome, Poll::Ready(Err(JoinError::Panicked(_)))));
        assert_eq!(ledger.futures_dropped.now(), 1);
    });
}

/// M1: completion, an abort and the leaving handle: everything is dropped once and no waker is kept.
#[test]
fn m1_completion_abort_and_leaving() {
    model("task::ends::m1_completion_abort_and_leaving", || {
        let ledger = Arc::new(Ledger::default());
        let (mut runner, task) = task::prepare(Work::new(&ledger, &[Step::Wait, Step::Value]));
        let signal = Signal::new();
        let witness = task.abort_handle();
        assert!(poll(&mut runner, &signal).is_pending());

        let aborter = {
            let handle = task.abort_handle();
            thread::spawn(move || handle.abort())
        };
        let leaver = thread::spawn(move || drop(task));
        assert!(poll(&mut runner, &signal).is_ready());
        aborter.join().unwrap();
        leaver.join().unwrap();

        assert!(witness.is_finished());
        assert_eq!(ledger.futures_dropped.now(), 1);
        assert_eq!(ledger.outputs_dropped.now(), ledger.outputs_made.now());
        drop((runner, witness));
        assert_released(&signal);
    });
}
