//! Which panic is raised, where there are several.

use std::future::Future;
use std::time::Duration;

use trunnion_core::{CancelKind, Signals, Spawn, StopSignal, Timer};
use trunnion_patterns::{Shutdown, StopReport};
use trunnion_sim::SimRuntime;

use super::{Census, SECOND, in_each_schedule, three};
use crate::task_scope::panics::{Bomb, caught, text};

/// The text of the panic of a shutdown.
async fn raised(run: impl Future<Output = StopReport>) -> String {
    text(caught(run).await)
}

fn later(rt: &SimRuntime, time: Duration, f: impl FnOnce() + Send + 'static) {
    let sleep = rt.sleep(time);
    rt.spawn_detached(async move {
        sleep.await;
        f();
    });
}

/// A part whose token's callback panics when it is asked to stop; it ends then.
fn callback(shutdown: &Shutdown<SimRuntime>, phase: &str) {
    let part = shutdown.register(phase, "callback", |stop| async move {
        let _kept = stop.on_cancel(|_| panic!("callback"));
        stop.cancelled().await;
    });
    assert!(part.is_ok());
}

/// A part that panics when it is asked to stop.
fn part(shutdown: &Shutdown<SimRuntime>, phase: &str) {
    let part = shutdown.register(phase, "part", |stop| async move {
        stop.cancelled().await;
        panic!("part")
    });
    assert!(part.is_ok());
}

#[test]
fn of_two_callbacks_the_one_that_panicked_first_is_raised() {
    in_each_schedule(|rt| async move {
        let signals = rt.stop_signals().expect("it has");
        let shutdown = three(&rt).signals(signals).build();
        callback(&shutdown, "accept");
        let census = Census::default();
        assert!(shutdown.register("drain", "deaf", census.deaf()).is_ok());
        let killed = shutdown.token().shield();
        let _kept = killed.on_cancel(|_| panic!("under the second signal"));
        rt.settle().await;
        rt.raise(StopSignal::Terminate);
        let by_hand = rt.clone();
        later(&rt, SECOND, move || by_hand.raise(StopSignal::Terminate));
        assert_eq!(raised(shutdown.run()).await, "callback");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_part_that_panicked_before_a_callback_is_raised_in_its_place() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        part(&shutdown, "accept");
        callback(&shutdown, "drain");
        rt.settle().await;
        shutdown.request(CancelKind::Shutdown);
        assert_eq!(raised(shutdown.run()).await, "part");
    });
}

#[test]
fn a_part_that_panics_after_a_callback_hides_nothing() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        callback(&shutdown, "accept");
        part(&shutdown, "drain");
        rt.settle().await;
        shutdown.request(CancelKind::Shutdown);
        assert_eq!(raised(shutdown.run()).await, "callback");
    });
}

#[test]
fn of_parts_in_two_phases_the_one_that_panicked_first_is_raised() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        // Of the last phase, and it makes the request.
        let sleep = rt.sleep(SECOND);
        let first = shutdown.register("flush", "first", |_| async {
            sleep.await;
            panic!("first")
        });
        assert!(first.is_ok());
        part(&shutdown, "accept");
        callback(&shutdown, "drain");
        assert_eq!(raised(shutdown.run()).await, "first");
    });
}

#[test]
fn a_callback_that_panics_under_the_request_of_a_part_is_not_lost() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let _kept = shutdown.token().on_cancel(|_| panic!("callback"));
        part(&shutdown, "accept");
        let bad = shutdown.register("drain", "bad", |_| async { panic!("bad") });
        assert!(bad.is_ok());
        assert_eq!(raised(shutdown.run()).await, "bad", "it came before");
    });
}

#[test]
fn panics_of_parts_alone_are_told_and_not_raised() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        part(&shutdown, "accept");
        part(&shutdown, "flush");
        shutdown.request(CancelKind::Shutdown);
        let report = caught(shutdown.run()).await.expect("it reports");
        let panicked = report.phases.iter().map(|phase| phase.panicked.len());
        assert_eq!(panicked.collect::<Vec<_>>(), [1, 0, 1]);
    });
}

#[test]
fn payloads_that_do_not_go_quietly_do_not_abort() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        callback(&shutdown, "accept");
        for name in ["one", "two"] {
            let loud = shutdown.register("drain", name, move |stop| async move {
                stop.cancelled().await;
                std::panic::panic_any(Bomb(name))
            });
            assert!(loud.is_ok());
        }
        rt.settle().await;
        shutdown.request(CancelKind::Shutdown);
        assert_eq!(raised(shutdown.run()).await, "callback");
    });
}
