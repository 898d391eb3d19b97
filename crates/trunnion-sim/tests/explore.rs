//! Exploring schedules.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use trunnion_core::panic::catch;
use trunnion_core::{Spawn, SpawnOptions, Timer, YieldNow};
use trunnion_sim::{Explore, Failure, FailureKind, Replay, Schedule, SimRuntime};

const SECOND: Duration = Duration::from_secs(1);

/// Reads, lets others run, and writes: an update can be lost.
async fn lost_update(rt: SimRuntime) {
    let value = Arc::new(AtomicU32::new(0));
    let add = || {
        let (rt, value) = (rt.clone(), Arc::clone(&value));
        async move {
            let seen = value.load(Relaxed);
            if seen == 0 {
                rt.yield_now().await;
            }
            value.store(seen + 1, Relaxed);
        }
    };
    let (a, b) = (rt.spawn(add()), rt.spawn(add()));
    a.await.unwrap();
    b.await.unwrap();
    assert_eq!(value.load(Relaxed), 2);
}

#[test]
fn a_lost_update_is_found_and_shrunk() {
    for schedule in [
        Schedule::Random,
        Schedule::Pct { depth: 2 },
        Schedule::Dfs { preemptions: None },
        Schedule::Delay { max: 2 },
    ] {
        let report = Explore::new(schedule).run(lost_update);
        assert_eq!(report.failures().len(), 1);
        assert_eq!(report.failures()[0].kind(), FailureKind::Panic);
    }
}

/// Three tasks, each polled `polls` times, under a root that returns at once.
fn interleaved(rt: &SimRuntime, polls: u32) -> impl Future + use<> {
    for _ in 0..3 {
        let inner = rt.clone();
        rt.spawn_detached(async move {
            for _ in 1..polls {
                inner.yield_now().await;
            }
        });
    }
    std::future::ready(())
}

#[test]
fn a_search_runs_every_schedule_once() {
    for (polls, schedules) in [(1, 6), (2, 90), (3, 1_680)] {
        let all = Explore::new(Schedule::Dfs { preemptions: None });
        let report = all.run(|rt| interleaved(&rt, polls));
        report.expect_complete();
        assert_eq!(report.executions(), schedules);
        assert_eq!(report.distinct(), schedules);
    }
}

/// Explores one run first come, first served; gives what failed.
fn fifo<F: Future>(test: impl Fn(SimRuntime) -> F) -> Failure {
    let report = Explore::new(Schedule::Fifo).run(test);
    assert_eq!(report.failures().len(), 1, "{report}");
    report.failures()[0].clone()
}

#[test]
fn each_kind_of_failure_is_told_from_the_others() {
    let deadlock = fifo(|rt| async move {
        let (keep, task) = (Arc::new(Mutex::new(None)), rt.clone());
        let kept = Arc::clone(&keep);
        let waits = poll_fn(move |cx| {
            *kept.lock().unwrap() = Some(cx.waker().clone());
            Poll::<()>::Pending
        });
        task.spawn(waits).await.unwrap();
    });
    assert_eq!(deadlock.kind(), FailureKind::Deadlock, "{deadlock}");
    let lost = fifo(|_| poll_fn(|_| Poll::<()>::Pending));
    assert_eq!(lost.kind(), FailureKind::LostWaker, "{lost}");
    let livelock = fifo(|rt| async move {
        loop {
            rt.yield_now().await;
        }
    });
    assert_eq!(livelock.kind(), FailureKind::Livelock, "{livelock}");
    let leak = fifo(|rt| async move { rt.spawn_detached(rt.sleep(SECOND)) });
    assert_eq!(leak.kind(), FailureKind::Leak, "{leak}");
    assert!(leak.to_string().contains("sleeps until 1s"), "{leak}");
    let panic = fifo(|rt| async move { rt.spawn_detached(async { panic!("alone") }) });
    assert_eq!(panic.kind(), FailureKind::Panic, "{panic}");
    assert!(
        panic.message().contains("nobody joins panicked: alone"),
        "{panic}"
    );
    let count = AtomicU32::new(0);
    let differs = fifo(|rt| {
        let yields = count.fetch_add(1, Relaxed);
        async move {
            for _ in 0..yields {
                rt.yield_now().await;
            }
        }
    });
    assert_eq!(differs.kind(), FailureKind::Nondeterminism, "{differs}");
    assert!(differs.message().contains("Event"), "{differs}");
}

