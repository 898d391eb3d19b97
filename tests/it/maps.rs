//! Bounded maps on every runtime.

mod deadlock;
mod model;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::Semaphore;
use trunnion_core::{AnyRuntime, BlockOn, CancelKind, CancelToken, Clock, Spawn, Timer, YieldNow};
use trunnion_patterns::{each, map_concurrent, timeout};

use crate::runtimes::ALL;

const STEP: Duration = Duration::from_millis(1);

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("tests use limits above zero")
}

/// Works in the map's task, on the timer and in another task.
async fn work(rt: AnyRuntime, n: u64) -> Result<u64, u64> {
    rt.yield_now().await;
    rt.sleep(STEP).await;
    let inner = rt.clone();
    let task = rt.spawn(async move { inner.yield_now().await });
    task.await.expect("it is not aborted");
    if n == 13 { Err(n) } else { Ok(n) }
}

#[test]
fn every_terminal_works_on_every_runtime() {
    for (name, start) in ALL {
        let owner = start();
        let rt = owner.runtime();
        owner.block_on(async {
            let map = |most| map_concurrent(limit(4), each(0..most), |n| work(rt.clone(), n));
            let all = map(12).collect::<Vec<_>>().await;
            assert_eq!(all, (0..12).map(Ok).collect::<Vec<_>>(), "{name}");
            let tried = map(12).try_collect::<_, _, Vec<_>>().await;
            assert_eq!(tried.map(|all| all.len()), Ok(12), "{name}");
            let failed = map(99).unordered().try_collect::<_, _, Vec<_>>().await;
            assert_eq!(failed.map_err(|errors| errors.first), Err(13), "{name}");
            let settled = map(15).settle::<_, _, Vec<_>>().await;
            assert_eq!((settled.values.len(), settled.errors), (14, vec![(13, 13)]));
            let sum = map(12).try_fold(0, async |sum, n| Ok(sum + n)).await;
            assert_eq!(sum, Ok(66), "{name}");
            let sum = map(12).unordered().pump(async |mut outputs| {
                let mut sum = 0;
                while let Some(n) = outputs.next().await {
                    rt.sleep(STEP).await;
                    sum += n.unwrap_or(0);
                }
                sum
            });
            assert_eq!(sum.await, 66, "{name}");
            let lazy: Vec<_> = map(5)
                .weigh(limit(2), |n| if n % 2 == 0 { 1 } else { 2 })
                .lazy_stream()
                .collect()
                .await;
            assert_eq!(lazy.len(), 5, "{name}");
        });
    }
}

#[test]
fn pumps_run_in_spawned_tasks_and_are_cancelled_and_timed_out() {
    for (name, start) in ALL {
        let owner = start();
        let rt = owner.runtime();
        owner.block_on(async {
            let token = CancelToken::new();
            let (task_rt, inside) = (rt.clone(), token.clone());
            let task = rt.spawn(async move {
                let map = map_concurrent(limit(3), each(0..), |n: u64| {
                    let rt = task_rt.clone();
                    async move {
                        rt.sleep(STEP).await;
                        n
                    }
                });
                let done = map.drain(inside.clone()).for_each(async |n| {
                    if n == 20 {
                        inside.cancel_with(CancelKind::Satisfied);
                    }
                });
                done.await.map_err(|cut| cut.reason.kind())
            });
            let ended = task.await.expect("it is not aborted");
            assert_eq!(ended, Err(CancelKind::Satisfied), "{name}");

            let endless = map_concurrent(limit(3), each(0..), |n| work(rt.clone(), n % 7));
            let late = timeout(&rt, 20 * STEP, endless.collect::<Vec<_>>()).await;
            assert!(late.is_err(), "{name}");
        });
    }
}

#[test]
fn operations_share_a_semaphore_that_the_body_wants_as_well() {
    for (name, start) in ALL {
        let owner = start();
        let rt = owner.runtime();
        owner.block_on(async {
            let (permits, most) = (Semaphore::new(2), Arc::new(AtomicUsize::new(0)));
            let now = AtomicUsize::new(0);
            let enter = || most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let work = || async {
                let permit = permits.acquire().await;
                enter();
                rt.sleep(STEP).await;
                now.fetch_sub(1, Ordering::SeqCst);
                drop(permit);
            };
            let map = |n| map_concurrent(limit(n), each(0..10), |_| work());
            let one = map(4).for_each(async |()| work().await);
            let other = map(3).unordered().for_each(async |()| work().await);
            let begin = rt.now();
            let both = trunnion_patterns::gather((one, other));
            // Forty pieces of work, two at a time.
            both.await;
            assert!(rt.now() - begin >= 20 * STEP, "{name}");
            assert_eq!(most.load(Ordering::SeqCst), 2, "{name}");
        });
    }
}
