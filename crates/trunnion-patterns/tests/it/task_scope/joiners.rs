//! What the joiners make of outcomes.

use std::future::pending;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use trunnion_core::sync::Mutex;
use trunnion_core::{Clock, Timer, YieldNow};
use trunnion_patterns::{
    CollectAll, Discard, Done, FirstDone, FirstSuccess, Flow, Fold, Outcome, Quorum, TaskScope,
    Tolerate, Why, gather,
};
use trunnion_sim::run;

use super::{Census, Fault, MOMENT, after, in_each_schedule};

fn some(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("not zero")
}

#[test]
fn the_first_error_cancels_the_siblings_and_later_ones_stand_beside_it() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let failed = TaskScope::builder(&rt).run(async |s| {
            drop(s.spawn(census.endless::<()>()));
            drop(s.spawn(after(&rt, 1, Err("first"))));
            drop(s.spawn_graceful(|token| async move {
                token.cancelled().await;
                Err("second")
            }));
            drop(s.spawn_named("calm", after(&rt, 0, Ok(()))));
            Ok(())
        });
        let error = failed.await.expect_err("one failed");
        assert_eq!(census.alive(), 0);
        assert_eq!((error.rest.len(), error.cancelled), (1, 1));
        assert!(error.rest[0].after_cancel);
        let text = error.to_string();
        assert!(
            text.contains("joiners.rs") && text.ends_with("first (and 1 more)"),
            "{text}"
        );
        assert_eq!(error.into_first(), Some("first"));
    });
}

#[test]
fn one_failure_has_the_shape_of_many() {
    run(|rt| async move {
        let failed = TaskScope::builder(&rt).run(async |s| {
            for n in 0..40_usize {
                drop(s.spawn_graceful(|_| async move { Err::<(), _>(n) }));
            }
            Ok(())
        });
        let error = failed.await.expect_err("all failed");
        assert_eq!((error.failures().count(), error.more), (16, 24));
        assert_eq!(error.into_first(), Some(0));
    });
}

#[test]
fn collecting_cancels_nobody() {
    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            drop(s.spawn(after(&rt, 2, Ok::<_, Fault>(1))));
            drop(s.spawn(after(&rt, 1, Err("two"))));
            s.spawn(after(&rt, 3, Ok(3))).abort();
            Ok(())
        });
        assert!(matches!(
            outcomes.await.expect("it collects")[..],
            [Outcome::Ok(1), Outcome::Err("two"), Outcome::Cancelled]
        ));
    });
}

#[test]
fn the_first_success_wins_once_and_the_losers_are_gone() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let scope = TaskScope::builder(&rt).joiner(FirstSuccess::default());
        let value = scope.run(async |s| {
            drop(s.spawn(after(&rt, 0, Err("fast"))));
            drop(s.spawn(census.endless()));
            for n in [1, 2] {
                drop(s.spawn(after(&rt, n, Ok::<_, Fault>(n))));
            }
            Ok(())
        });
        assert_eq!(value.await.expect("one succeeds"), 1);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn without_a_success_all_failures_are_given() {
    run(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(FirstSuccess::<(), _>::default());
        let error = scope.run(async |s| {
            drop(s.spawn(async { Err("one") }));
            drop(s.spawn(async { Err("two") }));
            Ok(())
        });
        let error = error.await.expect_err("none succeeds");
        assert!(matches!(error.why, Why::Failed));
        assert_eq!(error.failures().count(), 2);
    });
}

#[test]
fn a_race_of_nobody_is_empty() {
    run(|rt| async move {
        let first = TaskScope::builder(&rt).joiner(FirstSuccess::<(), Fault>::default());
        let error = first.run(async |_| Ok(())).await.expect_err("nobody ran");
        assert!(matches!(error.why, Why::Empty));
        let done = TaskScope::builder(&rt).joiner(FirstDone::<(), Fault>::default());
        let error = done.run(async |_| Ok(())).await.expect_err("nobody ran");
        assert!(matches!(error.why, Why::Empty));
        let quorum = TaskScope::builder(&rt).joiner(Quorum::<(), Fault>::new(some(1)));
        let error = quorum.run(async |_| Ok(())).await.expect_err("nobody ran");
        assert!(matches!(error.why, Why::Empty));
    });
}

