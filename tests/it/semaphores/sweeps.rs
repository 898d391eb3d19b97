//! The futures of a semaphore, dropped at each of their points: no permit and no place is lost.

use std::future::Future;

use trunnion_core::{Spawn, Timer, YieldNow};
use trunnion_patterns::Semaphore;
use trunnion_sim::{Schedule, Sim, SimRuntime, cancel_sweep_in};

use super::{MOMENT, SEEDS, assert_whole};

/// Drops what `make` makes at each of its points, beside others that hold permits and wait for some. All permits must be back then, and
/// whoever waited must have been served.
fn sweep<F, M>(make: M)
where
    F: Future,
    M: Fn(SimRuntime, Semaphore) -> F,
{
    for seed in 0..SEEDS {
        let polls = cancel_sweep_in(
            || Sim::new().schedule(Schedule::Random).seed(seed),
            |rt| {
                let semaphore = Semaphore::new(2);
                let first = semaphore.try_acquire_owned().expect("it is free");
                let second = semaphore.try_acquire_owned().expect("it is free");
                let mut others = Vec::new();
                for (after, permit) in [(1, first), (2, second)] {
                    let clock = rt.clone();
                    others.push(rt.spawn(async move {
                        clock.sleep(after * MOMENT).await;
                        drop(permit);
                    }));
                }
                for permits in [1, 2] {
                    let (semaphore, clock) = (semaphore.clone(), rt.clone());
                    others.push(rt.spawn(async move {
                        clock.yield_now().await;
                        let permit = semaphore.acquire_many(permits).await;
                        assert_eq!(permit.expect("it is open").count(), permits);
                    }));
                }
                let future = make(rt, semaphore.clone());
                ((semaphore, others), future)
            },
            |_, (semaphore, others)| async move {
                for other in others {
                    other.await.expect("it is served");
                }
                assert_whole(&semaphore);
            },
        )
        .polls;
        assert!(polls > 1, "it waits");
    }
}

#[test]
fn acquire_loses_nothing_wherever_it_is_dropped() {
    sweep(|rt, semaphore| async move {
        let permit = semaphore.acquire().await.expect("it is open");
        rt.yield_now().await;
        drop(permit);
    });
}

#[test]
fn acquire_many_loses_nothing_wherever_it_is_dropped() {
    sweep(|rt, semaphore| async move {
        let mut permit = semaphore.acquire_many(2).await.expect("it is open");
        let half = permit.split(1);
        rt.yield_now().await;
        drop(half);
        rt.yield_now().await;
    });
}

#[test]
fn acquire_owned_loses_nothing_wherever_it_is_dropped() {
    sweep(|rt, semaphore| async move {
        let permit = semaphore.acquire_owned().await.expect("it is open");
        rt.yield_now().await;
        drop(permit);
    });
}

#[test]
fn acquire_many_owned_loses_nothing_wherever_it_is_dropped() {
    sweep(|rt, semaphore| async move {
        let mut permit = semaphore.acquire_many_owned(2).await.expect("it is open");
        let half = permit.split(1).expect("it holds two");
        rt.yield_now().await;
        permit.merge(half);
        rt.yield_now().await;
    });
}

#[test]
fn drained_loses_nothing_wherever_it_is_dropped() {
    sweep(|_, semaphore| async move { semaphore.drained().await });
}
