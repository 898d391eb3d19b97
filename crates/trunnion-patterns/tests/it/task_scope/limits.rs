//! Scopes with a limit.

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use trunnion_core::{Timer, YieldNow};
use trunnion_patterns::{
    CollectAll, LimitedScope, Quorum, SpawnError, TaskScope, Why, gather, timeout,
};
use trunnion_sim::{SimRuntime, run};

use super::{Census, Fault, after, in_each_schedule};

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

/// Counts those that run; who waits for a place does not.
#[derive(Clone, Debug, Default)]
struct Busy(Arc<(AtomicUsize, AtomicUsize)>);

impl Busy {
    /// Works for some turns.
    async fn work(&self, rt: &SimRuntime) {
        let running = self.0.0.fetch_add(1, SeqCst) + 1;
        self.0.1.fetch_max(running, SeqCst);
        rt.yield_now().await;
        rt.yield_now().await;
        self.0.0.fetch_sub(1, SeqCst);
    }
}

type Tree = LimitedScope<SimRuntime, u32, Fault>;

/// Works, spawns two of the next generation, and works again.
fn grow(
    s: Tree,
    rt: SimRuntime,
    busy: Busy,
    depth: u32,
) -> Pin<Box<dyn Future<Output = Result<u32, Fault>> + Send>> {
    Box::pin(async move {
        busy.work(&rt).await;
        for _ in 0..2 {
            if depth > 0 {
                let next = grow(s.clone(), rt.clone(), busy.clone(), depth - 1);
                drop(s.spawn(next).await.map_err(|_| "refused")?);
                busy.work(&rt).await;
            }
        }
        Ok(depth)
    })
}

#[test]
fn children_that_spawn_siblings_into_their_full_scope_lend_their_places() {
    for limit in 1..=3 {
        in_each_schedule(async |rt: SimRuntime| {
            let busy = Busy::default();
            let scope = TaskScope::builder(&rt).limit(some(limit));
            let depths = scope.run(async |s: Tree| {
                for _ in 0..2 {
                    let next = grow(s.clone(), rt.clone(), busy.clone(), 3);
                    drop(s.spawn(next).await.expect("it is open"));
                }
                Ok(())
            });
            let depths = timeout(&rt, Duration::from_secs(1), depths).await;
            let depths = depths.expect("it ends").expect("all succeed");
            assert_eq!(depths.len(), 2 * 15);
            assert!(busy.0.1.load(SeqCst) <= limit, "{busy:?} run at once");
        });
    }
}

#[test]
fn a_child_that_gives_up_waiting_has_its_place_again_before_it_goes_on() {
    in_each_schedule(async |rt: SimRuntime| {
        let busy = Busy::default();
        let scope = TaskScope::builder(&rt).limit(some(1));
        let ran = scope.run(async |s: LimitedScope<_, &str, Fault>| {
            let (inner, clock, at_work) = (s.clone(), rt.clone(), busy.clone());
            let parent = s.spawn(async move {
                clock.sleep(super::MOMENT).await;
                // Somebody else waits for the place, has it next, and keeps it longer than this one waits.
                let never = inner.spawn(async { unreachable!("nobody waits for it") });
                assert!(timeout(&clock, super::MOMENT, never).await.is_err());
                clock.yield_now().await;
                at_work.work(&clock).await;
                Ok("parent")
            });
            drop(parent.await.expect("it is open"));
            let (clock, at_work) = (rt.clone(), busy.clone());
            let other = s.spawn(async move {
                for _ in 0..3 {
                    clock.sleep(super::MOMENT).await;
                    at_work.work(&clock).await;
                }
                at_work.0.0.fetch_add(1, SeqCst);
                clock.sleep(super::MOMENT).await;
                at_work.0.0.fetch_sub(1, SeqCst);
                Ok("other")
            });
            drop(other.await.expect("it is open"));
            Ok(())
        });
        let ran = timeout(&rt, Duration::from_secs(1), ran).await;
        assert_eq!(ran.expect("it ends").expect("both succeed").len(), 2);
        assert_eq!(busy.0.1.load(SeqCst), 1);
    });
}

#[test]
fn waits_of_one_child_side_by_side_do_not_wait_for_each_other() {
    in_each_schedule(async |rt: SimRuntime| {
        let scope = TaskScope::builder(&rt).limit(some(1));
        let ran = scope.run(async |s: LimitedScope<_, u32, Fault>| {
            let inner = s.clone();
            let clock = rt.clone();
            let child = s.spawn(async move {
                let spawned = (0..4).map(|n| {
                    let clock = clock.clone();
                    inner.spawn(async move {
                        clock.yield_now().await;
                        Ok(n)
                    })
                });
                let spawned = gather(spawned.collect::<Vec<_>>()).await;
                assert!(spawned.iter().all(Result::is_ok));
                Ok(4)
            });
            drop(child.await.expect("it is open"));
            Ok(())
        });
        let ran = timeout(&rt, Duration::from_secs(1), ran).await;
        let mut ran = ran.expect("it ends").expect("all succeed");
        ran.sort_unstable();
        assert_eq!(ran, [0, 1, 2, 3, 4]);
    });
}

#[test]
fn a_named_child_waits_for_a_place_and_what_needs_none_does_not() {
    in_each_schedule(|rt| async move {
        let scope = TaskScope::builder(&rt).limit(NonZeroUsize::MIN);
        let done = scope.run(async |s: LimitedScope<_, u32, Fault>| {
            let first = s.spawn_named("first", after(&rt, 2, Ok(1))).await;
            let names = || s.scope().children();
            assert_eq!(names()[0].name(), Some("first"));
            let kept = s.scope().spawn_with_handle(after(&rt, 1, 7));
            assert_eq!(kept.await.expect("it ends"), 7);
            assert!(
                !first.expect("it is open").is_finished(),
                "it has the place"
            );
            let second = s.spawn_named("second", async { Ok(2) }).await;
            assert!(!second.expect("it is open").is_refused());
            Ok(())
        });
        assert_eq!(done.await.expect("all succeed"), [1, 2]);
    });
}
