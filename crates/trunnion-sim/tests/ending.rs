//! The end of a simulator.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::future::pending;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::Duration;

use trunnion_core::{
    AnyRuntime, BlockOn, Clock, ShutdownRuntime, Spawn, SpawnBlocking, SpawnLocal, TaskHandle,
    Timer, YieldNow,
};
use trunnion_sim::{Schedule, Sim, SimRuntime};

const SECOND: Duration = Duration::from_secs(1);
type Log = Arc<Mutex<Vec<String>>>;

/// Writes its name when it is dropped, and whether the simulator was current then.
struct Noisy(Log, &'static str);

impl Drop for Noisy {
    fn drop(&mut self) {
        let inside = AnyRuntime::current().is_ok();
        let line = format!("{}{}", self.1, if inside { "" } else { " outside" });
        self.0.lock().unwrap().push(line);
    }
}

#[test]
fn the_end_drops_pending_futures_once_oldest_first_on_the_dropping_thread() {
    let sim = Sim::new();
    let (rt, local) = (sim.handle(), sim.local());
    let log = Log::default();
    for name in ["a", "b", "c"] {
        let noisy = Noisy(log.clone(), name);
        let sleep = rt.sleep(SECOND);
        rt.spawn_detached(async move {
            let _noisy = noisy;
            sleep.await;
        });
    }
    let noisy = Rc::new(Noisy(log.clone(), "local"));
    let awaited = local.spawn_local(async move {
        let _noisy = noisy;
        pending::<()>().await;
    });
    let noisy = Noisy(log.clone(), "closure");
    let job = rt.spawn_blocking(move || drop(noisy));
    sim.block_on(rt.yield_now());
    let report = sim.shutdown(Duration::ZERO).unwrap();
    assert_eq!(report.tasks_dropped, 4);
    let mut lines = log.lock().unwrap().clone();
    lines.retain(|line| line != "closure");
    assert_eq!(lines, ["a", "b", "c", "local"]);
    let other = Sim::new();
    assert!(other.block_on(awaited).unwrap_err().is_shutdown());
    let job = other.block_on(job);
    assert!(job.is_ok() || job.unwrap_err().is_shutdown());
    assert_eq!(log.lock().unwrap().len(), 5);
}

#[test]
fn the_order_in_which_the_end_drops_follows_from_the_seed() {
    let order = |seed| {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        let rt = sim.handle();
        let log = Log::default();
        for name in ["a", "b", "c"] {
            let noisy = Noisy(log.clone(), name);
            rt.spawn_detached(async move {
                let _noisy = noisy;
                pending::<()>().await;
            });
        }
        sim.block_on(rt.settle());
        drop(sim);
        log.lock().unwrap().concat()
    };
    let orders: std::collections::BTreeSet<String> = (0..100).map(order).collect();
    assert_eq!(orders.len(), 6, "{orders:?}");
    assert_eq!(order(5), order(5));
}

#[test]
fn after_the_end_spawns_are_refused_and_nothing_panics() {
    let sim = Sim::new();
    let (rt, local) = (sim.handle(), sim.local());
    drop(sim);
    let other = Sim::new();
    let tasks = async {
        assert!(rt.spawn(async {}).await.unwrap_err().is_shutdown());
        assert!(rt.spawn_blocking(|| {}).await.unwrap_err().is_shutdown());
        assert!(local.spawn_local(async {}).await.unwrap_err().is_shutdown());
        rt.spawn_detached(async { unreachable!() });
        rt.settle().await;
        rt.advance(SECOND).await;
    };
    other.block_on(tasks);
}

#[test]
fn who_settles_or_advances_from_elsewhere_is_woken_by_the_end() {
    let sim = Sim::new();
    let rt = sim.handle();
    let other = Sim::new();
    let waits = other.handle();
    other.block_on(async {
        let settles = waits.spawn(rt.settle());
        let advances = waits.spawn(rt.advance(SECOND));
        waits.settle().await;
        assert!(!settles.is_finished() && !advances.is_finished());
        drop(sim);
        settles.await.unwrap();
        advances.await.unwrap();
    });
}

#[test]
fn destructors_at_the_end_may_spawn_and_sleep() {
    struct Spawns(SimRuntime, Arc<Mutex<u32>>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            let refused = self.0.spawn(async {});
            assert!(refused.is_finished());
            let mut sleep = Box::pin(self.0.sleep(SECOND));
            let mut cx = std::task::Context::from_waker(Waker::noop());
            assert!(sleep.as_mut().poll(&mut cx).is_pending());
            *self.1.lock().unwrap() += 1;
        }
    }
    let sim = Sim::new();
    let rt = sim.handle();
    let dropped = Arc::new(Mutex::new(0));
    for _ in 0..3 {
        let spawns = Spawns(rt.clone(), Arc::clone(&dropped));
        rt.spawn_detached(async move {
            let _spawns = spawns;
            pending::<()>().await;
        });
    }
    sim.block_on(rt.yield_now());
    drop(sim);
    assert_eq!(*dropped.lock().unwrap(), 3);
}

#[test]
fn shutdown_inside_the_simulator_is_refused_and_a_drop_there_ends_it() {
    let sim = Sim::new();
    let (rt, local) = (sim.handle(), sim.local());
    local.block_on(async move {
        let waiting = rt.spawn(pending::<()>());
        rt.settle().await;
        let sim = sim.shutdown(Duration::ZERO).unwrap_err().into_inner();
        assert!(!waiting.is_finished());
        drop(sim);
        assert!(waiting.await.unwrap_err().is_shutdown());
    });
}

#[test]
fn tasks_do_not_keep_the_simulator_alive() {
    let alive = Arc::new(());
    let sim = Sim::new();
    let rt = sim.handle();
    let (kept, inner) = (Arc::clone(&alive), rt.clone());
    rt.spawn_detached(async move {
        let _hold = (kept, inner.hold());
        let sleep = inner.sleep(Duration::MAX);
        inner.spawn_detached(sleep);
        pending::<()>().await;
    });
    sim.block_on(rt.yield_now());
    drop(sim);
    assert_eq!(Arc::strong_count(&alive), 1);
}
