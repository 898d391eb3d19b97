//! The roster of a scope that spawns and the queue of its children, from `trunnion-patterns`, compiled from their own files: they use
//! nothing but core.

#[expect(dead_code, reason = "what names children is not modelled")]
#[path = "../../crates/trunnion-patterns/src/task_scope/members.rs"]
mod members;
#[expect(dead_code, reason = "what names children is not modelled")]
#[path = "../../crates/trunnion-patterns/src/task_scope/roster.rs"]
mod roster;

use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trunnion_core::sync::thread;
use trunnion_core::wait::{WaitQueue, Waiter};
use trunnion_core::{CancelKind, CancelToken};

use self::members::{Member, Members, Stops, Watch, poll_stop};
use self::roster::{Book, Outer, Roster, Seat};
use crate::harness::model;
use crate::payload::Payload;
use crate::waker::{Mark, Signal, assert_released};

type Told<'a, M> = Waiter<&'a WaitQueue<Book<M>>>;

/// Lets a child in.
fn enter<M>(roster: &Roster<M>) -> Option<Seat> {
    let entered = roster.enter(None, Location::caller(), false);
    entered.map(|(slot, _)| Seat::Booked(slot))
}

/// Lets a child in that lies in no slot.
fn count<M>(roster: &Roster<M>) -> Option<Seat> {
    let location = Location::caller();
    roster.count().map(|id| Seat::Counted { id, location })
}

fn leave<M>(roster: &Roster<M>, seat: Seat, report: Option<M>) {
    drop(roster.leave(seat, report));
}

/// A child that waits.
fn child(stops: Stops) -> Member {
    Member {
        id: 0,
        location: Location::caller(),
        stops,
        booked: false,
    }
}

/// Polls with `signal` as the waker.
fn poll<M>(roster: &Roster<M>, told: Pin<&mut Told<'_, M>>, signal: &Arc<Signal>) -> Poll<()> {
    let waker = Waker::from(Arc::clone(signal));
    roster.poll_told(told, &mut Context::from_waker(&waker))
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
                if let Some(seat) = count(&roster) {
                    assert!(!over.is_set(), "a child came into a scope that was over");
                    leave(&roster, seat, None);
                }
            })
        };
        leave(&roster, Seat::Body, None);
        if roster.take(&mut Vec::new()).0 == 0 {
            over.set();
        }
        late.join().unwrap();
        assert_eq!(roster.take(&mut Vec::new()).0, 0, "a ticket is kept");
        assert!(enter(&roster).is_none());
    });
}

/// The scope waits while the last of two children leaves: it sees that and all that both did, or it is woken.
#[test]
fn a_join_races_the_last_ticket() {
    model("scope::a_join_races_the_last_ticket", || {
        let roster = Arc::new(Roster::<()>::new(None));
        let (payloads, signal) = ([Payload::new(), Payload::new()], Signal::new());
        let children = payloads.clone().map(|payload| {
            let (roster, seat) = (Arc::clone(&roster), count(&roster).unwrap());
            thread::spawn(move || {
                payload.write();
                leave(&roster, seat, None);
            })
        });
        leave(&roster, Seat::Body, None);
        let mut told = pin!(roster.waiter());
        let polled = poll(&roster, told.as_mut(), &signal);
        if polled.is_ready() {
            payloads.iter().for_each(Payload::read);
            assert_eq!(roster.take(&mut Vec::new()).0, 0, "ready too early");
        }
        for child in children {
            child.join().unwrap();
        }
        let missed = polled.is_pending() && signal.wakes() == 0;
        assert!(!missed, "nobody is woken");
        assert!(polled.is_ready() || poll(&roster, told.as_mut(), &signal).is_ready());
        payloads.iter().for_each(Payload::read);
        assert_released(&signal);
    });
}

/// A child whose end the joiner is not told of comes in and leaves while the scope counts those who report: it is never one of them.
#[test]
fn a_silent_child_races_the_count() {
    model("scope::a_silent_child_races_the_count", || {
        let roster = Arc::new(Roster::<()>::new(None));
        let silent = {
            let roster = Arc::clone(&roster);
            thread::spawn(move || {
                let entered = roster.enter(None, Location::caller(), true);
                let (slot, _) = entered.unwrap();
                leave(&roster, Seat::Booked(slot), None);
            })
        };
        for _ in 0..2 {
            let (_, heard) = roster.take(&mut Vec::new());
            assert_eq!(heard, 1, "nobody but the body is heard");
        }
        silent.join().unwrap();
        assert_eq!(roster.take(&mut Vec::new()), (1, 1));
    });
}

