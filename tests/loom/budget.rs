//! The budgets of `trunnion-patterns`, compiled from their own files: they use nothing but core.

#[path = "../../crates/trunnion-patterns/src/budget/level.rs"]
mod level;
#[path = "../../crates/trunnion-patterns/src/budget/places.rs"]
mod places;

use std::sync::Arc;

use trunnion_core::sync::atomic::AtomicU64;
use trunnion_core::sync::thread;

use self::level::{Level, Stand, Trickle};
use self::places::Places;
use crate::harness::model;

const CAP: u32 = 10;
/// Nothing trickles in.
const DRY: Trickle = Trickle { rate: 0, cap: CAP };

fn level(tokens: u32) -> Arc<Level> {
    let stand = Stand {
        tokens,
        credited: 0,
    };
    let word = AtomicU64::new(stand.pack());
    Arc::new(Level { word })
}

/// Two withdraw where there is enough for one: one is paid, and what is left is the rest.
#[test]
fn two_withdrawals_race_for_the_last_tokens() {
    model("budget::two_withdrawals_race_for_the_last_tokens", || {
        let level = level(7);
        let other = {
            let level = Arc::clone(&level);
            thread::spawn(move || u32::from(level.withdraw(5, DRY, 0)))
        };
        let mine = u32::from(level.withdraw(5, DRY, 0));
        let other = other.join().unwrap();
        assert_eq!(mine + other, 1, "there was enough for one");
        assert_eq!(level.tokens(), 2);
    });
}

/// A refund races a success where there is room for both: neither is lost.
#[test]
fn a_refund_races_a_success() {
    model("budget::a_refund_races_a_success", || {
        let level = level(6);
        assert!(level.withdraw(5, DRY, 0));
        let success = {
            let level = Arc::clone(&level);
            thread::spawn(move || level.give(1, CAP))
        };
        level.give(5, CAP);
        success.join().unwrap();
        assert_eq!(level.tokens(), 7);
    });
}

/// Two give where there is room for one and a half: it never holds more than its cap.
#[test]
fn two_that_give_stop_at_the_cap() {
    model("budget::two_that_give_stop_at_the_cap", || {
        let level = level(4);
        let other = {
            let level = Arc::clone(&level);
            thread::spawn(move || level.give(4, CAP))
        };
        level.give(4, CAP);
        assert!(level.tokens() <= CAP);
        other.join().unwrap();
        assert!(level.tokens() <= CAP);
    });
}

/// What trickled in pays for one, while another asks for more than there is: then it is gone.
#[test]
fn what_trickled_in_is_credited_once() {
    model("budget::what_trickled_in_is_credited_once", || {
        let (level, trickle) = (level(0), Trickle { rate: 5, cap: CAP });
        let other = {
            let level = Arc::clone(&level);
            thread::spawn(move || level.withdraw(9, trickle, 1_000))
        };
        assert!(level.withdraw(5, trickle, 1_000));
        assert!(!other.join().unwrap(), "there never was so much");
        assert_eq!(level.tokens_at(trickle, 1_000), 0);
        assert!(!level.withdraw(5, trickle, 1_000), "it pays twice");
    });
}

/// gRPC's tokens: two failures take what there is, though it is not enough for both.
#[test]
fn two_failures_lose_all_there_is() {
    model("budget::two_failures_lose_all_there_is", || {
        let level = level(5);
        let failure = {
            let level = Arc::clone(&level);
            thread::spawn(move || level.lose(3))
        };
        level.lose(3);
        failure.join().unwrap();
        assert_eq!(level.tokens(), 0);
    });
}

/// Two retries race for one place.
#[test]
fn two_retries_race_for_one_place() {
    model("budget::two_retries_race_for_one_place", || {
        let places = Arc::new(Places {
            word: AtomicU64::new(0),
        });
        let other = {
            let places = Arc::clone(&places);
            thread::spawn(move || u32::from(places.take(|_| 1)))
        };
        let mine = u32::from(places.take(|_| 1));
        assert_eq!(mine + other.join().unwrap(), 1);
        assert_eq!(places.counts(), (0, 1));
    });
}

/// A call begins and ends while another's retry is over: each half counts its own.
#[test]
fn a_release_races_a_call() {
    model("budget::a_release_races_a_call", || {
        let places = Arc::new(Places {
            word: AtomicU64::new(0),
        });
        places.begin();
        assert!(places.take(|calls| calls));
        let other = {
            let places = Arc::clone(&places);
            thread::spawn(move || {
                places.begin();
                let taken = places.take(|calls| calls);
                if taken {
                    places.release();
                }
                places.end();
                taken
            })
        };
        places.release();
        assert!(other.join().unwrap(), "there were two calls");
        assert_eq!(places.counts(), (1, 0));
    });
}
