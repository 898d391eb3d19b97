//! The virtual clock: when it jumps, when it stands, and what sleeps see of it.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use trunnion_core::{BlockOn, Clock, Instant, RealClock, Spawn, SpawnBlocking, Timer, YieldNow};
use trunnion_sim::{Schedule, Sim, SimRuntime, run};

const SECOND: Duration = Duration::from_secs(1);
const ALL: [Schedule; 3] = [Schedule::Fifo, Schedule::Lifo, Schedule::Random];

fn at(seconds: u64) -> Instant {
    Instant::ORIGIN + SECOND * u32::try_from(seconds).unwrap()
}

#[test]
fn a_day_of_sleeps_takes_no_time() {
    let start = RealClock.now();
    run(|rt| async move {
        for _ in 0..24 * 60 * 60 {
            rt.sleep(SECOND).await;
        }
        assert_eq!(rt.now(), at(24 * 60 * 60));
    });
    // About 20 ms with optimisation. A busy machine may take long; a real second for each virtual one it cannot be.
    assert!(RealClock.now() - start < SECOND * 60);
}

#[test]
fn the_clock_starts_at_the_origin_and_moves_exactly_to_deadlines() {
    run(|rt| async move {
        assert_eq!(rt.now(), Instant::ORIGIN);
        let odd = Duration::from_nanos(1_234_567_891);
        rt.sleep(odd).await;
        assert_eq!(rt.now(), Instant::ORIGIN + odd);
        assert_eq!(rt.granularity(), Duration::ZERO);
    });
}

#[test]
fn the_clock_stands_while_something_is_runnable() {
    for schedule in ALL {
        let sim = Sim::new().schedule(schedule);
        let rt = sim.handle();
        sim.block_on(async {
            let sleeper = rt.spawn(rt.sleep(SECOND));
            for _ in 0..1_000 {
                rt.yield_now().await;
                assert_eq!(rt.now(), Instant::ORIGIN);
            }
            sleeper.await.unwrap();
            assert_eq!(rt.now(), at(1));
        });
    }
}

#[test]
fn a_task_that_yields_for_ever_does_not_stop_time_for_ever() {
    for schedule in ALL {
        let sim = Sim::new().schedule(schedule).trace_limit(64);
        let rt = sim.handle();
        sim.block_on(async {
            let done = Arc::new(AtomicBool::new(false));
            let spinner = rt.spawn({
                let (rt, done) = (rt.clone(), Arc::clone(&done));
                async move {
                    while !done.load(Ordering::Relaxed) {
                        rt.yield_now().await;
                    }
                }
            });
            rt.sleep(SECOND).await;
            done.store(true, Ordering::Relaxed);
            spinner.await.unwrap();
        });
    }
}

#[test]
fn a_hold_prevents_jumps_until_it_is_dropped() {
    run(|rt| async move {
        let hold = rt.hold();
        let second_hold = rt.hold();
        let (report, reports) = mpsc::channel();
        let watcher = thread::spawn({
            let rt = rt.clone();
            move || {
                // Nothing tells that a clock stands still for ever: a while must do.
                let waited = RealClock.now();
                while RealClock.now() - waited < Duration::from_millis(50) {
                    thread::yield_now();
                }
                drop(second_hold);
                report.send(rt.now()).unwrap();
                drop(hold);
            }
        });
        rt.sleep(SECOND).await;
        assert_eq!(reports.recv().unwrap(), Instant::ORIGIN);
        assert_eq!(rt.now(), at(1));
        watcher.join().unwrap();
    });
}

#[test]
fn a_wake_from_another_thread_arrives_under_a_hold() {
    for _ in 0..200 {
        run(|rt| async move {
            let slot = Arc::new(Mutex::new((false, None::<Waker>)));
            let waking = thread::spawn({
                let (slot, hold) = (Arc::clone(&slot), rt.hold());
                move || {
                    let mut state = slot.lock().unwrap();
                    state.0 = true;
                    let waker = state.1.take();
                    drop(state);
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                    drop(hold);
                }
            });
            poll_fn(|cx| {
                let mut state = slot.lock().unwrap();
                state.1 = Some(cx.waker().clone());
                if state.0 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            waking.join().unwrap();
            assert_eq!(rt.now(), Instant::ORIGIN);
        });
    }
}

#[test]
fn advance_stops_at_each_deadline_on_its_way() {
    for schedule in ALL {
        let sim = Sim::new().schedule(schedule);
        let rt = sim.handle();
        let seen = Arc::new(Mutex::new(Vec::new()));
        sim.block_on(async {
            let _hold = rt.hold();
            let ticker = rt.spawn({
                let (rt, seen) = (rt.clone(), Arc::clone(&seen));
                async move {
                    for n in 1.. {
                        rt.sleep(SECOND).await;
                        rt.yield_now().await;
                        assert_eq!(rt.now(), at(n));
                        seen.lock().unwrap().push(n);
                    }
                }
            });
            rt.advance(Duration::from_millis(3_500)).await;
            assert_eq!(*seen.lock().unwrap(), [1, 2, 3]);
            assert_eq!(rt.now().as_nanos(), 3_500_000_000);
            rt.advance(Duration::from_millis(500)).await;
            assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 4], "its own end included");
            drop(ticker);
        });
    }
}

