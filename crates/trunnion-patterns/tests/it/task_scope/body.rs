//! The body, and who may still spawn.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Waker};

use trunnion_core::{CancelKind, CancelToken, Timer, YieldNow};
use trunnion_patterns::{CollectAll, Discard, SpawnError, TaskScope, Why};
use trunnion_sim::run;

use super::{Census, Fault, MOMENT, after, in_each_schedule};

#[test]
fn a_body_that_ends_early_waits_for_its_children() {
    run(|rt| async move {
        let census = Census::default();
        let values = TaskScope::builder(&rt).run(async |s| {
            for n in [3_u32, 1, 2] {
                let (member, value) = (census.join(), after(&rt, n, n));
                drop(s.spawn(async move {
                    let _member = member;
                    Ok::<_, Fault>(value.await)
                }));
            }
            Ok(())
        });
        assert_eq!(values.await.expect("all succeed"), [3, 1, 2]);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn the_error_of_a_body_cancels_and_comes_first() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let failed = TaskScope::builder(&rt).run(async |s| {
            drop(s.spawn(census.endless::<()>()));
            drop(s.spawn_graceful(|token| async move {
                let reason = token.cancelled().await;
                assert_eq!(reason.kind(), CancelKind::ScopeClosed);
                Err("cleanup")
            }));
            rt.yield_now().await;
            Err("body")
        });
        let error = failed.await.expect_err("the body failed");
        assert_eq!(census.alive(), 0);
        assert_eq!(error.cancelled + error.rest.len(), 2, "{error:?}");
        assert!(error.rest.iter().all(|failed| failed.after_cancel));
        let first = error.first.as_ref().expect("there is one");
        assert!(first.child.is_none() && !first.after_cancel);
        assert_eq!(error.into_first(), Some("body"));
    });
}

#[test]
fn a_scope_that_is_not_polled_runs_nothing() {
    run(|rt| async move {
        let ran = AtomicBool::new(false);
        let scope = TaskScope::builder(&rt).run(async |_: TaskScope<_, (), Fault>| {
            ran.store(true, SeqCst);
            Ok(())
        });
        drop(scope);
        assert!(!ran.load(SeqCst));
    });
}

#[test]
fn a_scope_without_children_ends_with_its_body() {
    run(|rt| async move {
        let none = TaskScope::builder(&rt).run(async |_: TaskScope<_, (), Fault>| Ok(()));
        assert!(none.await.expect("nothing fails").is_empty());
    });
}

#[test]
fn a_scope_ends_in_its_first_poll_when_nothing_waits() {
    run(|rt| async move {
        let mut scope =
            pin!(TaskScope::builder(&rt).run(async |_: TaskScope<_, (), Fault>| Ok(())));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(scope.as_mut().poll(&mut cx).is_ready());
    });
}

#[test]
fn a_scope_under_a_cancelled_token_runs_nothing() {
    run(|rt| async move {
        let token = CancelToken::new();
        token.cancel_with(CancelKind::Shutdown);
        let scope = TaskScope::builder(&rt).token(&token);
        let refused = scope.run(async |_: TaskScope<_, (), Fault>| unreachable!());
        let error = refused.await.expect_err("it is cancelled");
        assert!(
            matches!(error.why, Why::Cancelled(reason) if reason.kind() == CancelKind::Shutdown)
        );
    });
}

#[test]
fn spawning_into_a_scope_that_has_ended_gives_the_future_back_unpolled() {
    run(|rt| async move {
        let mut kept = None;
        let ended = TaskScope::builder(&rt).run(async |s| {
            kept = Some(s.clone());
            Ok::<_, Fault>(())
        });
        assert!(ended.await.is_ok());
        let kept = kept.expect("the body ran");
        let refused = kept.try_spawn(async { Ok(7) }).expect_err("it is closed");
        assert!(matches!(refused, SpawnError::Closed(_)));
        assert_eq!(refused.into_inner().await, Ok(7));
        let refused = kept.spawn(async { unreachable!() });
        assert!(
            refused.is_refused() && refused.number() == u64::MAX,
            "no child has it"
        );
        assert!(kept.spawn_blocking(|_| unreachable!()).is_err());
        assert!(
            kept.start(|_ready: trunnion_patterns::Ready<()>| pending())
                .await
                .is_err()
        );
    });
}

