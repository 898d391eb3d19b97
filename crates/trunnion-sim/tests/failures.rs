//! How failures of an exploration are told, and what counts as one.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::future::{Future, pending, poll_fn};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use trunnion_core::panic::catch;
use trunnion_core::{Spawn, SpawnOptions, TaskHandle, Timer, YieldNow};
use trunnion_sim::{
    Explore, Failure, FailureKind, Replay, Report, Schedule, SimRuntime, cancel_sweep, panic_sweep,
};

const ALL: Schedule = Schedule::Dfs { preemptions: None };

fn first(report: &Report) -> &Failure {
    &report.failures()[0]
}

async fn join<T: Send + 'static>(task: impl TaskHandle<T>) -> T {
    task.await.unwrap()
}

/// One of two tasks panics, by who came first; both are joined at one place.
async fn either_panics(rt: SimRuntime) {
    let taken = Arc::new(AtomicBool::new(false));
    let ours = Arc::clone(&taken);
    let one = rt.spawn(async move { assert!(!taken.swap(true, Relaxed), "one came late") });
    let two = rt.spawn(async move { assert!(!ours.swap(true, Relaxed), "two came late") });
    join(one).await;
    join(two).await;
}

#[test]
fn the_first_panic_of_a_run_is_told_and_tells_failures_apart() {
    let report = Explore::new(ALL).keep_going().run(either_panics);
    let [late, early] = report.failures() else {
        unreachable!("{report}")
    };
    let places = [late, early].map(|failure| {
        let text = failure.to_string();
        let place = text.split("the first panic of the run at ").nth(1);
        place.unwrap().split(":\n").next().unwrap().to_owned()
    });
    assert_ne!(places[0], places[1]);
    assert!(places.iter().all(|place| place.starts_with(file!())));
    assert!(late.message().contains("two came late"), "{late}");
    assert!(early.message().contains("one came late"), "{early}");
}

#[test]
fn a_report_counts_runs_that_failed_alike() {
    let report = Explore::new(ALL).keep_going().run(either_panics);
    assert_eq!(report.failed(), report.executions());
    assert!(report.failed() > report.failures().len());
    let report = Explore::new(ALL).run(either_panics);
    assert_eq!(report.failed(), 1);
    let report = Explore::new(ALL).run(|_| async {});
    assert_eq!(report.failed(), 0);
}

#[test]
fn nothing_run_is_no_success() {
    let none = Explore::new(Schedule::Random).runs(0);
    let text = catch(|| none.check(|_| async {})).unwrap_err().to_string();
    assert!(text.starts_with("nothing was run"), "{text}");
}

#[test]
fn a_place_inside_the_simulator_is_not_told() {
    let report = Explore::new(ALL).run(|_| poll_fn(|_| Poll::<()>::Pending));
    let text = first(&report).to_string();
    assert!(text.starts_with("lost waker in execution 1:\n"), "{text}");
    assert!(!text.contains("src/drive"), "{text}");
}

#[test]
fn what_cannot_be_replayed_has_no_line() {
    let count = AtomicU32::new(0);
    let report = Explore::new(Schedule::Fifo).run(|rt| {
        let odd = count.fetch_add(1, Relaxed) % 2 == 1;
        async move {
            if odd {
                rt.yield_now().await;
            }
        }
    });
    let failure = first(&report);
    assert_eq!(failure.kind(), FailureKind::Nondeterminism);
    let text = failure.to_string();
    assert!(text.ends_with("It cannot be replayed."), "{text}");
}

#[test]
fn a_line_that_does_not_fit_is_stale_although_the_run_fails() {
    let report = Explore::new(ALL).run(either_panics);
    let line: Replay = "2:0:0:0t2:d116".parse().unwrap();
    let stale = Explore::new(ALL).replay(&line, |_| async { panic!("another bug") });
    assert_eq!(first(&stale).kind(), FailureKind::Stale, "{report}");
    let text = first(&stale).message();
    assert!(text.contains("choice 0 was to come"), "{text}");
    assert!(text.contains("it ended with: panic\nanother bug"), "{text}");
}

/// Fails when one task is kept back while another walks, and also when a third comes first.
async fn kept_back_or_overtaken(rt: SimRuntime) {
    let steps = Arc::new(AtomicU32::new(0));
    let [walked, looked, set] = [(); 3].map(|()| Arc::clone(&steps));
    let inner = rt.clone();
    let walks = rt.spawn(async move {
        for _ in 0..6 {
            walked.fetch_add(1, Relaxed);
            inner.yield_now().await;
        }
    });
    let looks = rt.spawn(async move { assert!(looked.load(Relaxed) < 4, "too late") });
    let sets = rt.spawn(async move { set.store(10, Relaxed) });
    join(walks).await;
    join(looks).await;
    join(sets).await;
}

#[test]
fn a_failure_is_shrunk_to_another_way_that_is_shorter() {
    let mut found = 0;
    for seed in 0..200 {
        let one = Explore::new(Schedule::Random).runs(1).seed(seed);
        for failure in one.run(kept_back_or_overtaken).failures() {
            found += 1;
            assert_eq!(failure.replay().departures(), 1, "{seed}: {failure}");
        }
    }
    assert!(found > 50, "{found}");
}

