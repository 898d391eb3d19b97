//! Cancellers against each other, against those who come, and against those who go.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trunnion_core::sync::thread;
use trunnion_core::{CancelKind, CancelToken};

use super::parts::{Ledger, cancel, cancel_elsewhere};
use crate::harness::model;
use crate::payload::Payload;
use crate::waker::{Callback, Count, Mark, Signal, assert_released, poll};

/// The root and the middle are cancelled while the leaf gets its first waiter: whoever wins has told the leaf, the waiter is
/// ready or woken, and the root's waiter is not woken before the leaf knows.
#[test]
fn root_and_middle_race_a_registering_leaf() {
    model(
        "token::tree::root_and_middle_race_a_registering_leaf",
        || {
            let root = CancelToken::new();
            let middle = root.child();
            let leaf = middle.child();
            let early = Arc::new(Count::default());
            let waker = {
                let (leaf, early) = (leaf.clone(), Arc::clone(&early));
                Waker::from(Arc::new(Callback(move || {
                    if !leaf.is_cancelled() {
                        early.add();
                    }
                })))
            };
            let mut waiting = Box::pin(root.cancelled_owned());
            let polled = waiting.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());

            let outer = cancel_elsewhere(&root, &leaf);
            let inner = cancel_elsewhere(&middle, &leaf);
            let signal = Signal::new();
            let mut future = Box::pin(leaf.cancelled_owned());
            let polled = poll(&mut future, &signal);
            assert!(outer.join().unwrap(), "nobody else cancels the root");
            inner.join().unwrap();

            assert_eq!(early.now(), 0, "woken before all are told");
            assert_eq!(signal.wakes(), usize::from(polled.is_pending()));
            assert!(poll(&mut future, &signal).is_ready());
            drop(future);
            assert_released(&signal);
        },
    );
}

/// Two cancel and a third waits: one wins, its reason is the reason, and what it wrote before is seen.
#[test]
fn two_cancellers_and_a_registrar() {
    model("token::tree::two_cancellers_and_a_registrar", || {
        let token = CancelToken::new();
        let payloads = [Payload::new(), Payload::new()];
        let mut cancellers = Vec::new();
        for (number, payload) in (0_u16..).zip(&payloads) {
            let (token, payload) = (token.clone(), payload.clone());
            cancellers.push(thread::spawn(move || {
                payload.write();
                token.cancel_with(CancelKind::Custom(number))
            }));
        }
        let signal = Signal::new();
        let mut future = Box::pin(token.cancelled_owned());
        let mut polled = poll(&mut future, &signal);
        if polled.is_pending() && signal.take() {
            polled = poll(&mut future, &signal);
            assert!(polled.is_ready(), "woken for nothing");
        }
        let seen = match polled {
            Poll::Ready(reason) => {
                let CancelKind::Custom(number) = reason.kind() else {
                    unreachable!("nobody gave this reason")
                };
                payloads[usize::from(number)].read();
                Some(number)
            }
            Poll::Pending => None,
        };
        let won: Vec<_> = cancellers
            .into_iter()
            .map(|one| one.join().unwrap())
            .collect();
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "one wins");
        let winner = u16::from(won[1]);
        assert!(
            seen.is_none_or(|seen| seen == winner),
            "the first reason wins"
        );
        assert!(
            token
                .reason()
                .is_some_and(|reason| reason.kind() == CancelKind::Custom(winner))
        );
        assert!(seen.is_some() || signal.wakes() == 1, "a wake is lost");
    });
}

/// The last handle of a child on which somebody has waited goes while a cancellation walks over it: the node is freed once.
#[test]
fn the_last_drop_races_a_walk() {
    model("token::tree::the_last_drop_races_a_walk", || {
        let ledger = Ledger::default();
        let root = CancelToken::new();
        let child = root.child();
        let mut future = Box::pin(child.cancelled_owned());
        assert!(poll(&mut future, &Signal::new()).is_pending());
        drop(future);

        let leaving = thread::spawn(move || drop(child));
        assert!(root.cancel_with(ledger.reason()));
        leaving.join().unwrap();
        drop(root);
        ledger.assert_closed();
    });
}

/// One handle reads the reason and goes while the other one goes: the last of them frees what the first has read, whether it
/// counted down or found itself alone.
#[test]
fn the_last_drop_races_a_reader() {
    model("token::tree::the_last_drop_races_a_reader", || {
        let ledger = Ledger::default();
        let token = CancelToken::new();
        assert!(token.cancel_with(ledger.reason()));
        let reader = {
            let token = token.clone();
            thread::spawn(move || assert!(token.reason().is_some()))
        };
        drop(token);
        reader.join().unwrap();
        ledger.assert_closed();
    });
}

/// A cancellation and a kill come while somebody waits below a shield: only the kill wakes it, and a plain waiter that came later
/// is not hidden behind it.
#[test]
fn a_kill_races_a_shielded_waiter() {
    model("token::tree::a_kill_races_a_shielded_waiter", || {
        let token = CancelToken::new();
        let (shield, below) = (token.shield(), token.shield().child());
        let (held, plain, waits) = (Signal::new(), Signal::new(), Mark::new());
        let mut before = Box::pin(shield.cancelled_owned());
        assert!(poll(&mut before, &held).is_pending());

        let killer = {
            let (token, below) = (token.clone(), below.clone());
            let (plain, waits) = (Arc::clone(&plain), waits.clone());
            thread::spawn(move || {
                let waits = waits.is_set();
                token.cancel();
                assert!(!waits || plain.wakes() == 1, "hidden behind a shield");
                let early = below.is_cancelled();
                token.kill(CancelKind::GraceExpired);
                assert!(!early && below.is_cancelled());
            })
        };
        let mut behind = Box::pin(token.cancelled_owned());
        let polled = poll(&mut behind, &plain);
        if polled.is_pending() {
            waits.set();
        }
        killer.join().unwrap();
        assert_eq!(plain.wakes(), usize::from(polled.is_pending()));
        assert_eq!(held.wakes(), 1, "the kill, and only the kill");
        assert!(poll(&mut before, &held).is_ready());
        assert!(cancel(&token, &below) || below.is_killed());
    });
}