#[test]
fn what_ticks_for_ever_ends_a_run_that_waits_for_something_else() {
    let ticks = |rt: SimRuntime, most: u32| async move {
        let task = rt.clone();
        let ticks = rt.spawn_with(SpawnOptions::new().name("ticker"), async move {
            for _ in 0..most {
                task.sleep(SECOND).await;
            }
        });
        ticks.await.unwrap();
    };
    for schedule in [Schedule::Fifo, Schedule::Dfs { preemptions: None }] {
        let explore = Explore::new(schedule).steps(1_000).runs(10);
        explore.run(|rt| ticks(rt, 900)).expect_success();
        let report = explore.run(|rt| ticks(rt, u32::MAX));
        let endless = &report.failures()[0];
        assert_eq!(endless.kind(), FailureKind::Endless, "{endless}");
        for told in ["after 1000 steps and 99", "`ticker`", "Explore::steps"] {
            assert!(endless.message().contains(told), "{told}: {endless}");
        }
        let again = explore.replay(endless.replay(), |rt| ticks(rt, u32::MAX));
        assert_eq!(again.failures()[0].kind(), FailureKind::Endless, "{again}");
    }
}

#[test]
fn a_clock_that_is_moved_for_ever_ends_the_run_too() {
    let moved = Explore::new(Schedule::Random)
        .steps(1_000)
        .run(|rt| async move {
            loop {
                rt.advance(SECOND).await;
            }
        });
    let endless = &moved.failures()[0];
    assert_eq!(endless.kind(), FailureKind::Endless, "{endless}");
}

#[test]
fn tasks_that_spin_until_a_time_that_never_comes_end_the_run() {
    let spins = Explore::new(Schedule::Fifo)
        .steps(30_000)
        .run(|rt| async move {
            let ticks = rt.clone();
            rt.spawn_detached(async move {
                loop {
                    ticks.sleep(SECOND).await;
                }
            });
            loop {
                rt.yield_now().await;
            }
        });
    let endless = &spins.failures()[0];
    assert_eq!(endless.kind(), FailureKind::Endless, "{endless}");
}

#[test]
fn a_waker_or_a_sleep_that_outlives_the_simulator_is_a_leak() {
    let kept: Mutex<Vec<Waker>> = Mutex::new(Vec::new());
    let waker = fifo(|rt| {
        let mut polled = false;
        let kept = &kept;
        let _ = rt;
        poll_fn(move |cx| {
            if !std::mem::replace(&mut polled, true) {
                kept.lock().unwrap().push(cx.waker().clone());
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
    });
    assert_eq!(waker.kind(), FailureKind::Leak, "{waker}");
    kept.lock().unwrap().clear();
    let sleeps = Mutex::new(Vec::new());
    let sleep = fifo(|rt| {
        let sleeps = &sleeps;
        async move {
            let mut sleep = Box::pin(rt.sleep(SECOND));
            poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_ready())).await;
            sleeps.lock().unwrap().push(sleep);
        }
    });
    assert_eq!(sleep.kind(), FailureKind::Leak, "{sleep}");
    assert!(sleep.message().contains("sleeps are armed"), "{sleep}");
}

#[test]
fn a_replay_line_leads_to_the_same_failure_and_stops_where_it_does_not_fit() {
    let report = Explore::new(Schedule::Lifo).run(order_matters);
    let failure = &report.failures()[0];
    assert_eq!(failure.replay().departures(), 1, "{failure}");
    let line: Replay = failure.replay().to_string().parse().unwrap();
    let fifo = Explore::new(Schedule::Fifo);
    let again = fifo.replay(&line, order_matters);
    assert_eq!(again.failures()[0].message(), failure.message());
    assert!(fifo.run(order_matters).failures().is_empty());
    let stale = fifo.replay(&line, |rt| async move {
        rt.spawn(async {}).await.unwrap();
    });
    assert_eq!(stale.failures()[0].kind(), FailureKind::Stale, "{stale}");
}

/// Passes first come, first served alone.
async fn order_matters(rt: SimRuntime) {
    let order = Arc::new(Mutex::new(Vec::new()));
    let tasks = [1, 2].map(|n| {
        let order = Arc::clone(&order);
        rt.spawn(async move { order.lock().unwrap().push(n) })
    });
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [1, 2]);
}

