//! Scopes with a limit.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use trunnion_core::YieldNow;
use trunnion_patterns::{CollectAll, LimitedScope, Quorum, SpawnError, TaskScope, Why};
use trunnion_sim::{SimRuntime, run};

use super::{Census, Fault, in_each_schedule};

fn some(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("not zero")
}

#[test]
fn at_most_the_limit_run_at_once_and_all_run() {
    let reached = AtomicUsize::new(0);
    in_each_schedule(async |rt: SimRuntime| {
        let (census, most) = (Census::default(), Arc::new(AtomicUsize::new(0)));
        let scope = TaskScope::builder(&rt).limit(some(2));
        let values = scope.run(async |s| {
            for n in 0..6 {
                let (census, most, rt) = (census.clone(), Arc::clone(&most), rt.clone());
                let child = s.spawn(async move {
                    let _member = census.join();
                    most.fetch_max(census.alive(), SeqCst);
                    rt.yield_now().await;
                    Ok::<_, Fault>(n)
                });
                drop(child.await.expect("it is open"));
            }
            Ok(())
        });
        assert_eq!(values.await.expect("all succeed"), [0, 1, 2, 3, 4, 5]);
        assert_eq!(census.alive(), 0);
        assert!(most.load(SeqCst) <= 2);
        reached.fetch_max(most.load(SeqCst), SeqCst);
    });
    assert_eq!(reached.load(SeqCst), 2, "in some schedule");
}

#[test]
fn a_full_scope_gives_the_future_back() {
    run(|rt| async move {
        let scope = TaskScope::builder(&rt).limit(some(1));
        let done = scope.run(async |s| {
            drop(s.try_spawn(async { Ok(1) }).expect("a place is free"));
            let full = s
                .try_spawn(async { Ok::<_, Fault>(2) })
                .expect_err("none is left");
            assert!(matches!(full, SpawnError::Full(_)));
            assert_eq!(full.into_inner().await, Ok(2));
            Ok(())
        });
        assert_eq!(done.await.expect("it succeeds"), [1]);
    });
}

#[test]
fn who_waits_for_a_place_is_let_go_when_the_scope_is_cancelled() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let scope = TaskScope::builder(&rt)
            .limit(some(1))
            .joiner(CollectAll::default());
        let outcomes = scope.run(async |s: LimitedScope<_, (), Fault>| {
            drop(s.spawn(census.endless()).await);
            let token = s.token().clone();
            let waiting = s.spawn(async { unreachable!() });
            let canceller = async {
                rt.yield_now().await;
                token.cancel();
            };
            let (mut waiting, mut canceller) = (Box::pin(waiting), Box::pin(canceller));
            std::future::poll_fn(|cx| {
                let _ = canceller.as_mut().poll(cx);
                waiting
                    .as_mut()
                    .poll(cx)
                    .map(|refused| assert!(refused.is_err()))
            })
            .await;
            Ok(())
        });
        assert_eq!(outcomes.await.expect("it collects").len(), 1);
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_quorum_above_the_limit_is_refused_when_built_and_before_anything_runs() {
    run(|rt| async move {
        let votes = Quorum::<(), Fault>::new(some(3));
        let built = TaskScope::builder(&rt).joiner(votes).limit(some(2)).build();
        assert!(matches!(
            built.expect_err("it is refused").why,
            Why::QuorumAboveLimit
        ));
        let votes = Quorum::<(), Fault>::new(some(3));
        let built = TaskScope::builder(&rt).limit(some(3)).joiner(votes).build();
        assert!(built.is_ok(), "all of them");
        let scope = TaskScope::builder(&rt)
            .limit(some(2))
            .joiner(Quorum::new(some(3)));
        let refused = scope.run(async |_: LimitedScope<_, (), Fault>| unreachable!());
        assert!(matches!(
            refused.await.expect_err("it is refused").why,
            Why::QuorumAboveLimit
        ));
    });
}
