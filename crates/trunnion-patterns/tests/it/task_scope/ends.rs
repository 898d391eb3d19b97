//! Deadlines, grace, stragglers, dropped scopes, and scopes inside scopes.

use std::future::pending;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::task::Poll;

use trunnion_core::sync::Mutex;
use trunnion_core::{CancelKind, CancelToken, Clock, Timer, YieldNow};
use trunnion_patterns::{
    ChildInfo, CollectAll, Discard, Outcome, TaskScope, Why, bracket, with_deadline,
};
use trunnion_sim::run;

use super::{Census, Fault, MOMENT, after, in_each_schedule};

#[test]
fn a_deadline_that_passes_is_this_scopes_own() {
    in_each_schedule(|rt| async move {
        let (census, start) = (Census::default(), rt.now());
        let scope = TaskScope::builder(&rt).deadline(start + MOMENT);
        let late = scope.run(async |s| {
            drop(s.spawn(census.endless::<()>()));
            Ok(())
        });
        let error = late.await.expect_err("it is late");
        assert!(error.is_elapsed(), "{error:?}");
        assert_eq!((rt.now() - start, census.alive()), (MOMENT, 0));
    });
}

#[test]
fn a_past_deadline_polls_the_body_once_and_keeps_what_is_ready() {
    run(|rt| async move {
        let ready = TaskScope::builder(&rt).deadline(rt.now());
        let ready = ready.run(async |_: TaskScope<_, (), Fault>| Ok(())).await;
        assert!(ready.is_ok());
        let waits = TaskScope::builder(&rt).deadline(rt.now());
        let waits = waits.run(async |_: TaskScope<_, (), Fault>| pending().await);
        assert!(waits.await.expect_err("it waits").is_elapsed());
    });
}

#[test]
fn what_is_below_a_scope_sees_its_deadline() {
    in_each_schedule(|rt| async move {
        let at = rt.now() + MOMENT;
        let scope = TaskScope::builder(&rt).deadline(at).joiner(Discard::new());
        let error = scope.run(async |s: TaskScope<_, (), Fault>| {
            assert_eq!(s.token().deadline(), Some(at));
            let later = s.child_scope().deadline(at + MOMENT);
            let later = later.run(async |s: TaskScope<_, (), Fault>| {
                assert_eq!(s.token().deadline(), Some(at));
                Ok(())
            });
            assert!(later.await.is_ok());
            let clock = rt.clone();
            drop(s.spawn_graceful(|token| async move {
                let op = |token: CancelToken| token.cancelled_owned();
                let done = with_deadline(&clock, at + MOMENT, op).token(&token).await;
                assert!(!done.expired && done.output.kind() == CancelKind::Deadline);
                assert_eq!(clock.now(), at);
                Ok(())
            }));
            pending().await
        });
        assert!(error.await.expect_err("it is late").is_elapsed());
    });
}

#[test]
fn a_deadline_further_out_or_equal_passes_through_as_a_cancellation() {
    in_each_schedule(|rt| async move {
        for own in [MOMENT, 2 * MOMENT] {
            let outer = TaskScope::builder(&rt).deadline(rt.now() + MOMENT);
            let at = rt.now() + own;
            let error = outer.run(async |outer| {
                let inner = outer.child_scope().deadline(at);
                let rt = rt.clone();
                drop(outer.spawn_graceful(|_| async move {
                    let error = inner.run(async |_: TaskScope<_, (), Fault>| pending().await);
                    let error = error.await.expect_err("it is late");
                    assert!(
                        matches!(&error.why, Why::Cancelled(reason)
                        if reason.kind() == CancelKind::Deadline),
                        "{error:?}"
                    );
                    drop(rt);
                    Ok::<(), Fault>(())
                }));
                pending().await
            });
            assert!(error.await.expect_err("it is late").is_elapsed());
        }
    });
}