#[test]
fn the_table_of_a_livelock_is_short_and_has_columns() {
    let report = Explore::new(Schedule::Fifo).run(|rt| async move {
        loop {
            rt.yield_now().await;
        }
    });
    let table = first(&report).table();
    assert!(table.lines().count() < 200, "{table}");
    assert!(table.contains("steps are left out --"), "{table}");
    assert!(table.contains("| runs, wakes itself"), "{table}");
    assert!(table.contains("(the last 4096 of "), "{table}");
}

#[test]
fn a_deadlock_says_what_an_exploration_does_not_wait_for() {
    let report = Explore::new(Schedule::Fifo).run(|rt| async move {
        let waker = Arc::new(Mutex::new(None));
        rt.spawn(poll_fn(move |cx| {
            *waker.lock().unwrap() = Some(cx.waker().clone());
            Poll::<()>::Pending
        }))
        .await
        .unwrap();
    });
    let text = first(&report).message();
    assert!(
        text.contains("waits for no thread, and for no timer"),
        "{text}"
    );
}

#[test]
#[expect(clippy::panic, reason = "the failure of the sweep that is looked at")]
fn a_sweep_is_told_by_its_name_and_the_place_of_the_test() {
    let line = line!() + 1;
    let hung = catch(|| cancel_sweep(|_| ((), pending::<()>()), |_, ()| async {}));
    let text = hung.unwrap_err().to_string();
    assert!(
        text.contains(&format!("entered at {}:{line}:", file!())),
        "{text}"
    );
    let failed = catch(|| panic_sweep(|_| ((), async {}), |_, ()| async { panic!("left") }));
    let text = failed.unwrap_err().to_string();
    assert!(
        text.starts_with("panic_sweep failed where the future"),
        "{text}"
    );
}

#[test]
fn tasks_that_may_be_left_do_not_hide_what_outlives_them() {
    let sleeps = Mutex::new(Vec::new());
    let report = Explore::new(Schedule::Fifo).leaks(true).run(|rt| {
        let sleeps = &sleeps;
        async move {
            let mut sleep = Box::pin(rt.sleep(Duration::from_secs(1)));
            poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_ready())).await;
            sleeps.lock().unwrap().push(sleep);
        }
    });
    assert!(first(&report).message().contains("sleeps are armed"));
}

#[test]
fn a_panic_shows_what_the_tasks_waited_for_when_it_came() {
    let report = Explore::new(Schedule::Fifo).run(|rt| async move {
        let _nap = rt.spawn(rt.sleep(Duration::from_secs(5)));
        rt.settle().await;
        panic!("now");
    });
    let text = first(&report).to_string();
    let place = format!("task 1, spawned at {}:", file!());
    let tasks = text.split("tasks at 0ns:\n").nth(1);
    let tasks = tasks.unwrap_or_else(|| panic!("no tasks: {text}"));
    assert!(tasks.contains(&place), "{text}");
    assert!(tasks.contains("sleeps until 5s"), "{text}");
    assert!(tasks.contains("is running"), "{text}");
}

#[test]
fn what_a_task_does_after_time_has_passed_is_in_its_column() {
    let report = Explore::new(Schedule::Fifo).run(|rt| async move {
        rt.burn(Duration::from_secs(1));
        drop(rt.spawn(pending::<()>()));
        panic!("after it");
    });
    let table = first(&report).table();
    let spawns: Vec<&str> = table
        .lines()
        .filter(|line| line.contains("spawns 1"))
        .collect();
    assert_eq!(spawns.len(), 1, "{table}");
    assert!(!spawns[0].contains("--"), "{table}");
}

#[test]
fn the_table_of_a_long_run_names_the_tasks_of_its_beginning() {
    let report = Explore::new(Schedule::Fifo).run(|rt| async move {
        let early = rt.spawn_with(
            SpawnOptions::new().name("early"),
            rt.sleep(Duration::from_secs(1)),
        );
        drop(rt.spawn(async {}));
        for _ in 0..5_000 {
            rt.yield_now().await;
        }
        early.await.unwrap();
        panic!("late");
    });
    let table = first(&report).table();
    assert!(table.contains("  0: test, run at"), "{table}");
    assert!(table.contains("  1 `early`: task, spawned at"), "{table}");
    assert!(
        !table.contains("  2: task, spawned at"),
        "it ended long ago: {table}"
    );
}

/// Leaks, which it allows; runs only where the test below starts it.
#[test]
fn subject() {
    if std::env::var_os("TRUNNION_TEST_SUBJECT").is_some() {
        let explore = Explore::new(Schedule::Fifo).leaks(true);
        explore.check(|rt| async move { rt.spawn_detached(pending()) });
    }
}

#[test]
fn a_strategy_from_the_environment_keeps_what_the_test_allows() {
    for (variable, value, passes) in [
        ("TRUNNION_SIM_STRATEGY", "lifo", true),
        ("TRUNNION_SIM_SEEDS", "0", false),
    ] {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "subject"]);
        command
            .env("TRUNNION_TEST_SUBJECT", "1")
            .env(variable, value);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.success(), passes, "{text}");
    }
}
