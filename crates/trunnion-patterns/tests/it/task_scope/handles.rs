//! Handles of children, and children that say when they are ready.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use trunnion_core::{JoinError, YieldNow};
use trunnion_patterns::{CollectAll, Discard, Outcome, StartError, TaskScope};
use trunnion_sim::run;

use super::{Census, Fault, after, in_each_schedule};

#[test]
fn a_value_goes_to_the_handle_before_and_after_the_child_ends() {
    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(Discard::<Fault>::new());
        let done = scope.run(async |s: TaskScope<_, (), Fault>| {
            let (first, second) = (
                s.spawn_with_handle(after(&rt, 1, 1)),
                s.spawn_with_handle(after(&rt, 2, 2)),
            );
            assert_eq!(second.await.expect("it ends"), 2);
            assert!(first.is_finished());
            assert_eq!(first.await.expect("it has ended"), 1);
            Ok(())
        });
        assert!(done.await.is_ok());
    });
}

#[test]
fn a_handle_outlives_its_scope() {
    run(|rt| async move {
        let mut kept = None;
        let scope = TaskScope::builder(&rt).joiner(Discard::<Fault>::new());
        let done = scope.run(async |s: TaskScope<_, (), Fault>| {
            kept = Some(s.spawn_with_handle(async { 7 }));
            Ok(())
        });
        assert!(done.await.is_ok());
        assert_eq!(
            kept.expect("it was spawned").await.expect("it has ended"),
            7
        );
    });
}

#[test]
fn a_child_that_is_cancelled_alone_is_an_outcome_of_its_own() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let scope = TaskScope::builder(&rt).run(async |s| {
            let endless = s.spawn(census.endless());
            drop(s.spawn(after(&rt, 2, Ok::<_, Fault>(1))));
            rt.yield_now().await;
            assert!(matches!(endless.cancel().await, Err(JoinError::Cancelled)));
            assert_eq!(census.alive(), 0, "its destructors have run");
            assert!(!s.token().is_cancelled());
            Ok(())
        });
        assert_eq!(scope.await.expect("nothing failed"), [1]);
    });
}

#[test]
fn a_sibling_that_awaits_a_cancelled_child_is_told_and_goes_on() {
    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            let endless = s.spawn_with_handle(pending::<()>());
            endless.abort();
            drop(s.spawn(async move {
                assert!(matches!(endless.await, Err(JoinError::Cancelled)));
                Ok::<_, Fault>(3)
            }));
            Ok(())
        });
        assert!(matches!(
            outcomes.await.expect("it collects")[..],
            [Outcome::Ok(3)]
        ));
    });
}

#[test]
fn dropping_a_handle_leaves_the_child_to_its_scope() {
    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt).run(async |s| {
            drop(s.spawn(after(&rt, 1, Ok::<_, Fault>(5))));
            Ok(())
        });
        assert_eq!(scope.await.expect("nothing failed"), [5]);
    });
}

#[test]
fn a_child_without_a_handle_is_waited_for_and_a_refused_one_is_not_hidden() {
    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt).run(async |s| {
            s.spawn_detached(after(&rt, 1, Ok::<_, Fault>(5)));
            Ok(())
        });
        assert_eq!(scope.await.expect("nothing failed"), [5]);
        let scope = TaskScope::builder(&rt).joiner(Discard::new());
        let refused = scope.run(async |s: TaskScope<_, (), Fault>| {
            s.token().cancel();
            s.spawn_detached(async { unreachable!("it is polled") });
            Ok(())
        });
        assert!(refused.await.is_err());
    });
}

#[test]
fn start_returns_when_the_child_is_ready_and_the_child_goes_on() {
    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt).run(async |s| {
            let (ready, ended) = (after(&rt, 1, ()), after(&rt, 1, ()));
            let port = s.start(|tell| async move {
                ready.await;
                tell.send(80);
                ended.await;
                Ok::<_, Fault>("served")
            });
            assert_eq!(port.await.expect("it gets ready"), 80);
            Ok(())
        });
        assert_eq!(scope.await.expect("nothing failed"), ["served"]);
    });
}

#[test]
fn a_failure_before_ready_is_the_callers_alone_and_one_after_is_the_scopes() {
    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt).run(async |s| {
            let early = s.start::<u32, _, _>(|_tell| async { Err::<(), _>("early") });
            assert!(matches!(early.await, Err(StartError::Failed("early"))));
            let silent = s.start::<u32, _, _>(|_tell| async { Ok(()) });
            assert!(matches!(silent.await, Err(StartError::NeverReady)));
            let late = s.start(|tell| async {
                tell.send(());
                Err("late")
            });
            assert!(late.await.is_ok());
            Ok(())
        });
        let error = scope.await.expect_err("one failed");
        assert_eq!(error.failures().count(), 1);
        assert_eq!(error.into_first(), Some("late"));
    });
}

#[test]
fn a_start_that_is_dropped_or_cancelled_leaves_no_child() {
    /// Never ends by itself.
    async fn waits(census: Census) -> Result<(), u32> {
        let _member = census.join();
        pending().await
    }

    in_each_schedule(|rt| async move {
        let census = Census::default();
        let told = Arc::new(AtomicUsize::new(0));
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s: TaskScope<_, (), u32>| {
            let endless = waits(census.clone());
            let mut dropped = Box::pin(s.start::<(), _, _>(|_tell| endless));
            std::future::poll_fn(|cx| {
                assert!(dropped.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
            drop(dropped);
            rt.settle().await;
            assert_eq!(census.alive(), 0, "it was stopped");
            let (endless, token) = (waits(census.clone()), s.token().clone());
            let (waiting, counted) = (s.clone(), Arc::clone(&told));
            drop(s.spawn_graceful(|_| async move {
                let refused = waiting.start::<(), _, _>(|_tell| endless).await;
                assert!(matches!(
                    refused,
                    Err(StartError::Join(JoinError::Cancelled) | StartError::Refused)
                ));
                counted.fetch_add(1, SeqCst);
                Ok(())
            }));
            rt.yield_now().await;
            token.cancel();
            Ok(())
        });
        assert_eq!(
            outcomes.await.expect("it collects").len(),
            1,
            "a child that never started is not told of"
        );
        assert_eq!((census.alive(), told.load(SeqCst)), (0, 1));
    });
}
