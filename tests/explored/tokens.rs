//! Cancellation: trees of tokens, and who waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use trunnion_core::{CancelKind, CancelToken, Clock, Spawn, TaskHandle};

use crate::harness::{LATE, Space, WAKES, explore};
use crate::parts::{Census, Log, MOMENT, after, pass};

#[test]
fn a_cancellation_reaches_all_who_wait_below() {
    explore(Space::All, WAKES, |rt| async move {
        let token = CancelToken::new();
        let below = token.child();
        let waits = [token.clone(), below.child(), below.clone()]
            .map(|token| rt.spawn(async move { token.cancelled_owned().await.kind() }));
        pass(1).await;
        assert!(token.cancel_with(CancelKind::Shutdown));
        for wait in waits {
            assert_eq!(wait.await.unwrap(), CancelKind::Shutdown);
        }
        assert!(below.child().is_cancelled());
    });
}

#[test]
fn of_two_cancellations_one_wins_and_its_reason_stays() {
    explore(Space::All, WAKES, |rt| async move {
        let token = CancelToken::new();
        let tries = [CancelKind::Custom(1), CancelKind::Custom(2)].map(|kind| {
            let token = token.clone();
            rt.spawn(async move { token.cancel_with(kind).then_some(kind) })
        });
        let waits = {
            let token = token.child();
            rt.spawn(async move { token.cancelled().await.kind() })
        };
        let mut won = Vec::new();
        for attempt in tries {
            won.extend(attempt.await.unwrap());
        }
        assert_eq!(won, [waits.await.unwrap()]);
        assert_eq!(token.reason().unwrap().kind(), won[0]);
    });
}

#[test]
fn any_of_hears_each_parent_and_leaves_nothing_in_them() {
    explore(Space::All, WAKES, |rt| async move {
        let (one, two) = (CancelToken::new(), CancelToken::new());
        let either = CancelToken::any_of([&one, &two]);
        drop(CancelToken::any_of([&one, &two]));
        let waits = {
            let either = either.child();
            rt.spawn(async move { either.cancelled().await.kind() })
        };
        let cancels = [(one, 1), (two, 2)].map(|(token, number)| {
            rt.spawn(async move { token.cancel_with(CancelKind::Custom(number)) })
        });
        let kind = waits.await.unwrap();
        for cancel in cancels {
            assert!(
                cancel.await.unwrap(),
                "the parents do not cancel each other"
            );
        }
        assert_eq!(either.reason().unwrap().kind(), kind);
    });
}

#[test]
fn a_shield_hears_a_kill_alone() {
    explore(Space::All, WAKES, |rt| async move {
        let token = CancelToken::new();
        let log = Log::default();
        let (plain, shield) = (token.clone(), token.shield());
        let waits = [("plain", plain), ("shield", shield)].map(|(name, token)| {
            let log = log.clone();
            rt.spawn(async move {
                token.cancelled().await;
                log.add(name);
            })
        });
        let kills = rt.spawn({
            let (token, log) = (token.clone(), log.clone());
            async move {
                token.cancel();
                pass(2).await;
                assert!(!log.take().contains(&"shield"));
                token.kill(CancelKind::GraceExpired);
            }
        });
        kills.await.unwrap();
        for wait in waits {
            wait.await.unwrap();
        }
        assert!(log.take().contains(&"shield"));
    });
}

#[test]
fn a_callback_runs_once_or_is_taken_back() {
    explore(Space::All, WAKES, |rt| async move {
        let (token, ran) = (CancelToken::new(), Arc::new(AtomicUsize::new(0)));
        let registers = |token: CancelToken, steps| {
            let ran = Arc::clone(&ran);
            rt.spawn(async move {
                let registration = token.on_cancel(move |_| {
                    ran.fetch_add(1, Relaxed);
                });
                pass(steps).await;
                usize::from(registration.unregister())
            })
        };
        let registrations = [registers(token.child(), 1), registers(token.clone(), 0)];
        let cancels = rt.spawn(async move { token.cancel() });
        let mut back = 0;
        for registration in registrations {
            back += registration.await.unwrap();
        }
        assert!(cancels.await.unwrap());
        assert_eq!(back + ran.load(Relaxed), 2);
    });
}

#[test]
fn what_is_ready_is_not_lost_to_a_cancellation() {
    explore(Space::All, WAKES, |rt| async move {
        let (token, census) = (CancelToken::new(), Census::default());
        let given = Arc::new(AtomicUsize::new(0));
        let works = {
            let (token, member, given) = (token.clone(), census.join(), Arc::clone(&given));
            rt.spawn(async move {
                let work = async move {
                    let _member = member;
                    pass(2).await;
                    given.fetch_add(1, Relaxed);
                };
                token.run_until_cancelled(work).await.is_ok()
            })
        };
        pass(1).await;
        token.cancel();
        let ended = works.await.unwrap();
        assert_eq!(
            (usize::from(ended), census.alive()),
            (given.load(Relaxed), 0)
        );
    });
}

#[test]
fn a_waiter_that_is_dropped_takes_no_wake_with_it() {
    explore(Space::All, WAKES, |rt| async move {
        let token = CancelToken::new().child();
        let waits = [(); 3].map(|()| {
            let token = token.clone();
            rt.spawn(async move { drop(token.cancelled().await) })
        });
        let cancels = {
            let token = token.clone();
            rt.spawn(async move { token.cancel() })
        };
        let [a, b, c] = waits;
        drop(b.cancel().await);
        a.await.unwrap();
        c.await.unwrap();
        assert!(cancels.await.unwrap());
    });
}

#[test]
fn child_until_keeps_the_earlier_deadline_and_a_guard_cancels_once() {
    explore(Space::All, LATE, |rt| async move {
        let outer = CancelToken::new().child_until(rt.now() + 2 * MOMENT);
        let inner = outer.child_until(rt.now() + 5 * MOMENT);
        assert_eq!(inner.deadline(), outer.deadline());
        let guards = {
            let (guard, nap) = (outer.guard(), after(&rt, 1, ()));
            rt.spawn(async move {
                nap.await;
                drop(guard);
            })
        };
        let waits = rt.spawn(async move { inner.cancelled().await.kind() });
        assert_eq!(waits.await.unwrap(), CancelKind::GuardDropped);
        guards.await.unwrap();
        assert!(!outer.cancel());
    });
}
