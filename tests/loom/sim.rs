//! The queue of `trunnion-sim`, compiled from its own file: it uses nothing but core.

#[path = "../../crates/trunnion-sim/src/queue.rs"]
#[expect(dead_code, unreachable_pub, reason = "the simulator uses all of it")]
mod queue;

use std::sync::Arc;
use std::task::Waker;

use trunnion_core::sync::thread;

use self::queue::{Cause, Idle, Key, Queue};
use crate::harness::model;
use crate::payload::Payload;
use crate::waker::Count;

const KEY: Key = Key { slot: 0, number: 7 };

/// A wake and then the release of a hold, while the scheduler looks for work and parks: it gets the wake before it is told
/// that time may pass (Q2, Q3).
#[test]
fn a_wake_and_a_release_race_the_parking() {
    model("sim::a_wake_and_a_release_race_the_parking", || {
        let queue = Arc::new(Queue::new());
        queue.hold();
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                Waker::from(Arc::new(queue::Signal::new(Arc::clone(&queue), KEY))).wake();
                queue.release();
            })
        };
        let mut woken = Vec::new();
        loop {
            match queue.idle(&mut woken) {
                Idle::Busy => {}
                Idle::Held => queue.park(),
                Idle::Free => break,
            }
        }
        assert_eq!(woken, [(KEY, Cause::Woken)], "time passes before the wake");
        other.join().unwrap();
    });
}

/// Two wakes of one task while the scheduler takes them: a wake before `accept` is seen by the poll that follows, with what
/// its waker wrote, and one after it is in the inbox again (Q1).
#[test]
fn two_wakes_race_the_scheduler() {
    model("sim::two_wakes_race_the_scheduler", || {
        let queue = Arc::new(Queue::new());
        let signal = Arc::new(queue::Signal::new(Arc::clone(&queue), KEY));
        let (payload, books) = (Payload::new(), Arc::new(Books::default()));
        let other = {
            let (waker, payload) = (Waker::from(Arc::clone(&signal)), payload.clone());
            let books = Arc::clone(&books);
            thread::spawn(move || {
                payload.write();
                let late = books.accepted.now() > 0;
                waker.wake();
                books.woken.add();
                late
            })
        };
        Waker::from(Arc::clone(&signal)).wake();
        if drain(&queue) == 0 {
            // The other wake came first, stands for both, and is not in the inbox yet.
            other.join().unwrap();
            assert_eq!(drain(&queue), 1, "both wakes are lost");
            return;
        }
        signal.accept();
        let both = books.woken.now() > 0;
        books.accepted.add();
        if both {
            payload.read();
        }
        let late = other.join().unwrap();
        match drain(&queue) {
            0 => assert!(!late, "a wake is lost"),
            again => assert!(again == 1 && !both, "a wake is answered twice"),
        }
    });
}

#[derive(Default)]
struct Books {
    accepted: Count,
    woken: Count,
}

/// Counts what is in the inbox, and takes it.
fn drain(queue: &Queue) -> usize {
    let mut woken = Vec::new();
    queue.drain(&mut woken);
    woken.len()
}
