//! Spawning, blocking closures, local tasks, entering, and the end.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use trunnion_core::{
    AnyLocalRuntime, AnyRuntime, BlockOn, Clock, JoinError, RuntimeInfo, Spawn, SpawnBlocking,
    SpawnLocal, SpawnOptions, TaskHandle, Timer, YieldNow,
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
fn an_erased_static_runtime_inside_another_is_found_by_its_type() {
    static ANY: OnceLock<AnyRuntime> = OnceLock::new();
    let rt = Sim::new().handle();
    let inner = ANY.get_or_init(|| AnyRuntime::new(rt.clone()));
    let outer = AnyRuntime::from_static(inner);
    let found = outer.downcast_ref::<SimRuntime>().unwrap();
    assert_eq!(found.info().id, rt.info().id);
    assert!(outer.downcast_ref::<AnyRuntime>().is_some());
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
