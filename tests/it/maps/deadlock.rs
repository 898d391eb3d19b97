//! The deadlock of a buffered stream whose loop body needs what the operations hold: a fair lock goes to an operation that
//! was started and is not polled.

use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tokio::sync::Mutex;
use trunnion_core::panic::catch;
use trunnion_core::{BlockOn, Clock, Spawn, Timer};
use trunnion_patterns::{each, map_concurrent};
use trunnion_sim::{Schedule, Sim, SimRuntime};

use super::limit;

const STEP: Duration = Duration::from_millis(10);

/// Holds the lock for a while.
async fn hold(rt: &SimRuntime, lock: &Mutex<u32>) {
    let mut held = lock.lock().await;
    rt.sleep(STEP).await;
    *held += 1;
}

#[test]
fn a_buffered_stream_hangs_where_its_body_waits_for_an_operation_that_is_not_polled() {
    let sim = Sim::new();
    let rt = sim.handle();
    let hung = catch(|| {
        sim.block_on(async {
            let lock = Mutex::new(0);
            let mut outputs = stream::iter(0..4).map(|_| hold(&rt, &lock)).buffered(2);
            while outputs.next().await.is_some() {
                hold(&rt, &lock).await;
            }
        });
    });
    let text = hung.expect_err("the simulator sees it").to_string();
    assert!(text.contains("deadlock"), "{text}");
}

#[test]
fn a_lazy_stream_hangs_there_too_as_its_documentation_says() {
    let sim = Sim::new();
    let rt = sim.handle();
    let hung = catch(|| {
        sim.block_on(async {
            let lock = Mutex::new(0);
            let map = map_concurrent(limit(2), each(0..4), |_| hold(&rt, &lock));
            let mut outputs = std::pin::pin!(map.lazy_stream());
            while outputs.next().await.is_some() {
                hold(&rt, &lock).await;
            }
        });
    });
    assert!(hung.is_err());
}

#[test]
fn a_pump_finishes() {
    for seed in 0..256 {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        let rt = sim.handle();
        let (holds, took) = sim.block_on(async {
            let begin = rt.now();
            let lock = Mutex::new(0);
            let map = map_concurrent(limit(2), each(0..4), |_| hold(&rt, &lock));
            let pump = map.pump(async |mut outputs| {
                while outputs.next().await.is_some() {
                    hold(&rt, &lock).await;
                }
            });
            pump.await;
            (lock.into_inner(), rt.now() - begin)
        });
        assert_eq!((holds, took), (8, 8 * STEP), "seed {seed}");
    }
}

#[test]
fn a_pump_finishes_inside_a_task() {
    let sim = Sim::new();
    let rt = sim.handle();
    let task = rt.spawn({
        let rt = rt.clone();
        async move {
            let lock = Mutex::new(0);
            let map = map_concurrent(limit(2), each(0..4), |_| hold(&rt, &lock));
            map.for_each(async |()| hold(&rt, &lock).await).await;
            lock.into_inner()
        }
    });
    assert_eq!(sim.block_on(task).ok(), Some(8));
}
