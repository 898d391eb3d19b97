//! What comes from outside of the simulator: a thread, or the real clock.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

use trunnion_core::{Clock, Spawn, Timer};
use trunnion_sim::{Explore, Failure, FailureKind, Schedule, SimRuntime};

const SECOND: Duration = Duration::from_secs(1);

/// Explores one run first come, first served; gives what failed.
fn fifo<F: Future>(test: impl Fn(SimRuntime) -> F) -> Failure {
    let report = Explore::new(Schedule::Fifo).run(test);
    assert_eq!(report.failures().len(), 1, "{report}");
    report.failures()[0].clone()
}

/// Holds the clock until a thread has woken it.
fn woken_by_a_thread(rt: &SimRuntime) -> impl Future<Output = ()> + use<> {
    let mut hold = Some(rt.hold());
    poll_fn(move |cx| {
        let Some(hold) = hold.take() else {
            return Poll::Ready(());
        };
        let waker = cx.waker().clone();
        std::thread::spawn(move || {
            waker.wake();
            drop(hold);
        });
        Poll::Pending
    })
}

#[test]
fn what_comes_from_outside_is_told() {
    let foreign = fifo(|rt| async move {
        rt.spawn(woken_by_a_thread(&rt)).await.unwrap();
    });
    assert_eq!(foreign.kind(), FailureKind::Foreign, "{foreign}");
    let line = line!() + 2;
    let real = fifo(|_| async {
        let _now = trunnion_core::RealClock.now();
    });
    assert_eq!(real.kind(), FailureKind::Foreign, "{real}");
    let place = format!("crates/trunnion-sim/tests/outside.rs:{line}:");
    assert!(real.to_string().contains(&place), "{real}");
    let fails = fifo(|_| async {
        let now = trunnion_core::RealClock.now();
        assert_eq!(now.as_nanos(), 0, "a virtual clock");
    });
    assert_eq!(fails.kind(), FailureKind::Foreign, "{fails}");
    assert!(fails.message().contains("a virtual clock"), "{fails}");
}

#[test]
fn a_wake_from_outside_names_the_task_and_the_others() {
    let line = line!() + 2;
    let foreign = fifo(|rt| async move {
        let task = rt.spawn(woken_by_a_thread(&rt));
        rt.spawn_detached(std::future::pending());
        task.await.unwrap();
        rt.sleep(SECOND).await;
    });
    let text = foreign.message();
    let task = format!("task 1, spawned at crates/trunnion-sim/tests/outside.rs:{line}:");
    assert!(text.contains(&task), "{text}");
    assert!(text.contains("task 2, spawned at"), "{text}");
}