#[test]
fn settle_waits_for_all_that_is_runnable_and_moves_no_time() {
    for schedule in ALL {
        let sim = Sim::new().schedule(schedule);
        let rt = sim.handle();
        sim.block_on(async {
            let steps = Arc::new(AtomicUsize::new(0));
            for _ in 0..3 {
                let (rt2, steps) = (rt.clone(), Arc::clone(&steps));
                rt.spawn_detached(async move {
                    for _ in 0..10 {
                        rt2.yield_now().await;
                        steps.fetch_add(1, Ordering::Relaxed);
                    }
                    let steps = Arc::clone(&steps);
                    rt2.spawn_blocking(move || steps.fetch_add(1, Ordering::Relaxed))
                        .await
                        .unwrap();
                    rt2.sleep(SECOND).await;
                });
            }
            rt.settle().await;
            assert_eq!(steps.load(Ordering::Relaxed), 33);
            assert_eq!(rt.now(), Instant::ORIGIN);
        });
    }
}

#[test]
fn those_who_settle_go_on_one_after_the_other() {
    run(|rt| async move {
        let order = Arc::new(Mutex::new(Vec::new()));
        for n in 0..3 {
            let (rt2, order) = (rt.clone(), Arc::clone(&order));
            rt.spawn_detached(async move {
                rt2.settle().await;
                order.lock().unwrap().push((n, 'a'));
                rt2.yield_now().await;
                order.lock().unwrap().push((n, 'b'));
            });
        }
        drop(rt.settle());
        rt.sleep(SECOND).await;
        let expected = [0, 1, 2].map(|n| [(n, 'a'), (n, 'b')]).concat();
        assert_eq!(*order.lock().unwrap(), expected);
    });
}

#[test]
fn a_blocking_closure_keeps_the_clock_where_it_is() {
    run(|rt| async move {
        let reader = rt.spawn_blocking({
            let rt = rt.clone();
            move || rt.now()
        });
        rt.sleep(SECOND).await;
        assert_eq!(reader.await.unwrap(), Instant::ORIGIN);
    });
}

#[test]
fn instants_convert_on_the_real_time_line() {
    run(|rt| async move {
        let later = at(90);
        let std = rt.to_std(later).unwrap();
        assert_eq!(rt.from_std(std), later);
        assert_eq!(RealClock.to_std(later), Some(std));
    });
}

#[test]
fn random_numbers_follow_from_the_seed() {
    use trunnion_core::Entropy;
    let draw = |seed| {
        let rt = Sim::new().seed(seed).handle();
        [rt.next_u64(), rt.next_u64()]
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert_ne!(draw(1)[0], draw(1)[1]);
}

/// Gives up the turn in a way that the simulator sees as work: a timer comes and goes.
async fn race(rt: &SimRuntime) {
    let mut sleep = pin!(rt.sleep(Duration::from_millis(1)));
    let mut turn = pin!(rt.yield_now());
    poll_fn(|cx| match sleep.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => turn.as_mut().poll(cx),
    })
    .await;
}

#[test]
fn a_loop_of_races_against_a_yield_does_not_stop_time_for_ever() {
    let sim = Sim::new().trace_limit(64);
    let rt = sim.handle();
    sim.block_on(async {
        let start = rt.now();
        while rt.now() == start {
            race(&rt).await;
        }
    });
    assert_eq!(rt.now().as_nanos(), 1_000_000);
}

#[test]
fn two_tasks_that_wake_each_other_do_not_stop_time_for_ever() {
    // LIFO keeps the root from running but once in a thousand choices; its documentation says so.
    for schedule in ALL {
        let sim = Sim::new().schedule(schedule).trace_limit(64);
        let rt = sim.handle();
        let done = Arc::new(AtomicBool::new(false));
        let wakers = Arc::new(Mutex::new([None::<Waker>, None]));
        let tasks = [0, 1].map(|me| {
            let (done, wakers) = (Arc::clone(&done), Arc::clone(&wakers));
            rt.spawn(poll_fn(move |cx| {
                let mut wakers = wakers.lock().unwrap();
                wakers[me] = Some(cx.waker().clone());
                let other = wakers[1 - me].take();
                drop(wakers);
                if let Some(other) = other {
                    other.wake();
                }
                if done.load(Ordering::Relaxed) {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }))
        });
        sim.block_on(async {
            rt.sleep(SECOND).await;
            done.store(true, Ordering::Relaxed);
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(rt.now(), at(1));
    }
}

#[test]
fn much_work_at_one_instant_moves_no_time() {
    let sim = Sim::new().trace_limit(64);
    let rt = sim.handle();
    sim.block_on(async {
        let sleeper = rt.spawn(rt.sleep(SECOND));
        for _ in 0..100_000 {
            assert_eq!(rt.spawn(async { 1 }).await.unwrap(), 1);
        }
        assert_eq!(rt.now(), Instant::ORIGIN);
        sleeper.await.unwrap();
    });
}
