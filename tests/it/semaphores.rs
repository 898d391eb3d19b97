//! Semaphores in tasks: on every runtime, in many schedules, against a model, and with each of their futures dropped at each point.

mod model;
mod probes;
mod sweeps;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use trunnion_core::{AnyRuntime, BlockOn, Clock, Spawn, Timer, YieldNow};
use trunnion_patterns::{AcquireError, Semaphore, TryAcquireError, timeout};
use trunnion_sim::Sim;

use crate::runtimes::{ALL, SEEDS, everywhere};

const MOMENT: Duration = Duration::from_millis(1);

/// Asserts that all permits are back, and that nobody waits.
#[track_caller]
fn assert_whole(semaphore: &Semaphore) {
    let stats = semaphore.stats();
    assert_eq!((stats.available, stats.held), (stats.limit, 0), "{stats:?}");
    let rest = (stats.debt, stats.assigned, stats.waiting);
    assert_eq!(rest, (0, 0, 0), "{stats:?}");
    assert_eq!(stats.granted_unclaimed, 0, "{stats:?}");
}

/// Counts who is inside, and that they are never more than allowed.
#[derive(Default)]
struct Inside {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Inside {
    fn enter(&self, permits: usize) {
        let now = self.now.fetch_add(permits, SeqCst) + permits;
        self.most.fetch_max(now, SeqCst);
    }

    fn leave(&self, permits: usize) {
        self.now.fetch_sub(permits, SeqCst);
    }
}

/// Eight tasks, each of which wants another number of permits, one of them owned.
async fn a_crowd(rt: AnyRuntime) {
    let (semaphore, inside) = (Semaphore::new(3), Arc::new(Inside::default()));
    let tasks = [1, 2, 3, 1, 2, 3, 1, 1].map(|permits| {
        let (semaphore, inside, rt) = (semaphore.clone(), Arc::clone(&inside), rt.clone());
        rt.clone().spawn(async move {
            for _ in 0..10 {
                let permit = semaphore.acquire_many(permits).await.expect("it is open");
                inside.enter(permits);
                rt.yield_now().await;
                inside.leave(permits);
                drop(permit);
                let owned = semaphore.acquire_owned().await.expect("it is open");
                inside.enter(1);
                inside.leave(1);
                drop(owned);
            }
        })
    });
    for task in tasks {
        task.await.expect("it ends");
    }
    assert!(inside.most.load(SeqCst) <= 3);
    assert_whole(&semaphore);
}

#[test]
fn a_crowd_never_exceeds_the_limit_and_all_are_served() {
    everywhere(a_crowd);
}

/// Permits are given back by other tasks than those that took them, while the limit goes up and down.
async fn a_moving_limit(rt: AnyRuntime) {
    let semaphore = Semaphore::new(4);
    let mut tasks = Vec::new();
    for number in 0..6 {
        let (semaphore, rt) = (semaphore.clone(), rt.clone());
        tasks.push(rt.clone().spawn(async move {
            for _ in 0..5 {
                match semaphore.acquire_many_owned(1 + number % 3).await {
                    Ok(permit) => {
                        let clock = rt.clone();
                        rt.spawn_detached(async move {
                            clock.yield_now().await;
                            drop(permit);
                        });
                    }
                    Err(error) => {
                        assert!(
                            matches!(error, AcquireError::ExceedsLimit { .. }),
                            "{error}"
                        );
                    }
                }
            }
        }));
    }
    for limit in [1, 6, 0, 2, 3] {
        semaphore.set_limit(limit);
        rt.yield_now().await;
    }
    for task in tasks {
        task.await.expect("it ends");
    }
    semaphore.drained().await;
    assert_eq!(semaphore.limit(), 3);
    assert_whole(&semaphore);
}

#[test]
fn a_limit_that_moves_keeps_every_permit() {
    everywhere(a_moving_limit);
}

/// It closes while tasks hold, wait and come; what is out comes back, and then it is drained.
async fn a_shutdown(rt: AnyRuntime) {
    let semaphore = Semaphore::new(2);
    let done = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for _ in 0..6 {
        let (semaphore, rt, done) = (semaphore.clone(), rt.clone(), Arc::clone(&done));
        tasks.push(rt.clone().spawn(async move {
            while let Ok(_permit) = semaphore.acquire().await {
                rt.sleep(MOMENT).await;
                done.fetch_add(1, SeqCst);
            }
        }));
    }
    rt.sleep(3 * MOMENT).await;
    semaphore.close();
    semaphore.drained().await;
    let finished = done.load(SeqCst);
    for task in tasks {
        task.await.expect("it ends");
    }
    assert_eq!(done.load(SeqCst), finished, "one ran after the drain");
    assert_eq!(
        semaphore.try_acquire().expect_err("it is refused"),
        TryAcquireError::Closed
    );
    assert_whole(&semaphore);
}

#[test]
fn a_shutdown_waits_for_what_is_out() {
    everywhere(a_shutdown);
}

/// Who waits too long leaves, and those behind are served.
async fn impatient(rt: AnyRuntime) {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire().expect("it is free");
    let mut late = pin!(timeout(&rt, MOMENT, semaphore.acquire_many(2)));
    // From here on it is in the line, before the next.
    let waits = futures::poll!(late.as_mut()).is_pending();
    let behind = {
        let semaphore = semaphore.clone();
        rt.spawn(async move { drop(semaphore.acquire().await.expect("it is open")) })
    };
    assert!(waits && late.await.is_err(), "it cannot have two");
    behind.await.expect("it ends");
    drop(held);
    assert_whole(&semaphore);
}

#[test]
fn who_waits_too_long_holds_up_nobody() {
    for (_, start) in ALL {
        let owner = start();
        owner.block_on(impatient(owner.runtime()));
    }
}

#[test]
fn the_order_of_the_line_is_kept_in_virtual_time() {
    let sim = Sim::new();
    let rt = sim.handle();
    sim.block_on(async {
        let (semaphore, start) = (Semaphore::new(1), rt.now());
        let tasks: Vec<_> = (0..4_u32)
            .map(|number| {
                let (semaphore, rt) = (semaphore.clone(), rt.clone());
                rt.clone().spawn(async move {
                    rt.sleep(number * MOMENT / 10).await;
                    let _permit = semaphore.acquire().await.expect("it is open");
                    let got = rt.now();
                    rt.sleep(MOMENT).await;
                    got
                })
            })
            .collect();
        for (number, task) in (0..).zip(tasks) {
            assert_eq!(task.await.expect("it ends") - start, number * MOMENT);
        }
    });
}