#[test]
fn the_first_that_ends_is_given_whatever_it_is() {
    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(FirstDone::default());
        let first = scope.run(async |s| {
            drop(s.spawn(after(&rt, 2, Ok(1))));
            drop(s.spawn(after(&rt, 1, Err("fast"))));
            s.spawn(after(&rt, 1, Ok(3))).abort();
            Ok(())
        });
        assert!(matches!(first.await, Ok(Outcome::Err("fast"))));
    });
}

#[test]
fn a_quorum_is_given_as_soon_as_it_is_reached() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let scope = TaskScope::builder(&rt).joiner(Quorum::new(some(2)));
        let votes = scope.run(async |s| {
            drop(s.spawn(census.endless()));
            for n in [3, 1, 2] {
                drop(s.spawn(after(&rt, n, Ok::<_, Fault>(n))));
            }
            Ok(())
        });
        assert_eq!(votes.await.expect("two succeed"), [1, 2]);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_quorum_fails_as_soon_as_it_is_out_of_reach() {
    in_each_schedule(|rt| async move {
        let start = rt.now();
        let scope = TaskScope::builder(&rt).joiner(Quorum::new(some(2)));
        let error = scope.run(async |s| {
            drop(s.spawn(after(&rt, 1, Err("one"))));
            drop(s.spawn(after(&rt, 2, Err("two"))));
            drop(s.spawn(after(&rt, 9, Ok(3))));
            Ok(())
        });
        let error = error.await.expect_err("one is left");
        assert!(matches!(error.why, Why::OutOfReach));
        assert_eq!((error.failures().count(), error.cancelled), (2, 1));
        assert_eq!(rt.now() - start, 2 * MOMENT);
    });
}

#[test]
fn too_few_children_are_out_of_reach_when_the_body_ends() {
    run(|rt| async move {
        let start = rt.now();
        let scope = TaskScope::builder(&rt).joiner(Quorum::new(some(2)));
        let error = scope.run(async |s| {
            drop(s.spawn(after(&rt, 9, Ok::<_, Fault>(1))));
            Ok(())
        });
        assert!(error.await.is_err());
        assert_eq!(rt.now(), start);
    });
}

#[test]
fn a_quorum_does_not_wait_for_those_who_have_no_vote() {
    in_each_schedule(|rt| async move {
        let (start, around) = (rt.now(), Mutex::new(None));
        let scope = TaskScope::builder(&rt).joiner(Quorum::new(some(1)));
        let votes = scope.run(async |s: TaskScope<_, (), Fault>| {
            drop(s.spawn_with_handle(after(&rt, 9, ())));
            *around.lock() = Some(s.child_scope());
            drop(s.spawn(after(&rt, 1, Err("one"))));
            Ok(())
        });
        let inside = async {
            rt.yield_now().await;
            let inner = around.lock().take().expect("the body has run");
            let endless = inner.run(async |_: TaskScope<_, (), Fault>| pending().await);
            endless.await.is_err()
        };
        let (votes, cancelled) = gather((votes, inside)).await;
        let error = votes.expect_err("nobody is left who could vote");
        assert!(
            cancelled && matches!(error.why, Why::OutOfReach),
            "{error:?}"
        );
        assert_eq!(rt.now() - start, MOMENT);
    });
}