#[test]
fn a_cancelled_scope_refuses_and_takes_graceful_children_until_it_is_killed() {
    run(|rt| async move {
        let cleaned = Arc::new(AtomicBool::new(false));
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            s.token().cancel();
            let refused = s.try_spawn(async { Ok(7) }).expect_err("it is cancelled");
            assert!(matches!(refused, SpawnError::Cancelled(_)));
            let (cleaned, rt) = (Arc::clone(&cleaned), rt.clone());
            let cleanup = s.spawn_graceful(|token| async move {
                assert!(token.is_cancelled(), "it is born so");
                rt.sleep(MOMENT).await;
                cleaned.store(true, SeqCst);
                Ok::<_, Fault>(8)
            });
            assert!(!cleanup.is_refused());
            s.token().kill(CancelKind::Requested);
            assert!(s.spawn_graceful(|_| async { unreachable!() }).is_refused());
            let back =
                s.try_spawn_graceful(|token| async move { Ok(i32::from(token.is_killed())) });
            let back = back.expect_err("it is killed").into_inner();
            assert_eq!(back(s.token().clone()).await, Ok(1), "uncalled");
            Ok(())
        });
        assert_eq!(outcomes.await.expect("it collects").len(), 1);
        assert!(!cleaned.load(SeqCst), "killed before its first poll");
    });
}

#[test]
fn a_refused_child_is_not_hidden_by_a_result() {
    run(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(Discard::new());
        let result = scope.run(async |s| {
            s.token().cancel();
            drop(s.spawn(async { Ok::<_, Fault>(()) }));
            Ok(())
        });
        assert!(matches!(
            result.await.expect_err("it did not run").why,
            Why::Cancelled(_)
        ));
    });
}

#[test]
fn children_spawn_siblings_that_the_scope_waits_for() {
    in_each_schedule(|rt| async move {
        let values = TaskScope::builder(&rt).run(async |s| {
            let (inner, rt) = (s.clone(), rt.clone());
            drop(s.spawn(async move {
                rt.yield_now().await;
                drop(inner.spawn(async { Ok::<_, Fault>(2) }));
                Ok(1)
            }));
            Ok(())
        });
        assert_eq!(values.await.expect("all succeed"), [1, 2]);
    });
}

#[test]
fn cancelling_ends_the_body_where_it_waits() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let scope = TaskScope::builder(&rt).run(async |s: TaskScope<_, (), Fault>| {
            let token = s.token().clone();
            drop(s.spawn_with_handle(async move { token.cancel() }));
            census.endless().await
        });
        let error = scope.await.expect_err("it is cancelled");
        assert!(matches!(error.why, Why::Cancelled(_)) && error.first.is_none());
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_child_that_is_cancelled_before_its_first_poll_is_dropped_unpolled() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            for _ in 0..2 {
                let member = census.join();
                let never = async move {
                    let _member = member;
                    unreachable!("it is polled")
                };
                drop(s.spawn(never));
            }
            let member = census.join();
            drop(s.spawn_graceful(|_| async move {
                let _member = member;
                unreachable!("it is polled")
            }));
            s.token().kill(CancelKind::Requested);
            Ok::<(), Fault>(())
        });
        let outcomes: Vec<trunnion_patterns::Outcome<(), _>> = outcomes.await.expect("it collects");
        assert!(
            outcomes
                .iter()
                .all(trunnion_patterns::Outcome::is_cancelled)
        );
        assert_eq!((outcomes.len(), census.alive()), (3, 0));
    });
}
