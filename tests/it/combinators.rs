//! The combinators on every runtime, under random schedules, and dropped at every point.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use trunnion_core::{AnyRuntime, BlockOn, Clock, Runtime, Spawn, Timer, YieldNow, choose};
use trunnion_patterns::{
    MissedTick, as_completed, bracket, each, gather, interval, race, race_ok, settle, timeout,
    timeout_at, try_gather, with_deadline,
};
use trunnion_sim::{Schedule, Sim, SimRuntime, cancel_sweep_in};

use crate::runtimes::{ALL, SEEDS};

const STEP: Duration = Duration::from_millis(1);

/// Counts those that are alive.
#[derive(Clone, Default)]
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn enter(&self) -> Guard {
        self.0.fetch_add(1, Ordering::Relaxed);
        Guard(Arc::clone(&self.0))
    }

    fn now(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits for a task that sleeps and gives way; fails if `number` is odd.
async fn work<R: Runtime>(rt: R, alive: Alive, number: u32) -> Result<u32, u32> {
    let _alive = alive.enter();
    rt.yield_now().await;
    rt.sleep(STEP).await;
    let inner = rt.clone();
    let held = alive.enter();
    let task = rt.spawn(async move {
        let _held = held;
        inner.sleep(STEP).await;
    });
    task.await.expect("it is not aborted");
    if number.is_multiple_of(2) {
        Ok(number)
    } else {
        Err(number)
    }
}

fn seeded(seed: u64) -> Sim {
    Sim::new().schedule(Schedule::Random).seed(seed)
}

#[test]
fn they_work_on_every_runtime() {
    for (name, start) in ALL {
        let owner = start();
        let rt = owner.runtime();
        owner.block_on(async {
            let alive = Alive::default();
            let work = |number| work(rt.clone(), alive.clone(), number);
            assert_eq!(gather((work(0), work(1))).await, (Ok(0), Err(1)), "{name}");
            assert_eq!(settle([work(2), work(3)]).await, [Ok(2), Err(3)]);
            assert_eq!(
                try_gather(each((0..50).map(|n| work(2 * n))))
                    .await
                    .map(|all| all.len()),
                Ok(50)
            );
            assert!(try_gather([work(0), work(1)]).await.is_err());
            assert!(race([work(0), work(2)]).await.is_ok());
            assert_eq!(race_ok((work(1), work(2))).await, Ok(2));
            assert_eq!(
                race_ok([work(1), work(3)]).await.map_err(|all| all.errors),
                Err(vec![1, 3])
            );
            let mut outputs = as_completed((0..20).map(work));
            let mut seen = BTreeSet::new();
            while let Some((number, _)) = outputs.next().await {
                seen.insert(number);
            }
            assert_eq!(seen.len(), 20);
            let mut beat = interval(&rt, STEP)
                .expect("not zero")
                .missed_tick(MissedTick::Delay);
            let first = beat.tick().await;
            assert!(beat.tick().await >= first + STEP);
        });
    }
}

#[test]
fn races_under_random_schedules_have_each_winner_and_leave_nobody() {
    let mut winners = BTreeSet::new();
    for seed in 0..SEEDS {
        let run = || {
            let sim = seeded(seed);
            let rt = sim.handle();
            sim.block_on(async {
                let alive = Alive::default();
                let racer = |number: u32| {
                    let (rt, alive) = (rt.clone(), alive.clone());
                    async move { work(rt, alive, 2 * number).await.expect("even") / 2 }
                };
                let first = race([racer(0), racer(1), racer(2)]).await;
                let second = race((racer(0), racer(1), racer(2))).await;
                rt.settle().await;
                assert_eq!(alive.now(), 0, "seed {seed}");
                (first, second)
            })
        };
        let winner = run();
        assert_eq!(winner, run(), "seed {seed} is repeated");
        winners.insert(winner.0);
        winners.insert(10 + winner.1);
    }
    assert_eq!(winners, BTreeSet::from([0, 1, 2, 10, 11, 12]));
}

#[test]
fn errors_under_random_schedules_are_the_first_and_leave_nobody() {
    for seed in 0..SEEDS {
        let sim = seeded(seed);
        let rt = sim.handle();
        sim.block_on(async {
            let alive = Alive::default();
            let work = |number| work(rt.clone(), alive.clone(), number);
            let errors = try_gather(each((0..6).map(work)))
                .await
                .expect_err("some fail");
            assert!(errors.iter().all(|number| number % 2 == 1), "seed {seed}");
            assert_eq!(
                race_ok([work(1), work(2), work(3)]).await,
                Ok(2),
                "seed {seed}"
            );
            rt.settle().await;
            assert_eq!(alive.now(), 0, "seed {seed}");
        });
    }
}

#[test]
fn the_simulator_chooses() {
    let first = |sim: Sim| sim.block_on(async { (0..8).map(|_| choose(5)).collect::<Vec<_>>() });
    assert_eq!(first(Sim::new()), [0; 8]);
    assert_eq!(first(Sim::new().schedule(Schedule::Lifo)), [4; 8]);
    assert_eq!(first(seeded(7)), first(seeded(7)));
    assert!((0..20).any(|seed| first(seeded(seed)) != first(seeded(seed + 1))));
}

/// Drops what `make` makes at every point, under a few seeds: nothing is alive afterwards, and no timer waits.
fn sweep<F: Future>(make: impl Fn(SimRuntime, Alive) -> F) {
    for seed in 0..16 {
        let sweep = cancel_sweep_in(
            || seeded(seed),
            |rt| {
                let alive = Alive::default();
                (alive.clone(), make(rt, alive))
            },
            |rt, alive| async move {
                assert_eq!(alive.now(), 0, "still there");
                assert_eq!(rt.next_deadline(), None, "a timer is left");
            },
        );
        assert!(sweep.polls > 2, "it waits more than once");
    }
}

#[test]
fn dropping_them_at_every_point_leaves_nothing() {
    sweep(|rt, alive| gather((work(rt.clone(), alive.clone(), 0), work(rt, alive, 1))));
    sweep(|rt, alive| {
        gather(each(
            (0..4).map(move |n| work(rt.clone(), alive.clone(), n)),
        ))
    });
    sweep(|rt, alive| settle([0, 1].map(|n| work(rt.clone(), alive.clone(), n))));
    sweep(|rt, alive| try_gather([0, 1, 2, 3].map(|n| work(rt.clone(), alive.clone(), n))));
    sweep(|rt, alive| try_gather((work(rt.clone(), alive.clone(), 0), work(rt, alive, 3))));
    sweep(|rt, alive| race([0, 1, 2].map(|n| work(rt.clone(), alive.clone(), n))));
    sweep(|rt, alive| race((work(rt.clone(), alive.clone(), 0), work(rt, alive, 1))));
    sweep(|rt, alive| race_ok([1, 3, 2].map(|n| work(rt.clone(), alive.clone(), n))));
    sweep(|rt, alive| async move {
        let mut outputs = as_completed((0..3).map(|n| work(rt.clone(), alive.clone(), n)));
        while outputs.next().await.is_some() {}
    });
}

#[test]
fn dropping_what_waits_for_time_or_a_release_at_every_point_leaves_nothing() {
    sweep(|rt, alive| async move {
        let late = STEP + STEP / 2;
        let first = timeout(&rt, late, work(rt.clone(), alive.clone(), 0)).await;
        let second = timeout_at(&rt, rt.now() + 5 * STEP, work(rt.clone(), alive, 2)).await;
        assert!(first.is_err() && second.is_ok());
    });
    sweep(|rt, alive| async move {
        let at = rt.now() + STEP + STEP / 2;
        let done = with_deadline(&rt, at, |token| {
            let work = work(rt.clone(), alive, 0);
            async move { token.run_until_cancelled(work).await.is_err() }
        });
        let done = done.await;
        assert!(done.expired && done.output);
    });
    sweep(|rt, alive| async move {
        let later = rt.clone();
        let acquire = async {
            rt.sleep(STEP).await;
            Ok(alive.enter())
        };
        let used = async |_: &mut Guard| work(rt.clone(), alive.clone(), 1).await;
        let release = async move |guard| {
            later.yield_now().await;
            drop(guard);
            Ok(())
        };
        assert!(bracket(&rt, acquire, used, release).await.is_err());
    });
    sweep(|rt, alive| async move {
        let _alive = alive.enter();
        let mut beat = interval(&rt, STEP).expect("not zero");
        for _ in 0..4 {
            beat.tick().await;
        }
    });
}

/// Ticks that are dropped and asked for again, while others run: each comes once, when it is due.
#[test]
fn dropped_ticks_come_again_under_random_schedules() {
    for seed in 0..SEEDS {
        let sim = seeded(seed);
        let rt = sim.handle();
        sim.block_on(async {
            let start = rt.now();
            let mut beat = interval(&rt, 4 * STEP).expect("not zero");
            let mut ticks = Vec::new();
            while ticks.len() < 5 {
                let tick = async { Some(beat.tick().await) };
                let other = async {
                    rt.sleep(STEP).await;
                    None
                };
                ticks.extend(race((tick, other)).await);
            }
            let expected: Vec<_> = (0..5).map(|n| start + n * 4 * STEP).collect();
            assert_eq!(ticks, expected, "seed {seed}");
        });
    }
}

#[test]
fn any_runtime_takes_them_as_tasks() {
    let sim = Sim::new();
    let rt = AnyRuntime::new(sim.handle());
    let sum = sim.block_on(async {
        let inner = rt.clone();
        let task = rt.spawn(async move {
            let alive = Alive::default();
            let values = try_gather([0, 2, 4].map(|n| work(inner.clone(), alive.clone(), n)));
            values.await.map(|values| values.iter().sum::<u32>())
        });
        task.await.expect("it ends")
    });
    assert_eq!(sum, Ok(6));
}
