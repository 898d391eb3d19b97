//! The children of a scope of one task, from `trunnion-patterns`, compiled from their own files: they use nothing but core.

#[expect(dead_code, reason = "what names children is not modelled")]
#[path = "../../crates/trunnion-patterns/src/scope/children.rs"]
mod children;
#[expect(dead_code, reason = "what names children is not modelled")]
#[path = "../../crates/trunnion-patterns/src/scope/seats.rs"]
mod seats;

use std::future::Future;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trunnion_core::sync::thread;

use self::children::{Children, Member, Rest, Told, poll_told};
use self::seats::{Card, Ended};
use crate::harness::model;
use crate::payload::Payload;
use crate::waker::{Count, Signal, assert_released};

/// A child that counts its drops and ends at its first poll.
struct Child {
    card: Card,
    drops: Arc<Count>,
}

impl Future for Child {
    type Output = Card;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Card> {
        Poll::Ready(self.card)
    }
}

impl Member for Child {
    fn card(&self) -> Card {
        self.card
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.drops.add();
    }
}

type Crew = Children<Child, Dropped>;

/// A value that counts its drop.
struct Dropped(Arc<Count>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add();
    }
}

/// Spawns a child with a handle; false if the scope is closed.
fn spawn(crew: &Crew, drops: &Arc<Count>) -> Option<Card> {
    let hold = |drops, card| Child { card, drops };
    crew.admit(Arc::clone(drops), Some(Location::caller()), hold)
        .ok()
}

/// Polls the children, and sleeps unless there is more to do; those that were there or were aborted are gone.
fn turn(crew: &Crew, told: Pin<&mut Told<Child, Dropped>>, signal: &Arc<Signal>) -> Turned {
    let waker = Waker::from(Arc::clone(signal));
    let cx = &mut Context::from_waker(&waker);
    let mut turn = crew.take();
    for (number, card) in turn.aborts {
        turn.set.remove(number);
        crew.end(card, Ended::Cancelled);
    }
    while let Poll::Ready(Some(_)) = turn.set.poll_next(cx) {}
    match crew.rest(turn.set, false, false) {
        Rest::Sleeps if poll_told(told, cx).is_pending() => Turned::Asleep,
        Rest::Over => panic!("the body goes on"),
        Rest::More | Rest::Sleeps => Turned::More,
    }
}

#[derive(PartialEq)]
enum Turned {
    Asleep,
    More,
}

/// A child is spawned from outside while the driver goes to sleep, for the first time or again: it is seen, or wakes.
fn a_spawn_races_the_sleep(before: bool) {
    let (crew, signal, drops) = (Crew::new(), Signal::new(), Arc::new(Count::default()));
    let mut told = pin!(crew.waiter());
    if before {
        assert!(turn(&crew, told.as_mut(), &signal) == Turned::Asleep);
        crew.begin();
    }
    let other = {
        let (crew, drops) = (crew.clone(), Arc::clone(&drops));
        thread::spawn(move || assert!(spawn(&crew, &drops).is_some()))
    };
    let mut turned = turn(&crew, told.as_mut(), &signal);
    other.join().unwrap();
    while turned == Turned::More || signal.take() {
        crew.begin();
        turned = turn(&crew, told.as_mut(), &signal);
    }
    assert_eq!(drops.now(), 1, "nobody polls the child");
}

#[test]
fn a_spawn_races_the_first_sleep() {
    model("children::a_spawn_races_the_first_sleep", || {
        a_spawn_races_the_sleep(false);
    });
}

#[test]
fn a_spawn_races_another_sleep() {
    model("children::a_spawn_races_another_sleep", || {
        a_spawn_races_the_sleep(true);
    });
}

/// A child is aborted from outside while the driver goes to sleep: it is dropped all the same.
#[test]
fn an_abort_races_the_sleep() {
    model("children::an_abort_races_the_sleep", || {
        let (crew, signal, drops) = (Crew::new(), Signal::new(), Arc::new(Count::default()));
        let mut told = pin!(crew.waiter());
        let card = spawn(&crew, &drops).unwrap();
        // It is in the set and not polled.
        let set = crew.take().set;
        let other = {
            let crew = crew.clone();
            thread::spawn(move || crew.abort(card))
        };
        let waker = Waker::from(Arc::clone(&signal));
        let cx = &mut Context::from_waker(&waker);
        let rest = crew.rest(set, false, false);
        let asleep = matches!(rest, Rest::Sleeps) && poll_told(told.as_mut(), cx).is_pending();
        other.join().unwrap();
        assert!(!asleep || signal.take(), "the abort wakes nobody");
        let aborts = crew.take().aborts;
        assert!(matches!(aborts[..], [(0, aborted)] if aborted == card));
    });
}

/// A child is spawned from outside while the scope is closed: it is refused, or dropped with the others.
#[test]
fn a_spawn_races_the_close() {
    model("children::a_spawn_races_the_close", || {
        let (crew, drops) = (Crew::new(), Arc::new(Count::default()));
        let other = {
            let (crew, drops) = (crew.clone(), Arc::clone(&drops));
            thread::spawn(move || spawn(&crew, &drops).is_some())
        };
        drop(crew.close());
        let before = drops.now();
        let admitted = other.join().unwrap();
        assert_eq!(before, usize::from(admitted));
        assert_eq!(drops.now(), before, "a child came into a closed scope");
        assert!(spawn(&crew, &drops).is_none());
    });
}

/// A handle waits while its child ends: it sees the end and all that the child wrote, or is woken.
#[test]
fn a_join_races_the_end() {
    model("children::a_join_races_the_end", || {
        let (crew, signal) = (Crew::new(), Signal::new());
        let (drops, values) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let card = spawn(&crew, &drops).unwrap();
        let payload = Payload::new();
        let driver = {
            let (crew, payload, value) =
                (crew.clone(), payload.clone(), Dropped(Arc::clone(&values)));
            thread::spawn(move || {
                payload.write();
                assert!(crew.end(card, Ended::Value(value)).is_none());
            })
        };
        let waker = Waker::from(Arc::clone(&signal));
        let cx = &mut Context::from_waker(&waker);
        let polled = crew.poll_end(card, cx);
        let early = polled.is_ready();
        if early {
            payload.read();
        }
        driver.join().unwrap();
        assert!(early || signal.take(), "nobody wakes the handle");
        let polled = if early {
            polled
        } else {
            crew.poll_end(card, cx)
        };
        assert!(matches!(polled, Poll::Ready(Ended::Value(_))));
        payload.read();
        drop(polled);
        assert_eq!(values.now(), 1);
        assert!(crew.has_ended(card), "the seat is free");
        drop(waker);
        assert_released(&signal);
    });
}

/// A handle aborts and leaves while its child ends: the value is dropped once, the abort finds nobody, and the seat is free for
/// another.
#[test]
fn leaving_races_the_end() {
    model("children::leaving_races_the_end", || {
        let crew = Crew::new();
        let (drops, values) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let card = spawn(&crew, &drops).unwrap();
        let driver = {
            let (crew, value) = (crew.clone(), Dropped(Arc::clone(&values)));
            thread::spawn(move || drop(crew.end(card, Ended::Value(value))))
        };
        crew.abort(card);
        crew.leave(card);
        driver.join().unwrap();
        assert_eq!(values.now(), 1);
        assert!(crew.take().aborts.is_empty(), "an old abort finds somebody");
        let next = spawn(&crew, &drops).unwrap();
        assert_ne!(next, card);
        assert_eq!(crew.seats(), 1, "the seat is not free");
    });
}
