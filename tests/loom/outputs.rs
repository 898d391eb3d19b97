//! The way from the driver of a map to the body of its pump, from `trunnion-patterns`, compiled from its own files: it uses nothing
//! but core.

#[expect(unreachable_pub, reason = "it is public where it comes from")]
#[path = "../../crates/trunnion-patterns/src/map_concurrent/next.rs"]
mod next;
#[expect(
    clippy::module_inception,
    dead_code,
    unreachable_pub,
    reason = "it is the file's name, and public and used where it comes from"
)]
#[path = "../../crates/trunnion-patterns/src/map_concurrent/outputs.rs"]
mod outputs;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trunnion_core::sync::thread;

use self::outputs::channel;
use crate::harness::model;
use crate::waker::{Signal, poll};

/// Another task takes an output while the driver begins to wait: the driver makes another turn, or is woken.
#[test]
fn a_foreign_reader_races_a_driver_that_begins_to_wait() {
    model(
        "outputs::a_foreign_reader_races_a_driver_that_begins_to_wait",
        || {
            let (feeder, mut outputs) = channel();
            let driver = Signal::new();
            let waker = Waker::from(Arc::clone(&driver));
            let cx = Context::from_waker(&waker);
            feeder.enter();
            feeder.give(&cx, [1].into_iter());
            let reading = thread::spawn(move || {
                let polled = poll(&mut outputs.next(), &Signal::new());
                assert_eq!(polled, Poll::Ready(Some(1)));
                outputs
            });
            let waits = feeder.leave(&cx);
            let outputs = reading.join().unwrap();
            assert!(
                !waits || driver.wakes() == 1,
                "there is room, and it sleeps"
            );
            drop(outputs);
        },
    );
}

/// An output comes while another task begins to wait for it: it gets it, or is woken.
#[test]
fn a_foreign_reader_that_begins_to_wait_races_an_output() {
    model(
        "outputs::a_foreign_reader_that_begins_to_wait_races_an_output",
        || {
            let (feeder, mut outputs) = channel();
            let reader = Signal::new();
            let reading = {
                let reader = Arc::clone(&reader);
                thread::spawn(move || (poll(&mut outputs.next(), &reader), outputs))
            };
            let waker = Waker::from(Signal::new());
            let cx = Context::from_waker(&waker);
            feeder.enter();
            feeder.give(&cx, [1].into_iter());
            feeder.leave(&cx);
            let (polled, mut outputs) = reading.join().unwrap();
            assert!(
                polled.is_ready() || reader.wakes() == 1,
                "it sleeps beside an output"
            );
            assert!(
                polled.is_ready() || poll(&mut outputs.next(), &reader) == Poll::Ready(Some(1))
            );
        },
    );
}
