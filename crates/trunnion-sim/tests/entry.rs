//! Entering the simulator, and the closures that run in it.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::cell::Cell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use trunnion_core::{
    AnyRuntime, BlockOn, BlockingHandle, Clock, Instant, RuntimeInfo, Spawn, SpawnBlocking,
    SpawnLocal, TaskHandle, Timer, YieldNow,
};
use trunnion_sim::{Schedule, Sim, SimRuntime, run};

const SECOND: Duration = Duration::from_secs(1);
const ALL: [Schedule; 3] = [Schedule::Fifo, Schedule::Lifo, Schedule::Random];

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

fn is_current(rt: &SimRuntime) -> bool {
    AnyRuntime::current().is_ok_and(|current| current.info().id == rt.info().id)
}

#[test]
fn a_panic_in_the_root_leaves_the_simulator_usable() {
    let sim = Sim::new();
    let rt = sim.handle();
    let task = rt.spawn(rt.sleep(SECOND));
    let caught = catch_unwind(AssertUnwindSafe(|| sim.block_on(async { panic!("root") })));
    assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "root");
    sim.block_on(task).unwrap();
}

#[test]
fn tasks_survive_from_one_block_on_to_the_next() {
    let sim = Sim::new();
    let rt = sim.handle();
    let task = rt.spawn({
        let rt = rt.clone();
        async move {
            for _ in 0..10 {
                rt.sleep(SECOND).await;
            }
            rt.now()
        }
    });
    sim.block_on(rt.sleep(SECOND * 3));
    assert!(!task.is_finished());
    assert_eq!(sim.block_on(task).unwrap() - Instant::ORIGIN, SECOND * 10);
}

#[test]
fn the_root_may_borrow_and_stay_on_its_thread() {
    let local = Rc::new(Cell::new(1));
    let borrowed = &local;
    run(|rt| async move {
        rt.yield_now().await;
        borrowed.set(2);
    });
    assert_eq!(local.get(), 2);
}

#[test]
fn block_on_inside_a_task_is_refused_and_gives_the_future_back() {
    let sim = Arc::new(Sim::new());
    let rt = sim.handle();
    let inner = Arc::clone(&sim);
    let task = rt.spawn(async move {
        let refused = inner.try_block_on(async { 7 }).unwrap_err();
        refused.into_inner().await
    });
    assert_eq!(sim.block_on(task).unwrap(), 7);
    sim.block_on(async { assert!(sim.try_block_on(async {}).is_err()) });
    let other = Sim::new();
    sim.block_on(async {
        other.block_on(async {
            assert!(
                sim.try_block_on(async {}).is_err(),
                "also through another simulator"
            );
            assert!(is_current(&other.handle()));
        });
        assert!(is_current(&rt));
    });
}

#[test]
fn block_on_from_a_second_thread_is_refused() {
    let sim = Sim::new();
    sim.block_on(async {
        thread::scope(|scope| {
            let second = scope.spawn(|| sim.try_block_on(async {}).is_err());
            assert!(second.join().unwrap());
        });
    });
    thread::scope(|scope| {
        let later = scope.spawn(|| sim.block_on(async { 1 }));
        assert_eq!(later.join().unwrap(), 1);
    });
}

#[test]
fn a_blocking_closure_may_enter_the_simulator_again() {
    for schedule in ALL {
        let sim = Arc::new(Sim::new().schedule(schedule));
        let rt = sim.handle();
        sim.block_on(async {
            let log = Arc::new(Mutex::new(Vec::new()));
            let ticker = rt.spawn({
                let (rt, log) = (rt.clone(), Arc::clone(&log));
                async move {
                    for n in 1..=3 {
                        rt.sleep(SECOND).await;
                        log.lock().unwrap().push(n);
                    }
                }
            });
            let job = rt.spawn_blocking({
                let (sim, log) = (Arc::clone(&sim), Arc::clone(&log));
                move || {
                    let rt = sim.handle();
                    assert!(is_current(&rt));
                    let deeper = rt.spawn_blocking({
                        let sim = Arc::clone(&sim);
                        move || sim.block_on(async { 20 })
                    });
                    let sum = sim.block_on(async {
                        rt.sleep(SECOND * 2).await;
                        deeper.await.unwrap() + 1
                    });
                    log.lock().unwrap().push(100);
                    sum
                }
            });
            assert_eq!(job.await.unwrap(), 21);
            ticker.await.unwrap();
            let log = log.lock().unwrap();
            assert!(log.contains(&100));
            assert_eq!(
                log.iter().position(|n| *n == 1),
                Some(0),
                "tasks ran inside"
            );
        });
    }
}

#[test]
fn a_hundred_closures_that_enter_the_simulator_finish() {
    let sim = Arc::new(Sim::new());
    let rt = sim.handle();
    sim.block_on(async {
        let jobs = [(); 100].map(|()| {
            let sim = Arc::clone(&sim);
            rt.spawn_blocking(move || sim.block_on(sim.handle().sleep(SECOND)))
        });
        for job in jobs {
            job.await.unwrap();
        }
    });
}

#[test]
fn blocking_closures_run_although_their_handles_are_dropped_and_can_be_revoked() {
    let count = Arc::new(());
    run(|rt| {
        let count = Arc::clone(&count);
        async move {
            let ran = Arc::new(Mutex::new(0));
            for _ in 0..2_000 {
                let ran = Arc::clone(&ran);
                drop(rt.spawn_blocking(move || *ran.lock().unwrap() += 1));
            }
            let revoked = rt.spawn_blocking(move || drop(count));
            revoked.revoke();
            assert!(revoked.await.unwrap_err().is_cancelled());
            assert_eq!(*ran.lock().unwrap(), 2_000);
        }
    });
    assert_eq!(Arc::strong_count(&count), 1);
}

#[test]
fn the_simulator_is_current_in_tasks_roots_closures_and_destructors() {
    let sim = Sim::new();
    let (rt, local) = (sim.handle(), sim.local());
    assert!(!is_current(&rt));
    let log = Log::default();
    sim.block_on(async {
        assert!(is_current(&rt));
        let inner = rt.clone();
        assert!(rt.spawn(async move { is_current(&inner) }).await.unwrap());
        let inner = rt.clone();
        assert!(rt.spawn_blocking(move || is_current(&inner)).await.unwrap());
        let inner = rt.clone();
        assert!(
            local
                .spawn_local(async move { is_current(&inner) })
                .await
                .unwrap()
        );
        let noisy = Noisy(log.clone(), "task");
        drop(rt.spawn(async move {
            let _noisy = noisy;
            pending::<()>().await;
        }));
    });
    let noisy = Noisy(log.clone(), "at the end");
    rt.spawn_detached(async move {
        let _noisy = noisy;
        pending::<()>().await;
    });
    drop(sim);
    assert_eq!(*log.lock().unwrap(), ["task", "at the end"]);
    assert!(!is_current(&rt));
}
