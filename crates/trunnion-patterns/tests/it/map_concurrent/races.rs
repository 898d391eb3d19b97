//! Items, wakes, bodies and cancellation against each other, in many schedules.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};
use trunnion_core::{BlockOn, CancelToken, Entropy, Spawn, Timer, YieldNow};
use trunnion_patterns::map_concurrent;
use trunnion_sim::{Schedule, Sim, SimRuntime};

use super::limit;

const SEEDS: u64 = 256;
const ITEMS: u64 = 24;

/// Counts those that are alive, and the most there ever were.
#[derive(Clone, Default)]
struct Census(Arc<(AtomicUsize, AtomicUsize)>);

struct Member(Census);

impl Census {
    fn join(&self) -> Member {
        let now = self.0.0.fetch_add(1, SeqCst) + 1;
        self.0.1.fetch_max(now, SeqCst);
        Member(self.clone())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.0.0.0.fetch_sub(1, SeqCst);
    }
}

/// Sends all numbers from a task, with pauses.
fn source(rt: &SimRuntime) -> mpsc::Receiver<u64> {
    let (mut sender, receiver) = mpsc::channel(1);
    let task = rt.clone();
    rt.spawn_detached(async move {
        for n in 0..ITEMS {
            if task.next_u64() % 3 == 0 {
                task.sleep(Duration::from_millis(task.next_u64() % 4)).await;
            }
            if sender.send(n).await.is_err() {
                return;
            }
        }
    });
    receiver
}

/// Works in the map's own task and in another.
async fn work(rt: &SimRuntime, census: &Census, n: u64) -> u64 {
    let _member = census.join();
    for _ in 0..rt.next_u64() % 3 {
        rt.yield_now().await;
    }
    let inner = rt.clone();
    let pause = Duration::from_millis(rt.next_u64() % 3);
    let task = rt.spawn(async move { inner.sleep(pause).await });
    task.await.expect("it is not aborted");
    n
}

fn in_each_schedule(mut case: impl FnMut(u64, &SimRuntime, &Sim)) {
    for seed in 0..SEEDS {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        let rt = sim.handle();
        case(seed, &rt, &sim);
    }
}

#[test]
fn each_item_comes_out_once_and_no_more_than_the_limit_run() {
    in_each_schedule(|seed, rt, sim| {
        let census = Census::default();
        let most = usize::try_from(seed % 5 + 1).expect("it is small");
        let map = map_concurrent(limit(most), source(rt), |n| work(rt, &census, n));
        let mut map = map.ready_buffer(most / 2);
        if seed % 2 == 0 {
            map = map.unordered();
        }
        let mut seen = sim.block_on(map.pump(async |mut outputs| {
            let mut seen = Vec::new();
            while let Some(n) = outputs.next().await {
                if rt.next_u64() % 2 == 0 {
                    rt.sleep(Duration::from_millis(rt.next_u64() % 3)).await;
                }
                seen.push(n);
            }
            seen
        }));
        if seed % 2 == 0 {
            seen.sort_unstable();
        }
        assert_eq!(seen, (0..ITEMS).collect::<Vec<_>>(), "seed {seed}");
        assert!(census.0.1.load(SeqCst) <= most, "seed {seed}");
        assert_eq!(census.0.0.load(SeqCst), 0);
    });
}

#[test]
fn lazy_streams_and_collections_agree() {
    in_each_schedule(|seed, rt, sim| {
        let census = Census::default();
        let map = || map_concurrent(limit(3), source(rt), |n| work(rt, &census, n));
        let (streamed, collected) = sim.block_on(async {
            let streamed: Vec<_> = map().lazy_stream().collect().await;
            (streamed, map().collect::<Vec<_>>().await)
        });
        assert_eq!(streamed, collected, "seed {seed}");
        assert_eq!(collected.len() as u64, ITEMS);
    });
}

#[test]
fn what_is_cancelled_is_conserved() {
    in_each_schedule(|seed, rt, sim| {
        let (census, token, started) = (Census::default(), CancelToken::new(), Cell::new(0));
        let (canceller, task) = (token.clone(), rt.clone());
        rt.spawn_detached(async move {
            task.sleep(Duration::from_millis(task.next_u64() % 20))
                .await;
            canceller.cancel();
        });
        let finished = Cell::new(0);
        let map = map_concurrent(limit(4), source(rt), |n| {
            started.set(started.get() + 1);
            let (finished, census) = (&finished, &census);
            async move {
                let n = work(rt, census, n).await;
                finished.set(finished.get() + 1);
                n
            }
        });
        let drains = seed % 2 == 0;
        let map = if drains {
            map.drain(token)
        } else {
            map.cancel(token)
        };
        let result = sim.block_on(map.collect::<Vec<_>>());
        assert_eq!(census.0.0.load(SeqCst), 0, "seed {seed}");
        let all = match result {
            Ok(all) => {
                assert_eq!(all.len() as u64, ITEMS);
                all
            }
            Err(cut) => cut.into_so_far(),
        };
        // Nothing that came to its end is lost, and a drained map lets everything come to its end.
        assert_eq!(all.len(), finished.get(), "seed {seed}");
        assert!(all.is_sorted());
        if drains {
            assert_eq!(finished.get(), started.get(), "seed {seed}");
        }
    });
}

#[test]
fn after_the_first_error_nothing_starts() {
    in_each_schedule(|seed, rt, sim| {
        let (census, failed, late) = (Census::default(), Cell::new(false), Cell::new(0));
        let map = map_concurrent(limit(4), source(rt), |n| {
            late.set(late.get() + u32::from(failed.get()));
            let (census, failed) = (&census, &failed);
            async move {
                let n = work(rt, census, n).await;
                if n == seed % ITEMS {
                    failed.set(true);
                    return Err(n);
                }
                Ok(n)
            }
        });
        let result = sim.block_on(map.try_for_each(async |_| {
            rt.sleep(Duration::from_millis(1)).await;
            Ok(())
        }));
        assert_eq!(result.map_err(|errors| errors.first), Err(seed % ITEMS));
        assert_eq!((late.get(), census.0.0.load(SeqCst)), (0, 0), "seed {seed}");
    });
}
