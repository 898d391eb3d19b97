//! The roster of a scope that spawns, from `trunnion-patterns`, compiled from its own file: it uses nothing but core.

#[expect(dead_code, reason = "what names children is not modelled")]
#[path = "../../crates/trunnion-patterns/src/task_scope/roster.rs"]
mod roster;

use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trunnion_core::sync::thread;
use trunnion_core::wait::{WaitQueue, Waiter};

use self::roster::{Book, Outer, Roster, poll_told};
use crate::harness::model;
use crate::payload::Payload;
use crate::waker::{Mark, Signal, assert_released};

type Told<'a, M> = Waiter<&'a WaitQueue<Book<M>>>;

/// Lets a child in.
fn enter<M>(roster: &Roster<M>) -> Option<usize> {
    roster.enter(None, Location::caller()).map(|(slot, _)| slot)
}

fn leave<M>(roster: &Roster<M>, slot: impl Into<Option<usize>>, report: Option<M>) {
    drop(roster.leave(slot.into(), report));
}

/// Polls with `signal` as the waker.
fn poll<M>(told: Pin<&mut Told<'_, M>>, signal: &Arc<Signal>) -> Poll<()> {
    let waker = Waker::from(Arc::clone(signal));
    poll_told(told, &mut Context::from_waker(&waker))
}

/// Somebody spawns from outside while the body, the only one inside, ends: once the scope has been seen to be empty nobody is
/// in it or comes in.
#[test]
fn a_late_spawn_races_the_last_ticket() {
    model("scope::a_late_spawn_races_the_last_ticket", || {
        let roster = Arc::new(Roster::<()>::new(None));
        let over = Mark::new();
        let late = {
            let (roster, over) = (Arc::clone(&roster), over.clone());
            thread::spawn(move || {
                let slot = enter(&roster);
                if let Some(slot) = slot {
                    assert!(!over.is_set(), "a child came into a scope that was over");
                    leave(&roster, slot, None);
                }
            })
        };
        leave(&roster, None, None);
        if roster.take(&mut Vec::new()) == 0 {
            over.set();
        }
        late.join().unwrap();
        assert_eq!(roster.take(&mut Vec::new()), 0, "a ticket is kept");
        assert!(enter(&roster).is_none());
    });
}

/// The scope waits while the last of two children leaves: it sees that and all they did, or it is woken.
#[test]
fn a_join_races_the_last_ticket() {
    model("scope::a_join_races_the_last_ticket", || {
        let roster = Arc::new(Roster::<()>::new(None));
        let (payload, signal) = (Payload::new(), Signal::new());
        let slots = [enter(&roster).unwrap(), enter(&roster).unwrap()];
        leave(&roster, None, None);
        let last = {
            let (roster, payload) = (Arc::clone(&roster), payload.clone());
            thread::spawn(move || {
                payload.write();
                leave(&roster, slots[0], None);
                leave(&roster, slots[1], None);
            })
        };
        let mut told = pin!(roster.waiter());
        let polled = poll(told.as_mut(), &signal);
        if polled.is_ready() {
            payload.read();
            assert_eq!(roster.take(&mut Vec::new()), 0, "ready too early");
        }
        last.join().unwrap();
        assert_eq!(signal.wakes(), usize::from(polled.is_pending()));
        assert!(polled.is_ready() || poll(told.as_mut(), &signal).is_ready());
        payload.read();
        assert_released(&signal);
    });
}

/// Two children report while the scope, whose body goes on, takes and waits: each report is taken once, and none lies there
/// while the scope waits unwoken.
#[test]
fn two_reports_race_the_scope() {
    model("scope::two_reports_race_the_scope", || {
        let roster = Arc::new(Roster::new(None));
        let signal = Signal::new();
        let children = [1_u32, 2].map(|number| {
            let slot = enter(&roster).unwrap();
            let roster = Arc::clone(&roster);
            thread::spawn(move || leave(&roster, slot, Some(number)))
        });
        let (mut told, mut reports) = (pin!(roster.waiter()), Vec::new());
        let mut polled = poll(told.as_mut(), &signal);
        if polled.is_ready() {
            roster.take(&mut reports);
            assert!(!reports.is_empty(), "told of nothing");
            polled = poll(told.as_mut(), &signal);
        }
        for child in children {
            child.join().unwrap();
        }
        let mut rest = Vec::new();
        assert_eq!(roster.take(&mut rest), 1, "the body is in");
        let missed = polled.is_pending() && !rest.is_empty() && signal.wakes() == 0;
        assert!(!missed, "a report lies there and nobody is woken");
        let mut numbers: Vec<_> = reports.into_iter().chain(rest).map(|it| it.1).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2]);
    });
}

/// An inner scope is dropped while its child ends: the scope around it is not over before the child is gone.
#[test]
fn a_dropped_scope_stays_counted_until_its_child_leaves() {
    model(
        "scope::a_dropped_scope_stays_counted_until_its_child_leaves",
        || {
            let around = Arc::new(Roster::<()>::new(None));
            let place = Outer::enter(Arc::<Roster<()>>::clone(&around), None, Location::caller());
            let inner = Arc::new(Roster::<()>::new(place));
            leave(&around, None, None);
            let (payload, slot) = (Payload::new(), enter(&inner).unwrap());
            let child = {
                let (inner, payload) = (Arc::clone(&inner), payload.clone());
                thread::spawn(move || {
                    payload.write();
                    leave(&inner, slot, None);
                })
            };
            drop(inner.abandon());
            leave(&inner, None, None);
            if around.take(&mut Vec::new()) == 0 {
                payload.read();
            }
            child.join().unwrap();
            assert_eq!(around.take(&mut Vec::new()), 0, "a place is kept");
        },
    );
}
