//! Scopes that are dropped, and scopes inside scopes.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use trunnion_core::sync::Mutex;
use trunnion_core::{CancelKind, Spawn, YieldNow};
use trunnion_patterns::{Discard, TaskScope, Why, bracket};

use super::{Fault, Member, begin, endless, everywhere, until_alive};

#[test]
fn a_dropped_scope_kills_all_waits_for_none_and_tells_how_many_are_left() {
    everywhere(|rt| async move {
        let (alive, told) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(None)));
        let orphans = Arc::clone(&told);
        let mut scope = Box::pin(
            TaskScope::builder(&rt)
                .on_orphan(move |count| *orphans.lock() = Some(count))
                .run(async |s| {
                    let graceful = endless::<()>(Member::of(&alive));
                    drop(s.spawn(endless(Member::of(&alive))));
                    drop(s.spawn_graceful(|_| graceful));
                    endless(Member::of(&alive)).await
                }),
        );
        begin(&mut scope).await;
        drop(scope);
        assert_eq!(*told.lock(), Some(2));
        until_alive(&rt, &alive, 0).await;
    });
}

#[test]
fn an_inner_cancellation_stays_inside_and_an_outer_one_reaches_in() {
    everywhere(|rt| async move {
        let seen = Arc::new(Mutex::new(None));
        let scope = TaskScope::builder(&rt).joiner(Discard::<Fault>::new());
        let done = scope.run(async |outer: TaskScope<_, (), Fault>| {
            let inner = outer.child_scope().run(async |s: TaskScope<_, (), Fault>| {
                s.token().cancel();
                pending().await
            });
            assert!(inner.await.is_err());
            assert!(!outer.token().is_cancelled());
            // It is in a child that may outlive the cancellation, to see what the inner scope says.
            let (inner, told) = (outer.child_scope(), Arc::clone(&seen));
            drop(outer.spawn_graceful(|_| async move {
                let cancelled = inner.run(async |s: TaskScope<_, (), Fault>| {
                    drop(s.spawn_graceful(|token| async move {
                        let reason = token.cancelled().await;
                        assert_eq!(reason.kind(), CancelKind::Satisfied);
                        assert!(!token.shield().is_cancelled(), "only a kill is seen there");
                        Ok(())
                    }));
                    pending().await
                });
                *told.lock() = cancelled.await.err().map(|error| error.why);
                Ok(())
            }));
            rt.yield_now().await;
            outer.token().cancel_with(CancelKind::Satisfied);
            Ok(())
        });
        assert!(done.await.is_ok());
        let seen = seen.lock().take();
        assert!(
            matches!(&seen, Some(Why::Cancelled(reason)) if reason.kind() == CancelKind::Satisfied),
            "{seen:?}"
        );
    });
}

#[test]
fn a_kill_of_the_outer_scope_reaches_what_is_shielded_in_the_inner_one() {
    everywhere(|rt| async move {
        let mut inside = None;
        let scope = TaskScope::builder(&rt).joiner(Discard::<Fault>::new());
        let done = scope.run(async |outer: TaskScope<_, (), Fault>| {
            let inner = outer.child_scope();
            // In a task of its own, so that nothing but the token reaches it.
            inside = Some(rt.spawn(async move {
                let inner = inner.run(async |s: TaskScope<_, (), Fault>| {
                    drop(s.spawn_graceful(|_| pending()));
                    pending().await
                });
                inner.await.map_err(|error| error.why)
            }));
            rt.yield_now().await;
            outer.token().kill(CancelKind::Shutdown);
            Ok(())
        });
        assert!(done.await.is_ok());
        let inside = inside.expect("the body ran").await.expect("it ends");
        assert!(
            matches!(&inside, Err(Why::Cancelled(reason)) if reason.kind() == CancelKind::Shutdown),
            "{inside:?}"
        );
    });
}

/// A caller that leaves at any moment has released what it acquired, and the scope has waited for that.
#[test]
fn a_release_is_counted_in_its_scope_wherever_its_caller_is_stopped() {
    everywhere(|rt| async move {
        let (acquired, released) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let scope = TaskScope::builder(&rt).joiner(Discard::<Fault>::new());
        let done = scope.run(async |s: TaskScope<_, (), Fault>| {
            for turns in 0..6 {
                let (s, rt) = (s.clone(), rt.clone());
                let (acquired, released) = (Arc::clone(&acquired), Arc::clone(&released));
                drop(s.clone().spawn(async move {
                    let later = rt.clone();
                    let acquire = async {
                        rt.yield_now().await;
                        acquired.fetch_add(1, SeqCst);
                        Ok::<_, Fault>(released)
                    };
                    let used = async |_: &mut Arc<AtomicUsize>| {
                        for _ in 0..turns {
                            rt.yield_now().await;
                        }
                        Ok(())
                    };
                    let release = async move |released: Arc<AtomicUsize>| {
                        later.yield_now().await;
                        released.fetch_add(1, SeqCst);
                        Ok(())
                    };
                    let done = bracket(&s, acquire, used, release).await;
                    done.map_err(|_| "it fails")
                }));
            }
            for _ in 0..3 {
                rt.yield_now().await;
            }
            s.token().kill(CancelKind::Requested);
            Ok(())
        });
        let _ = done.await;
        assert_eq!(acquired.load(SeqCst), released.load(SeqCst));
    });
}

#[test]
fn a_release_outlives_a_caller_that_is_dropped_outside_of_scopes() {
    everywhere(|rt| async move {
        let unreleased = Arc::new(AtomicUsize::new(1));
        let later = rt.clone();
        let release = async move |unreleased: Arc<AtomicUsize>| {
            later.yield_now().await;
            unreleased.fetch_sub(1, SeqCst);
            Ok(())
        };
        let acquire = async { Ok::<_, Fault>(Arc::clone(&unreleased)) };
        let used = async |_: &mut Arc<AtomicUsize>| pending::<Result<(), _>>().await;
        let mut endless = Box::pin(bracket(&rt, acquire, used, release));
        begin(&mut endless).await;
        assert_eq!(unreleased.load(SeqCst), 1);
        drop(endless);
        until_alive(&rt, &unreleased, 0).await;
    });
}
