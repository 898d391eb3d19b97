//! The futures of scopes, dropped at each of their points.

use std::future::Future;
use std::num::NonZeroUsize;

use trunnion_core::{CancelToken, Timer, YieldNow};
use trunnion_patterns::{Discard, LimitedScope, TaskScope};
use trunnion_sim::{Schedule, Sim, SimRuntime, cancel_sweep_in};

use super::{Census, Fault, MOMENT, after};

/// Drops what `make` makes at each of its points, inside a scope that must end without anybody left.
fn sweep<F, M>(make: M)
where
    F: Future,
    M: Fn(SimRuntime, Census, CancelToken) -> F,
{
    for seed in 0..64 {
        let sweep = cancel_sweep_in(
            || Sim::new().schedule(Schedule::Random).seed(seed),
            |rt| {
                let (census, token) = (Census::default(), CancelToken::new());
                let future = make(rt, census.clone(), token.clone());
                ((census, token), future)
            },
            |rt, (census, token)| async move {
                assert_eq!(census.alive(), 0, "a child is left");
                rt.sleep(2 * MOMENT).await;
                token.cancel();
                rt.settle().await;
                assert_eq!(census.alive(), 0, "a child came back");
            },
        );
        assert!(sweep.polls > 1, "it waits");
    }
}

#[test]
fn a_run_leaves_nothing_wherever_it_is_dropped() {
    sweep(|rt, census, token| async move {
        let scope = TaskScope::builder(&rt).token(&token).joiner(Discard::new());
        let ran = scope.run(async |s| {
            drop(s.spawn(census.endless()));
            let (late, member) = (after(&rt, 1, ()), census.join());
            drop(s.spawn_graceful(|token| async move {
                let _member = member;
                let _ = token.run_until_cancelled(late).await;
                Err::<(), Fault>("late")
            }));
            rt.yield_now().await;
            let started = s.start(|ready| async move {
                ready.send(());
                Ok(())
            });
            assert!(started.await.is_ok());
            Ok(())
        });
        assert!(ran.await.is_err());
    });
}

#[test]
fn nested_runs_leave_nothing_wherever_they_are_dropped() {
    sweep(|rt, census, _| async move {
        let outer = TaskScope::builder(&rt).run(async |outer| {
            let inner = outer.child_scope().run(async |s| {
                drop(s.spawn(census.endless::<()>()));
                drop(s.spawn(after(&rt, 1, Err("inner"))));
                Ok(())
            });
            drop(outer.spawn(census.endless::<()>()));
            inner.await.map(drop).map_err(|_| "outer")
        });
        assert_eq!(
            outer.await.expect_err("it failed").into_first(),
            Some::<Fault>("outer")
        );
    });
}

#[test]
fn start_and_limited_spawns_give_their_places_back_wherever_they_are_dropped() {
    sweep(|rt, census, token| async move {
        let scope = TaskScope::builder(&rt).token(&token).joiner(Discard::new());
        let started = scope.run(async |s: TaskScope<_, (), Fault>| {
            let (waits, goes_on) = (after(&rt, 2, ()), after(&rt, 3, ()));
            let member = census.join();
            let port = s.start(|ready| async move {
                let _member = member;
                waits.await;
                ready.send(80);
                goes_on.await;
                Ok(())
            });
            assert!(matches!(port.await, Ok(80)));
            Ok(())
        });
        assert!(started.await.is_ok());
        let one = NonZeroUsize::MIN;
        let limited =
            TaskScope::builder(&rt)
                .limit(one)
                .run(async |s: LimitedScope<_, (), Fault>| {
                    for _ in 0..3 {
                        let (member, late) = (census.join(), after(&rt, 1, ()));
                        let child = s.spawn(async move {
                            let _member = member;
                            late.await;
                            Ok(())
                        });
                        drop(child.await.expect("it is open"));
                    }
                    Ok(())
                });
        assert_eq!(limited.await.expect("all succeed").len(), 3);
    });
}

#[test]
fn cancelling_a_child_leaves_nothing_wherever_it_is_dropped() {
    sweep(|rt, census, _| async move {
        let scope = TaskScope::builder(&rt).run(async |s| {
            let child = s.spawn(census.endless::<()>());
            rt.yield_now().await;
            assert!(child.cancel().await.is_err());
            Ok::<_, Fault>(())
        });
        assert!(scope.await.is_ok());
    });
}
