//! A clock that is held in an exploration: only what is inside the simulator can let it go.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::time::Duration;

use trunnion_core::{Clock, Spawn, Timer, YieldNow};
use trunnion_sim::{Explore, Failure, FailureKind, Schedule, SimRuntime};

const SECOND: Duration = Duration::from_secs(1);

fn fails<F: Future>(test: impl Fn(SimRuntime) -> F) -> Failure {
    let report = Explore::new(Schedule::Fifo).run(test);
    assert_eq!(report.failures().len(), 1, "{report}");
    report.failures()[0].clone()
}

#[test]
fn a_clock_that_nobody_lets_go_of_is_a_deadlock() {
    let failure = fails(|rt| async move {
        let _hold = rt.hold();
        rt.sleep(SECOND).await;
    });
    assert_eq!(failure.kind(), FailureKind::Deadlock, "{failure}");
    assert!(failure.message().contains("the clock is held"), "{failure}");
    assert!(failure.message().contains("sleeps until 1s"), "{failure}");
}

#[test]
fn tasks_that_run_on_under_a_hold_are_a_livelock() {
    let failure = fails(|rt| async move {
        let _hold = rt.hold();
        loop {
            rt.yield_now().await;
        }
    });
    assert_eq!(failure.kind(), FailureKind::Livelock, "{failure}");
    assert!(failure.message().contains("the clock is held"), "{failure}");
}

#[test]
fn a_clock_that_a_task_lets_go_of_moves_on() {
    let report = Explore::new(Schedule::Random)
        .runs(16)
        .run(|rt| async move {
            let hold = rt.hold();
            let task = rt.spawn(async move { drop(hold) });
            rt.sleep(SECOND).await;
            task.await.unwrap();
        });
    report.expect_success();
}
