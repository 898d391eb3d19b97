//! How a body ends, and scopes in which there is little to do.

use std::future::pending;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use trunnion_core::{CancelKind, YieldNow};
use trunnion_patterns::{FirstDone, FirstSuccess, LimitedScope, Quorum, TaskScope, Why};

use super::{Fault, Member, caught, endless, everywhere};

#[test]
fn a_body_that_ends_early_waits_for_its_children_and_cancels_none() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let values = TaskScope::builder(&rt).run(async |s| {
            for n in 0..4_u32 {
                let (rt, member) = (rt.clone(), Member::of(&alive));
                drop(s.spawn_graceful(|token| async move {
                    let _member = member;
                    for _ in 0..n {
                        rt.yield_now().await;
                    }
                    assert!(!token.is_cancelled());
                    Ok::<_, Fault>(n)
                }));
            }
            Ok(())
        });
        assert_eq!(values.await.expect("all succeed"), [0, 1, 2, 3]);
        assert_eq!(alive.load(SeqCst), 0);
    });
}

#[test]
fn the_error_of_a_body_cancels_drains_and_comes_first() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let failed = TaskScope::builder(&rt).run(async |s| {
            drop(s.spawn(endless::<()>(Member::of(&alive))));
            let member = Member::of(&alive);
            drop(s.spawn_graceful(|token| async move {
                let reason = token.cancelled().await;
                assert_eq!(reason.kind(), CancelKind::ScopeClosed);
                drop(member);
                Err("cleanup")
            }));
            rt.yield_now().await;
            Err("body")
        });
        let error = failed.await.expect_err("the body failed");
        assert_eq!(alive.load(SeqCst), 0);
        assert!(error.rest.iter().all(|failed| failed.after_cancel));
        assert_eq!((error.rest.len(), error.cancelled), (1, 1), "{error:?}");
        assert_eq!(error.into_first(), Some("body"));
    });
}

#[test]
fn the_panic_of_a_body_cancels_drains_and_is_raised() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let raised = caught(
            TaskScope::builder(&rt).run(async |s: TaskScope<_, (), Fault>| {
                drop(s.spawn(endless(Member::of(&alive))));
                rt.yield_now().await;
                panic!("body")
            }),
        );
        let panic = raised.await.expect_err("it is raised");
        assert_eq!((panic.message(), alive.load(SeqCst)), (Some("body"), 0));
    });
}

#[test]
fn a_scope_that_is_not_polled_runs_nothing() {
    everywhere(|rt| async move {
        let ran = AtomicBool::new(false);
        let scope = TaskScope::builder(&rt).run(async |_: TaskScope<_, (), Fault>| {
            ran.store(true, SeqCst);
            Ok(())
        });
        drop(scope);
        rt.yield_now().await;
        assert!(!ran.load(SeqCst));
    });
}

#[test]
fn a_scope_without_children_ends_with_its_body_and_a_race_of_nobody_is_empty() {
    everywhere(|rt| async move {
        let none = TaskScope::builder(&rt).run(async |_: TaskScope<_, (), Fault>| Ok(()));
        assert!(none.await.expect("nothing fails").is_empty());
        let success = TaskScope::builder(&rt).joiner(FirstSuccess::<(), Fault>::default());
        let success = success.run(async |_| Ok(())).await.err();
        let done = TaskScope::builder(&rt).joiner(FirstDone::<(), Fault>::default());
        let done = done.run(async |_| Ok(())).await.err();
        let quorum = Quorum::<(), Fault>::new(NonZeroUsize::MIN);
        let quorum = TaskScope::builder(&rt).joiner(quorum);
        let quorum = quorum.run(async |_| Ok(())).await.err();
        for error in [success, done, quorum] {
            assert!(matches!(error.expect("nobody ran").why, Why::Empty));
        }
    });
}

#[test]
fn a_quorum_above_the_limit_is_refused_when_it_is_built_and_when_it_is_run() {
    everywhere(|rt| async move {
        let (one, two) = (NonZeroUsize::MIN, NonZeroUsize::MIN.saturating_add(1));
        let scope = || {
            let votes = Quorum::<(), Fault>::new(two);
            TaskScope::builder(&rt).limit(one).joiner(votes)
        };
        let built = scope().build().expect_err("it is refused");
        assert!(matches!(built.why, Why::QuorumAboveLimit));
        let ran = scope().run(async |_: LimitedScope<_, _, _>| pending().await);
        let ran = ran.await.expect_err("it is refused");
        assert!(matches!(ran.why, Why::QuorumAboveLimit));
    });
}