/// Until it is ready it may still become one who votes; its end is told to nobody but who started it.
#[test]
fn a_quorum_waits_for_a_child_that_gets_ready_and_not_for_one_that_fails_before() {
    in_each_schedule(|rt| async move {
        for (ready, votes) in [(true, Some(7)), (false, None)] {
            let start = rt.now();
            let scope = TaskScope::builder(&rt).joiner(Quorum::new(some(1)));
            let result = scope.run(async |s: TaskScope<_, u32, u32>| {
                let (inner, clock) = (s.clone(), rt.clone());
                drop(s.spawn_with_handle(async move {
                    let slow = clock.clone();
                    let started = inner.start(|tell| async move {
                        slow.sleep(2 * MOMENT).await;
                        if !ready {
                            return Err(2);
                        }
                        tell.send(());
                        slow.sleep(MOMENT).await;
                        Ok(7)
                    });
                    assert_eq!(started.await.is_ok(), ready);
                    clock.sleep(9 * MOMENT).await;
                }));
                drop(s.spawn(after(&rt, 1, Err(1))));
                Ok(())
            });
            let result = result.await.ok().and_then(|votes| votes.first().copied());
            assert_eq!(result, votes);
            let moments = if ready { 3 } else { 2 };
            assert_eq!(rt.now() - start, moments * MOMENT);
        }
    });
}

#[test]
fn one_failure_too_many_cancels() {
    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(Tolerate::new(1));
        let outcomes = scope.run(async |s| {
            for n in 1..=3 {
                drop(s.spawn(after(&rt, n, Err::<(), _>("no luck"))));
            }
            Ok(())
        });
        assert!(matches!(
            outcomes.await.expect("it collects")[..],
            [Outcome::Err(_), Outcome::Err(_), Outcome::Cancelled]
        ));
    });
}

#[test]
fn discarding_can_go_on_after_an_error() {
    run(|rt| async move {
        let ended = AtomicUsize::new(0);
        for (joiner, expected) in [(Discard::new().and_go_on(), 2), (Discard::new(), 1)] {
            ended.store(0, SeqCst);
            let census = Census::default();
            let scope = TaskScope::builder(&rt).joiner(joiner);
            let failed = scope.run(async |s| {
                drop(s.spawn(after(&rt, 1, Err("one"))));
                let (late, member) = (after(&rt, 2, Err::<(), _>("two")), census.join());
                drop(s.spawn(async move {
                    let _member = member;
                    late.await
                }));
                Ok(())
            });
            assert_eq!(
                failed.await.expect_err("one failed").failures().count(),
                expected
            );
            assert_eq!(census.alive(), 0);
        }
    });
}

#[test]
fn reports_come_to_the_joiner_before_the_body_is_polled() {
    in_each_schedule(|rt| async move {
        let log = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&log);
        let fold = Fold::new((), move |(): &mut (), _: Done<u32, Fault>| {
            told.lock().push("joiner");
            Flow::Continue
        });
        let done = TaskScope::builder(&rt).joiner(fold).run(async |s| {
            for n in 1..=3 {
                let child = s.spawn(after(&rt, n, Ok(n)));
                child.await.map_err(|_| "cancelled")?;
                log.lock().push("body");
            }
            Ok(())
        });
        assert!(done.await.is_ok());
        assert_eq!(*log.lock(), ["joiner", "body"].repeat(3));
    });
}

#[test]
fn a_fold_ends_when_it_has_enough() {
    in_each_schedule(|rt| async move {
        let fold = Fold::new(0, |sum: &mut u32, done: Done<u32, Fault>| {
            *sum += done.outcome.ok().unwrap_or(0);
            if *sum < 3 {
                return Flow::Continue;
            }
            Flow::Cancel(trunnion_core::CancelKind::Satisfied.into())
        });
        let sum = TaskScope::builder(&rt).joiner(fold).run(async |s| {
            for n in 1..=4 {
                drop(s.spawn(after(&rt, n, Ok(n))));
            }
            Ok(())
        });
        assert_eq!(sum.await.expect("it has enough"), 3);
    });
}
