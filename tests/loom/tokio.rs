//! The count of running closures of `trunnion-tokio`, compiled from its own file: it uses nothing but core.

#[path = "../../crates/trunnion-tokio/src/running.rs"]
mod running;

use std::sync::Arc;

use trunnion_core::sync::thread;

use self::running::Running;
use crate::harness::model;
use crate::payload::Payload;
use crate::waker::{Count, Mark};

/// A closure starts and ends, or is refused, while the owner closes and then counts: none starts after the close, and the
/// count has each that started and has not ended, never one that was refused. Another one runs all the time.
#[test]
fn a_start_races_the_close() {
    model("tokio::a_start_races_the_close", || {
        let running = Arc::new(Running::new());
        let (books, payload) = (Arc::new(Books::new()), Payload::new());
        let long = running.start();
        assert!(long.is_some(), "an open count refuses");

        let other = {
            let (running, books, payload) =
                (Arc::clone(&running), Arc::clone(&books), payload.clone());
            thread::spawn(move || run(&running, &books, &payload))
        };
        running.close();
        books.closed.add();
        let ended = books.ended.is_set();
        let count = running.now();
        // The standard library's counter: nothing happens in between.
        let ending = books.ending.now() > 0;
        if count == 1 {
            payload.read();
        }
        let ran = other.join().unwrap();

        // In between it is ending, and either answer is right.
        let least = 1 + usize::from(ran && !ending);
        let most = 1 + usize::from(ran && !ended);
        assert!(
            (least..=most).contains(&count),
            "{count} are said to run, of {least} to {most}"
        );
        assert!(running.start().is_none(), "the close is lost");
        assert_eq!(running.now(), 1, "a refused or ended one is counted");
        drop(long);
        assert_eq!(running.now(), 0);
    });
}

struct Books {
    closed: Count,
    ending: Count,
    ended: Mark,
}

impl Books {
    fn new() -> Self {
        Self {
            closed: Count::default(),
            ending: Count::default(),
            ended: Mark::new(),
        }
    }
}

/// Runs a closure; tells whether it was let in.
fn run(running: &Running, books: &Books, payload: &Payload) -> bool {
    let late = books.closed.now() > 0;
    let Some(started) = running.start() else {
        return false;
    };
    assert!(!late, "a closure starts after the close");
    payload.write();
    books.ending.add();
    drop(started);
    books.ended.set();
    true
}
