//! What joiners make of outcomes, and children that say when they are ready.

use std::future::pending;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use trunnion_core::sync::Mutex;
use trunnion_core::{CancelKind, Clock, Timer, YieldNow};
use trunnion_patterns::{
    CollectAll, Discard, Done, Fault as What, FirstDone, Flow, Fold, Outcome, Quorum, Ready,
    StartError, TaskScope, Tolerate, Why,
};

use super::{Fault, MOMENT, Member, endless, everywhere};

#[test]
fn start_tells_of_readiness_and_of_what_comes_before_it() {
    everywhere(|rt| async move {
        let scope = TaskScope::builder(&rt).run(async |s: TaskScope<_, &str, Fault>| {
            let (early, late) = (rt.sleep(MOMENT), rt.sleep(2 * MOMENT));
            let port = s.start(|ready| async move {
                early.await;
                ready.send(80);
                late.await;
                Ok("served")
            });
            assert!(matches!(port.await, Ok(80)));
            let failed = s.start::<u32, _, _>(|_ready| async { Err("early") });
            assert!(matches!(failed.await, Err(StartError::Failed("early"))));
            let silent = s.start::<u32, _, _>(|_ready| async { Ok("nothing") });
            assert!(matches!(silent.await, Err(StartError::NeverReady)));
            Ok(())
        });
        assert_eq!(scope.await.expect("nothing failed"), ["served"]);
    });
}

#[test]
fn a_child_that_ends_is_heard_once_whoever_holds_its_ready() {
    everywhere(|rt| async move {
        let (kept, mut heard) = (Arc::new(Mutex::new(None)), None);
        let scope = TaskScope::builder(&rt).joiner(Discard::<Fault>::new());
        let done = scope.run(async |s: TaskScope<_, (), Fault>| {
            let (keep, take, turns) = (Arc::clone(&kept), Arc::clone(&kept), rt.clone());
            // It says that the other one is ready when that may have ended.
            drop(s.spawn_with_handle(async move {
                loop {
                    let ready = take.lock().take();
                    if let Some(ready) = ready {
                        return Ready::send(ready, ());
                    }
                    turns.yield_now().await;
                }
            }));
            let turns = rt.clone();
            let started = s.start(|ready| async move {
                *keep.lock() = Some(ready);
                turns.yield_now().await;
                Err("failed")
            });
            heard = Some(matches!(started.await, Err(StartError::Failed("failed"))));
            Ok(())
        });
        let told = done.await.is_err();
        assert_eq!(heard.map(|heard| heard ^ told), Some(true));
    });
}

#[test]
fn a_quorum_is_given_when_it_is_reached_and_fails_when_it_is_out_of_reach() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let two = NonZeroUsize::MIN.saturating_add(1);
        let scope = || TaskScope::builder(&rt).joiner(Quorum::<u32, Fault>::new(two));
        let votes = scope().run(async |s| {
            drop(s.spawn(endless(Member::of(&alive))));
            for vote in [1, 2] {
                drop(s.spawn(async move { Ok(vote) }));
            }
            Ok(())
        });
        let mut votes = votes.await.expect("two succeed");
        votes.sort_unstable();
        assert_eq!((votes, alive.load(SeqCst)), (vec![1, 2], 0));
        let votes = scope().run(async |s| {
            drop(s.spawn(endless(Member::of(&alive))));
            // It has no vote.
            drop(s.spawn_with_handle(endless::<()>(Member::of(&alive))));
            drop(s.spawn(async { Err("one") }));
            Ok(())
        });
        let error = votes.await.expect_err("one is left");
        assert!(matches!(error.why, Why::OutOfReach), "{error:?}");
        assert_eq!((error.into_first(), alive.load(SeqCst)), (Some("one"), 0));
    });
}

#[test]
fn the_first_that_ends_is_given_and_the_others_are_gone() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let scope = TaskScope::builder(&rt).joiner(FirstDone::default());
        let first = scope.run(async |s| {
            drop(s.spawn(endless::<()>(Member::of(&alive))));
            drop(s.spawn(async { Err("fast") }));
            Ok(())
        });
        assert!(matches!(first.await, Ok(Outcome::Err("fast"))));
        assert_eq!(alive.load(SeqCst), 0);
    });
}

#[test]
fn failures_are_tolerated_up_to_one_too_many() {
    everywhere(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(Tolerate::new(1));
        let outcomes = scope.run(async |s| {
            drop(s.spawn(async { Err("one") }));
            drop(s.spawn(async { Err("two") }));
            drop(s.spawn(pending::<Result<(), _>>()));
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects");
        assert!(
            matches!(
                outcomes[..],
                [Outcome::Err("one"), Outcome::Err("two"), Outcome::Cancelled]
            ),
            "{outcomes:?}"
        );
    });
}

#[test]
fn a_fold_ends_when_it_has_enough() {
    everywhere(|rt| async move {
        let fold = Fold::new(0, |sum: &mut u32, done: Done<u32, Fault>| {
            *sum += done.outcome.ok().unwrap_or(0);
            if *sum < 3 {
                return Flow::Continue;
            }
            Flow::Cancel(CancelKind::Satisfied.into())
        });
        let sum = TaskScope::builder(&rt).joiner(fold).run(async |s| {
            for _ in 0..3 {
                drop(s.spawn(async { Ok(1) }));
            }
            drop(s.spawn(pending()));
            Ok(())
        });
        assert_eq!(sum.await.expect("it has enough"), 3);
    });
}

#[test]
fn an_error_in_answer_to_a_deadline_stands_beside_it() {
    everywhere(|rt| async move {
        let scope = TaskScope::builder(&rt).deadline(rt.now() + MOMENT);
        let error = scope.run(async |s: TaskScope<_, (), Fault>| {
            drop(s.spawn_graceful(|token| async move {
                token.cancelled().await;
                Err("stopped")
            }));
            Ok(())
        });
        let error = error.await.expect_err("it is late");
        assert!(error.is_elapsed() && error.first.is_none(), "{error:?}");
        assert!(matches!(error.rest[..], [ref it] if matches!(it.fault, What::Error("stopped"))));
    });
}

#[test]
fn what_collects_gives_what_there_is_of_a_scope_that_was_cut_short() {
    everywhere(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            let first = s.spawn(async { Ok::<_, Fault>(1) });
            assert!(first.await.is_ok());
            drop(s.spawn(pending()));
            s.token().cancel();
            Ok(())
        });
        assert!(matches!(
            outcomes.await.expect("it collects")[..],
            [Outcome::Ok(1), Outcome::Cancelled]
        ));
    });
}
