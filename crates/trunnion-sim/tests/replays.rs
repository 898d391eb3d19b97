//! Replay lines that do not fit, and runs that do not repeat: what a search or a test makes of them.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::cell::Cell;
use std::future::pending;

use trunnion_core::Spawn;
use trunnion_sim::{Explore, FailureKind, Replay, Schedule, SimRuntime};

const ALL: Schedule = Schedule::Dfs { preemptions: None };

/// Its only choice is the order in which two tasks are dropped at the end.
async fn leaves_two(rt: SimRuntime) {
    for _ in 0..2 {
        rt.spawn_detached(pending());
        rt.settle().await;
    }
}

#[test]
fn a_step_that_does_not_fit_is_told_although_the_test_has_ended() {
    let leaky = Explore::new(Schedule::Fifo).leaks(true);
    assert!(leaky.run(leaves_two).failures().is_empty());
    let line: Replay = "2:0:0:0n5:d936".parse().unwrap();
    let report = leaky.replay(&line, leaves_two);
    let failure = &report.failures()[0];
    assert_eq!(failure.kind(), FailureKind::Stale, "{failure}");
    assert!(
        failure.message().contains("at choice 0 number 5"),
        "{failure}"
    );
}

#[test]
fn a_step_that_does_not_fit_is_told_before_what_came_of_it() {
    let line: Replay = "2:0:0:0n5:d936".parse().unwrap();
    let report = Explore::new(Schedule::Fifo).replay(&line, |rt| async move {
        assert_eq!(rt.choose(3, "a number"), 1, "another number");
    });
    let failure = &report.failures()[0];
    assert_eq!(failure.kind(), FailureKind::Stale, "{failure}");
    assert!(failure.message().contains("another number"), "{failure}");
}

/// The first run is made twice, so that its second execution is the third call.
#[test]
fn a_search_goes_on_after_a_run_that_does_not_repeat_and_is_not_complete() {
    let calls = Cell::new(0);
    let search = Explore::new(ALL).keep_going();
    let report = search.run(|rt| {
        calls.set(calls.get() + 1);
        let fewer = calls.get() == 3;
        async move {
            let _first = rt.choose(2, "first");
            let _second = rt.choose(if fewer { 2 } else { 3 }, "second");
        }
    });
    assert_eq!(report.failed(), 1, "{report}");
    let failure = &report.failures()[0];
    assert_eq!(failure.kind(), FailureKind::Nondeterminism, "{failure}");
    assert!(!report.is_complete(), "{report}");
}

/// Nothing is to be shortened, so that the third call is the run that would be shown.
#[test]
fn a_run_that_passes_when_it_is_to_be_shown_does_not_repeat() {
    let calls = Cell::new(0);
    let report = Explore::new(Schedule::Fifo).run(|_| {
        calls.set(calls.get() + 1);
        let fails = calls.get() < 3;
        async move { assert!(!fails, "twice") }
    });
    let failure = &report.failures()[0];
    assert_eq!(failure.kind(), FailureKind::Nondeterminism, "{failure}");
    assert_eq!(failure.table(), "", "{failure}");
}

/// Fails in the second of three calls at one place; runs only where the test below starts it.
#[test]
fn subject() {
    if std::env::var_os("TRUNNION_TEST_SUBJECT").is_none() {
        return;
    }
    for case in 0..3 {
        trunnion_sim::check(move |rt| async move {
            let one = rt.spawn(async move { case });
            let first = rt.choose(2, "first");
            assert_eq!(one.await.unwrap() * first, 0, "the second case");
        });
    }
}

#[test]
fn a_line_is_replayed_by_the_call_that_it_came_from() {
    let run = |line: &str| {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "subject", "--nocapture"]);
        command.env("TRUNNION_TEST_SUBJECT", "1");
        let output = command.env("TRUNNION_SIM_REPLAY", line).output();
        let output = output.unwrap();
        assert!(!output.status.success());
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let found = Explore::new(Schedule::Fifo).run(|_| async { panic!("a line of another test") });
    let text = run(&found.failures()[0].replay().to_string());
    assert!(text.contains("the second case"), "{text}");
    let line = text.split("TRUNNION_SIM_REPLAY=").last().unwrap();
    let text = run(line.split_whitespace().next().unwrap());
    assert!(text.contains("panic in execution 1,"), "{text}");
    assert!(text.contains("the second case"), "{text}");
}