#[test]
fn a_child_that_ignores_a_cancellation_has_the_grace_and_is_named() {
    in_each_schedule(|rt| async move {
        let (census, late) = (Census::default(), Arc::new(Mutex::new(Vec::new())));
        let (told, start) = (Arc::clone(&late), rt.now());
        let scope = TaskScope::builder(&rt)
            .joiner(CollectAll::default())
            .grace(3 * MOMENT)
            .on_straggler(move |child| told.lock().push(child.to_string()));
        let outcomes = scope.run(async |s| {
            let (endless, in_time) = (census.endless(), after(&rt, 2, Ok::<_, Fault>(2)));
            drop(s.spawn_graceful(|_| endless));
            drop(s.spawn_graceful(|_| in_time));
            s.token().cancel();
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects");
        assert!(matches!(outcomes[..], [Outcome::Cancelled, Outcome::Ok(2)]));
        assert_eq!((rt.now() - start, census.alive()), (3 * MOMENT, 0));
        let late = late.lock();
        assert!(
            late.len() == 1 && late[0].contains("child 0 spawned at"),
            "{late:?}"
        );
        assert!(late[0].contains("ends.rs"));
    });
}

#[test]
fn who_is_still_there_after_the_kill_is_named_once_when_the_time_is_over() {
    in_each_schedule(|rt| async move {
        let (census, start) = (Census::default(), rt.now());
        let told = Arc::new(Mutex::new(Vec::new()));
        let (names, clock) = (Arc::clone(&told), rt.clone());
        let scope = TaskScope::builder(&rt)
            .joiner(Discard::<Fault>::new())
            .grace(2 * MOMENT)
            .on_lag(3 * MOMENT, move |child| {
                names.lock().push((child.number(), clock.now() - start));
            });
        let done = scope.run(async |s: TaskScope<_, (), Fault>| {
            let stubborn = census.endless();
            drop(s.spawn_graceful(|_| stubborn));
            // A release is what a kill does not stop.
            let (release, member) = (rt.sleep(9 * MOMENT), census.join());
            let release = async move |member| {
                release.await;
                drop(member);
                Ok::<(), Fault>(())
            };
            let usage = async |_: &mut _| Ok(());
            let released = bracket(&s, async { Ok(member) }, usage, release);
            rt.settle().await;
            s.token().cancel();
            drop(released.await);
            Ok(())
        });
        assert!(done.await.is_err());
        assert_eq!(*told.lock(), [(1, 5 * MOMENT)]);
        assert_eq!((rt.now() - start, census.alive()), (9 * MOMENT, 0));
    });
}

#[test]
fn a_blocking_child_is_waited_for_and_gets_the_token() {
    run(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            assert!(
                s.spawn_blocking(|token| Ok::<_, Fault>(token.is_cancelled()))
                    .is_ok()
            );
            s.token().cancel();
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects");
        assert!(matches!(outcomes[..], [Outcome::Ok(true)]), "{outcomes:?}");
    });
}

#[test]
fn a_dropped_scope_kills_its_children_and_tells_how_many_are_orphans() {
    in_each_schedule(|rt| async move {
        let (census, told) = (Census::default(), Arc::new(Mutex::new(None)));
        let orphans = Arc::clone(&told);
        let scope = TaskScope::builder(&rt)
            .on_orphan(move |count| *orphans.lock() = Some(count))
            .run(async |s| {
                let graceful = census.endless::<()>();
                drop(s.spawn(census.endless()));
                drop(s.spawn_graceful(|_| graceful));
                census.endless().await
            });
        let mut scope = Box::pin(scope);
        std::future::poll_fn(|cx| {
            assert!(scope.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        rt.yield_now().await;
        assert_eq!(census.alive(), 3);
        drop(scope);
        assert_eq!(
            (*told.lock(), census.alive()),
            (Some(2), 2),
            "the body goes first"
        );
        rt.settle().await;
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_child_without_a_handle_is_listed_while_it_waits() {
    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt);
        let ended = scope.run(async |s: TaskScope<_, (), Fault>| {
            s.spawn_detached(after(&rt, 2, Ok(())));
            drop(s.spawn_named("booked", after(&rt, 2, Ok(()))));
            rt.sleep(MOMENT).await;
            let mut listed: Vec<_> = s.children().iter().map(ChildInfo::number).collect();
            listed.sort_unstable();
            assert_eq!(listed, [0, 1], "each once");
            rt.sleep(2 * MOMENT).await;
            assert!(s.children().is_empty(), "both have ended");
            Ok(())
        });
        assert!(ended.await.is_ok());
    });
}

#[test]
fn where_stragglers_are_named_a_child_without_a_handle_is_listed_from_the_beginning() {
    run(|rt| async move {
        let scope = TaskScope::builder(&rt).on_straggler(|_| unreachable!("nobody is late"));
        let ended = scope.run(async |s: TaskScope<_, (), Fault>| {
            s.spawn_detached(async { Ok(()) });
            assert_eq!(s.children().len(), 1, "it has not been polled");
            Ok(())
        });
        assert!(ended.await.is_ok());
    });
}

#[test]
fn a_cancellation_stops_children_without_handles_and_a_kill_the_graceful_ones() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let ended = scope.run(async |s: TaskScope<_, (), Fault>| {
            s.spawn_detached(census.endless());
            drop(s.spawn_graceful(|_| census.endless()));
            rt.sleep(MOMENT).await;
            s.token().cancel();
            rt.yield_now().await;
            Ok(())
        });
        let outcomes = ended.await.expect("none of them has failed");
        assert!(matches!(
            outcomes[..],
            [Outcome::Cancelled, Outcome::Cancelled]
        ));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn the_scope_around_waits_for_the_children_of_a_dropped_one() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let none = TaskScope::builder(&rt).run(async |outer: TaskScope<_, (), Fault>| {
            let mut inner = Box::pin(
                outer
                    .child_scope()
                    .name("inner")
                    .on_orphan(|_| panic!("it has a scope around it"))
                    .run(async |s| {
                        drop(s.spawn(census.endless::<()>()));
                        pending().await
                    }),
            );
            std::future::poll_fn(|cx| {
                assert!(inner.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            assert_eq!(outer.children()[0].name(), Some("inner"));
            drop(inner);
            assert_eq!(census.alive(), 1, "it is not waited for here");
            Ok(())
        });
        assert!(none.await.is_ok());
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn cancelling_an_inner_scope_never_touches_the_outer_and_the_outer_reaches_the_inner() {
    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let result = scope.run(async |outer: TaskScope<_, (), Fault>| {
            let inner = outer.child_scope().run(async |s: TaskScope<_, (), Fault>| {
                s.token().cancel();
                pending().await
            });
            assert!(inner.await.is_err());
            assert!(!outer.token().is_cancelled());
            let inner = outer.child_scope().run(async |s: TaskScope<_, (), Fault>| {
                outer.token().cancel();
                assert!(s.token().is_cancelled());
                assert!(!s.token().shield().is_cancelled());
                pending().await
            });
            assert!(inner.await.is_err());
            Ok(())
        });
        assert!(result.await.is_ok());
    });
}

#[test]
fn a_scope_that_is_forgotten_leaks_its_children_and_harms_nobody() {
    run(|rt| async move {
        let census = Census::default();
        let scope = TaskScope::builder(&rt).run(async |s| {
            drop(s.spawn(census.endless::<()>()));
            pending().await
        });
        let mut scope = ManuallyDrop::new(Box::pin(scope));
        std::future::poll_fn(|cx| {
            assert!(scope.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        rt.settle().await;
        assert_eq!(census.alive(), 1);
        drop(ManuallyDrop::into_inner(scope));
        rt.settle().await;
        assert_eq!(census.alive(), 0);
    });
}
