//! The futures of scopes, dropped at each of their points.

use std::future::Future;

use trunnion_core::YieldNow;
use trunnion_patterns::{group, local_scope, scope, try_scope};
use trunnion_sim::{Schedule, Sim, SimRuntime, cancel_sweep_in};

use crate::task_scope::{Census, after};

/// Drops what `make` makes at each of its points; nobody of the census may be left.
fn sweep<F: Future>(make: impl Fn(SimRuntime, Census) -> F) {
    for seed in 0..64 {
        let sweep = cancel_sweep_in(
            || Sim::new().schedule(Schedule::Random).seed(seed),
            |rt| {
                let census = Census::default();
                (census.clone(), make(rt, census))
            },
            |_, census| async move { assert_eq!(census.alive(), 0, "a child is left") },
        );
        assert!(sweep.polls > 1, "it waits");
    }
}

/// A member that ends after so many moments.
fn member(
    rt: &SimRuntime,
    census: &Census,
    moments: u32,
) -> impl Future<Output = u32> + Send + use<> {
    let (member, late) = (census.join(), after(rt, moments, moments));
    async move {
        let _member = member;
        late.await
    }
}

#[test]
fn a_scope_leaves_nothing_wherever_it_is_dropped() {
    sweep(|rt, census| async move {
        let sum = scope(async |s| {
            let inner = s.clone();
            let (first, second) = (member(&rt, &census, 1), member(&rt, &census, 2));
            let first = s.spawn(first);
            s.spawn_detached(async move {
                inner.spawn_detached(second);
            });
            rt.yield_now().await;
            first.await.expect("it ends")
        });
        assert_eq!(sum.await, 1);
    });
}

#[test]
fn a_failing_scope_leaves_nothing_wherever_it_is_dropped() {
    sweep(|rt, census| async move {
        let failed = try_scope(async |s| {
            drop(s.spawn(census.endless::<()>()));
            member(&rt, &census, 1).await;
            Err::<(), _>(census.join())
        });
        assert!(failed.await.is_err());
    });
}

#[test]
fn local_scopes_and_groups_leave_nothing_wherever_they_are_dropped() {
    sweep(|rt, census| async move {
        local_scope(async |s| {
            for moments in 0..3 {
                let (rt, census) = (&rt, &census);
                s.spawn_detached(async move {
                    group(async |s| {
                        for more in 0..3 {
                            s.spawn_detached(member(rt, census, moments + more));
                        }
                    })
                    .await;
                });
            }
        })
        .await;
    });
}

#[test]
fn awaiting_and_cancelling_a_child_leave_nothing_wherever_they_are_dropped() {
    sweep(|rt, census| async move {
        scope(async |s| {
            let (kept, endless) = (
                s.spawn(member(&rt, &census, 2)),
                s.spawn(census.endless::<()>()),
            );
            rt.yield_now().await;
            assert!(endless.cancel().await.is_err());
            assert_eq!(kept.await.expect("it ends"), 2);
        })
        .await;
    });
}
