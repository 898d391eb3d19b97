//! Each future of a layer, dropped at each of its points.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};
use trunnion_core::{Spawn, TaskHandle, Timer, YieldNow};
use trunnion_patterns::{Failure, Semaphore};
use trunnion_sim::{Schedule, Sim, SimRuntime, cancel_sweep_in};
use trunnion_tower::{FlattenLayer, RetryLayer, TimeoutLayer};

use super::{MOMENT, RETRY, assert_whole, at_most};
use crate::ledger::Ledger;

/// What is left when a request was dropped.
#[derive(Clone)]
struct Left {
    ledger: Ledger,
    semaphore: Semaphore,
    /// How many requests reached the service.
    asked: Arc<AtomicU32>,
}

/// Drops what `make` makes at every point, under a few seeds: no timer waits, no permit is out, and nothing of the budget is held.
fn sweep<F: Future>(least: usize, make: impl Fn(SimRuntime, Left) -> F) {
    for seed in 0..16 {
        let sweep = cancel_sweep_in(
            || Sim::new().schedule(Schedule::Random).seed(seed),
            |rt| {
                let left = Left {
                    ledger: Ledger::default(),
                    semaphore: at_most(1).semaphore().clone(),
                    asked: Arc::default(),
                };
                (left.clone(), make(rt, left))
            },
            |rt, left| async move {
                left.ledger
                    .assert_settled(left.asked.load(SeqCst).saturating_sub(1));
                // Who holds the permit beside the request gives it back by itself.
                rt.sleep(100 * MOMENT).await;
                assert_whole(&left.semaphore);
                assert_eq!(rt.next_deadline(), None, "a timer is left");
            },
        );
        assert!(sweep.polls > least, "it waits more than once");
    }
}

/// Fails after a turn and a moment.
async fn down(rt: SimRuntime, left: Left) -> Result<(), Failure<&'static str>> {
    left.asked.fetch_add(1, SeqCst);
    rt.yield_now().await;
    rt.sleep(MOMENT).await;
    Err(Failure::Op("down"))
}

#[test]
fn retries_leave_nothing_wherever_they_are_dropped() {
    sweep(6, |rt, left| {
        let retry = RETRY
            .attempt_timeout(2 * MOMENT)
            .budget(left.ledger.clone());
        let clock = rt.clone();
        let layer = RetryLayer::new(rt, retry).deadline_after(9 * MOMENT);
        layer
            .layer(service_fn(move |(): ()| down(clock.clone(), left.clone())))
            .oneshot(())
    });
}

#[test]
fn timeouts_leave_nothing_wherever_they_are_dropped() {
    sweep(2, |rt, _| {
        let clock = rt.clone();
        TimeoutLayer::new(rt, 2 * MOMENT)
            .layer(service_fn(move |(): ()| {
                let clock = clock.clone();
                async move {
                    clock.yield_now().await;
                    clock.sleep(3 * MOMENT).await;
                    Ok::<_, ()>(())
                }
            }))
            .oneshot(())
    });
}

#[test]
fn a_whole_stack_leaves_nothing_wherever_it_is_dropped() {
    sweep(5, |rt, left| {
        let retry = RETRY
            .attempt_timeout(2 * MOMENT)
            .budget(left.ledger.clone());
        let limit = trunnion_tower::ConcurrencyLimitLayer::with_semaphore(left.semaphore.clone());
        let (clock, semaphore, other) = (rt.clone(), left.semaphore.clone(), rt.clone());
        let service = ServiceBuilder::new()
            .layer(RetryLayer::new(rt.clone(), retry))
            .layer(FlattenLayer)
            .layer(limit)
            .layer(FlattenLayer)
            .layer(TimeoutLayer::new(rt, 2 * MOMENT))
            .service(service_fn(move |(): ()| down(clock.clone(), left.clone())));
        async move {
            // Another asks for the permit again and again, so that attempts wait in the line, are granted, and are given up there.
            let rival = other.clone();
            let rival = other.spawn(async move {
                for turn in 0..6 {
                    let permit = semaphore.acquire().await;
                    rival.sleep(turn % 4 * MOMENT).await;
                    drop(permit);
                    rival.yield_now().await;
                }
            });
            rival.detach();
            service.oneshot(()).await
        }
    });
}
