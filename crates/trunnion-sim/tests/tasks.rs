//! Spawning, blocking closures, local tasks, entering, and the end.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use trunnion_core::{
    AnyLocalRuntime, AnyRuntime, BlockOn, BlockingHandle, Clock, Instant, JoinError, RuntimeInfo,
    ShutdownRuntime, Spawn, SpawnBlocking, SpawnLocal, SpawnOptions, TaskHandle, Timer, YieldNow,
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
fn yielding_tasks_take_turns_under_every_schedule() {
    for schedule in ALL {
        let sim = Sim::new().schedule(schedule);
        let rt = sim.handle();
        sim.block_on(async {
            let turns = Arc::new(Mutex::new([0_u32; 3]));
            let tasks = [0, 1, 2].map(|n| {
                let (rt2, turns) = (rt.clone(), Arc::clone(&turns));
                rt.spawn(async move {
                    for _ in 0..200 {
                        turns.lock().unwrap()[n] += 1;
                        rt2.yield_now().await;
                    }
                })
            });
            while turns.lock().unwrap().iter().sum::<u32>() < 300 {
                rt.yield_now().await;
            }
            assert!(turns.lock().unwrap().iter().all(|turns| *turns > 40));
            for task in tasks {
                task.await.unwrap();
            }
        });
    }
}

#[test]
fn the_schedule_orders_new_tasks() {
    let order = |schedule| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let sim = Sim::new().schedule(schedule).seed(5);
        let rt = sim.handle();
        sim.block_on(async {
            for n in 0..4 {
                let order = Arc::clone(&order);
                rt.spawn_detached(async move { order.lock().unwrap().push(n) });
            }
            rt.settle().await;
        });
        order.lock().unwrap().clone()
    };
    assert_eq!(order(Schedule::Fifo), [0, 1, 2, 3]);
    assert_eq!(order(Schedule::Lifo), [3, 2, 1, 0]);
    let mut random = order(Schedule::Random);
    random.sort_unstable();
    assert_eq!(random, [0, 1, 2, 3]);
}

#[test]
fn dropping_the_handle_cancels_the_task_and_detach_lets_it_run() {
    run(|rt| async move {
        let log = Log::default();
        let (noisy, kept) = (Noisy(log.clone(), "cancelled"), Noisy(log.clone(), "ran"));
        let task = rt.spawn(async move {
            let _noisy = noisy;
            pending::<()>().await;
        });
        let sleep = rt.sleep(SECOND);
        rt.spawn(async move {
            let _kept = kept;
            sleep.await;
        })
        .detach();
        rt.settle().await;
        drop(task);
        rt.sleep(SECOND * 2).await;
        assert_eq!(*log.lock().unwrap(), ["cancelled", "ran"]);
    });
}

#[test]
fn a_panic_reaches_the_awaiter_and_nobody_else() {
    run(|rt| async move {
        let task = rt.spawn(async { panic!("no luck") });
        rt.spawn_detached(async { panic!("nobody sees it") });
        let job = rt.spawn_blocking(|| panic!("blocked"));
        match task.await {
            Err(JoinError::Panicked(payload)) => assert_eq!(payload.message(), Some("no luck")),
            other => panic!("{other:?}"),
        }
        assert!(job.await.unwrap_err().is_panic());
        rt.settle().await;
    });
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

#[test]
fn the_end_drops_pending_futures_once_oldest_first_on_the_dropping_thread() {
    let sim = Sim::new().schedule(Schedule::Random).seed(9);
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

#[test]
fn local_tasks_share_the_schedule_and_stay_on_their_thread() {
    let sim = Sim::new();
    let (rt, local) = (sim.handle(), sim.local());
    let home = thread::current().id();
    let value = Rc::new(Cell::new(0));
    let task = local.spawn_local({
        let (value, local) = (Rc::clone(&value), local.clone());
        async move {
            for _ in 0..10 {
                local.sleep(SECOND).await;
                assert_eq!(thread::current().id(), home);
                value.set(value.get() + 1);
            }
            let more = local.spawn_local(async move { value.get() });
            more.await.unwrap()
        }
    });
    sim.block_on(rt.sleep(Duration::from_millis(2_500)));
    assert_eq!(value.get(), 2);
    thread::scope(|scope| {
        scope.spawn(|| sim.block_on(rt.sleep(SECOND * 2)));
    });
    assert_eq!(value.get(), 2, "nobody else may run it");
    assert_eq!(local.block_on(task).unwrap(), 10);
}

#[test]
fn local_tasks_wait_for_wakes_from_other_threads() {
    let sim = Sim::new();
    let local = sim.local();
    let slot = Arc::new(Mutex::new((0_u32, None::<Waker>)));
    sim.block_on(async {
        let hold = local.hold();
        let waking = thread::spawn({
            let slot = Arc::clone(&slot);
            move || {
                for _ in 0..10_000 {
                    let mut state = slot.lock().unwrap();
                    state.0 += 1;
                    let waker = state.1.take();
                    drop(state);
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                }
                drop(hold);
            }
        });
        let task = local.spawn_local(poll_fn(move |cx| {
            let mut state = slot.lock().unwrap();
            state.1 = Some(cx.waker().clone());
            if state.0 == 10_000 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        task.await.unwrap();
        waking.join().unwrap();
    });
}

#[test]
fn erased_handles_reach_the_same_simulator() {
    let sim = Sim::new();
    let any = AnyRuntime::new(sim.handle());
    let any_local = AnyLocalRuntime::new(sim.local());
    let log = Log::default();
    let outcome = sim.block_on(async {
        let noisy = Noisy(log.clone(), "task");
        let options = SpawnOptions::new().name("erased");
        let task = any.spawn_with(options, async move {
            let _noisy = noisy;
            pending::<()>().await;
        });
        any.yield_now().await;
        let job = any.spawn_blocking(|| 6 * 7);
        let local = any_local.spawn_local(async { Rc::new(3) });
        assert_eq!(job.await.unwrap(), 42);
        assert_eq!(*local.await.unwrap(), 3);
        any.sleep(SECOND).await;
        task.cancel().await
    });
    assert!(outcome.unwrap_err().is_cancelled());
    assert_eq!(*log.lock().unwrap(), ["task"]);
    assert!(sim.handle().trace().to_string().contains("`erased`"));
}