/// A child is pending for the first time, and polled again, while its scope is cancelled and killed: a plain child is stopped by
/// the first, a graceful one by the second, and neither sleeps on.
#[test]
fn a_kill_races_a_child_that_waits() {
    model("scope::a_kill_races_a_child_that_waits", || {
        let token = CancelToken::new();
        let joint = Arc::new(Members::around(token.clone()));
        let watch = Watch::new(Arc::clone(&joint), &token);
        let killer = thread::spawn(move || {
            token.cancel();
            token.kill(CancelKind::GraceExpired);
        });
        let signals = [Signal::new(), Signal::new()];
        let mut polled = Vec::new();
        for (stops, signal) in [Stops::Cancelled, Stops::Killed].into_iter().zip(&signals) {
            let mut waiter = Box::pin(Waiter::new(Arc::clone(&joint), child(stops)));
            let waker = Waker::from(Arc::clone(signal));
            let mut cx = Context::from_waker(&waker);
            let pending = poll_stop(waiter.as_mut(), &mut cx, |token| stops.has_come(token));
            polled.push((waiter, pending.is_pending()));
        }
        killer.join().unwrap();
        for ((_, pending), signal) in polled.iter().zip(&signals) {
            assert_eq!(signal.wakes(), usize::from(*pending), "it sleeps on");
        }
        drop((polled, watch));
        signals.iter().for_each(assert_released);
    });
}

/// A scope is dropped while somebody kills it: a child that waits is stopped by one of them, though the watch is gone when the other
/// looks for it.
#[test]
fn a_dropped_scope_races_a_kill() {
    model("scope::a_dropped_scope_races_a_kill", || {
        let (token, signal) = (CancelToken::new(), Signal::new());
        let joint = Arc::new(Members::around(token.clone()));
        let watch = Watch::new(Arc::clone(&joint), &token);
        let mut waiter = Box::pin(Waiter::new(joint, child(Stops::Killed)));
        let waker = Waker::from(Arc::clone(&signal));
        let stopped = CancelToken::is_killed;
        let polled = poll_stop(waiter.as_mut(), &mut Context::from_waker(&waker), stopped);
        assert!(polled.is_pending());
        let killer = {
            let token = token.clone();
            thread::spawn(move || token.kill(CancelKind::Shutdown))
        };
        token.kill(CancelKind::ScopeClosed);
        drop(watch);
        killer.join().unwrap();
        assert_eq!(signal.wakes(), 1, "it sleeps on, and nobody knows of it");
        drop((waiter, waker));
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
            let seat = if number == 1 {
                enter(&roster)
            } else {
                count(&roster)
            }
            .unwrap();
            let roster = Arc::clone(&roster);
            thread::spawn(move || leave(&roster, seat, Some(number)))
        });
        let (mut told, mut reports) = (pin!(roster.waiter()), Vec::new());
        let mut polled = poll(&roster, told.as_mut(), &signal);
        if polled.is_ready() {
            roster.take(&mut reports);
            assert!(!reports.is_empty(), "told of nothing");
            polled = poll(&roster, told.as_mut(), &signal);
        }
        for child in children {
            child.join().unwrap();
        }
        let mut rest = Vec::new();
        assert_eq!(roster.take(&mut rest).0, 1, "the body is in");
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
            leave(&around, Seat::Body, None);
            let (payload, seat) = (Payload::new(), count(&inner).unwrap());
            let child = {
                let (inner, payload) = (Arc::clone(&inner), payload.clone());
                thread::spawn(move || {
                    payload.write();
                    leave(&inner, seat, None);
                })
            };
            drop(inner.abandon());
            leave(&inner, Seat::Body, None);
            if around.take(&mut Vec::new()).0 == 0 {
                payload.read();
            }
            child.join().unwrap();
            assert_eq!(around.take(&mut Vec::new()).0, 0, "a place is kept");
        },
    );
}

/// An inner scope that holds its place itself is dropped while its last child leaves: whoever is later gives the place back, once.
#[test]
fn a_place_that_is_handed_over_races_the_last_ticket() {
    model(
        "scope::a_place_that_is_handed_over_races_the_last_ticket",
        || {
            let around = Arc::new(Roster::<()>::new(None));
            let place = Outer::enter(Arc::<Roster<()>>::clone(&around), None, Location::caller());
            let inner = Arc::new(Roster::<()>::new(None));
            leave(&around, Seat::Body, None);
            let (payload, seat) = (Payload::new(), count(&inner).unwrap());
            leave(&inner, Seat::Body, None);
            let child = {
                let (inner, payload) = (Arc::clone(&inner), payload.clone());
                thread::spawn(move || {
                    payload.write();
                    leave(&inner, seat, None);
                })
            };
            drop(inner.abandon());
            drop(inner.keep(place.unwrap()));
            if around.take(&mut Vec::new()).0 == 0 {
                payload.read();
            }
            child.join().unwrap();
            assert_eq!(around.take(&mut Vec::new()).0, 0, "a place is kept");
        },
    );
}