#[test]
fn a_search_that_is_cut_short_cannot_pass_as_complete() {
    let all = Explore::new(Schedule::Dfs { preemptions: None }).runs(10);
    let report = all.run(|rt| interleaved(&rt, 3));
    assert!(report.failures().is_empty() && !report.is_complete());
    for text in [
        catch(|| drop(report.expect_complete().clone())).unwrap_err(),
        catch(|| all.check(|rt| interleaved(&rt, 3))).unwrap_err(),
    ] {
        assert!(
            text.to_string().contains("cut short after 10 executions"),
            "{text}"
        );
    }
}

#[test]
fn bounds_leave_fewer_schedules() {
    let count = |schedule| {
        let report = Explore::new(schedule).run(|rt| interleaved(&rt, 3));
        report.expect_complete();
        report.executions()
    };
    assert_eq!(count(Schedule::Delay { max: 0 }), 1);
    // One delay: at each of the eight points with more than one task, the second in place of the first.
    assert_eq!(count(Schedule::Delay { max: 1 }), 9);
    assert_eq!(
        count(Schedule::Dfs {
            preemptions: Some(0)
        }),
        6
    );
    assert!(
        count(Schedule::Dfs {
            preemptions: Some(1)
        }) < count(Schedule::Dfs {
            preemptions: Some(2)
        })
    );
}

/// Fails in one order; runs only where the test below starts it.
#[test]
fn subject() {
    if std::env::var_os("TRUNNION_TEST_SUBJECT").is_some() {
        trunnion_sim::check(order_matters);
    }
}

/// Runs `subject` in a process of its own; gives whether it passed, and what it said.
fn subject_with(variables: &[(&str, &str)]) -> (bool, String) {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "subject", "--nocapture"]);
    command.env("TRUNNION_TEST_SUBJECT", "1");
    command.envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn the_environment_replays_seeds_and_chooses() {
    let (passed, text) = subject_with(&[]);
    assert!(!passed, "{text}");
    let line = text.split("TRUNNION_SIM_REPLAY=").nth(1).unwrap();
    let line = line.split_whitespace().next().unwrap();
    let (passed, again) = subject_with(&[("TRUNNION_SIM_REPLAY", line)]);
    assert!(
        !passed && again.contains("panic in execution 1,"),
        "{again}"
    );
    let (passed, text) = subject_with(&[("TRUNNION_SIM_STRATEGY", "fifo")]);
    assert!(passed, "{text}");
    let one = [
        ("TRUNNION_SIM_STRATEGY", "random"),
        ("TRUNNION_SIM_SEEDS", "1"),
    ];
    let outcome_of = |seed| subject_with(&[one[0], one[1], ("TRUNNION_SIM_SEED", seed)]).0;
    let outcomes: std::collections::BTreeSet<bool> = ["0", "1", "2", "3", "4", "5"]
        .into_iter()
        .map(outcome_of)
        .collect();
    assert_eq!(outcomes.len(), 2, "some seeds pass and some fail");
    for (name, value, said) in [
        (
            "TRUNNION_SIM_REPLAY",
            "2:0:0::0000",
            "the replay line is damaged",
        ),
        (
            "TRUNNION_SIM_STRATEGY",
            "best",
            "no schedule is called `best`",
        ),
    ] {
        let (passed, text) = subject_with(&[(name, value)]);
        assert!(!passed && text.contains(said), "{text}");
    }
}
