//! Who may ask for the end, and what a second request does.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use trunnion_core::panic::catch;
use trunnion_core::{
    BlockOn, CancelKind, CancelReason, CancelToken, Clock, Instant, Signals, Spawn, StopSignal,
    Timer,
};
use trunnion_sim::{Sim, run};

use super::{Census, SECOND, counts, in_each_schedule, three};

#[test]
fn a_run_waits_for_a_request() {
    run(|rt| async move {
        let (shutdown, start) = (three(&rt).build(), rt.now());
        let handle = shutdown.handle();
        let (clock, waits) = (rt.clone(), shutdown.handle());
        let told = rt.spawn(async move { waits.requested().await.kind() });
        rt.spawn_detached(async move {
            clock.sleep(5 * SECOND).await;
            assert!(handle.request(CancelKind::Custom(1)));
        });
        let report = shutdown.run().await;
        assert_eq!(
            (rt.now() - start, report.elapsed),
            (5 * SECOND, Duration::ZERO)
        );
        assert_eq!(report.reason.kind(), CancelKind::Custom(1));
        assert_eq!(told.await.expect("it ends"), CancelKind::Custom(1));
    });
}

/// Asks again after so many seconds, in whichever stage that is.
fn second_request_after(seconds: u32, held: bool) {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        for phase in ["accept", "drain", "flush"] {
            assert!(shutdown.register(phase, phase, census.deaf()).is_ok());
        }
        let guard = held.then(|| shutdown.guard("flush").expect("it is open"));
        let (handle, clock) = (shutdown.handle(), rt.clone());
        assert!(handle.request(CancelKind::Shutdown));
        rt.spawn_detached(async move {
            clock.sleep(seconds * SECOND).await;
            assert!(!handle.request(CancelKind::Requested), "it is the second");
            assert!(
                !handle.request(CancelKind::Requested),
                "a third does nothing"
            );
        });
        let report = shutdown.run().await;
        let expected = SECOND * (seconds + u32::from(held));
        assert_eq!((report.elapsed, census.alive()), (expected, 0));
        let gone = report
            .phases
            .iter()
            .map(|phase| counts(phase)[1])
            .sum::<usize>();
        assert_eq!(gone, 3, "{report}");
        assert_eq!(report.stragglers().count(), usize::from(held));
        assert_eq!(report.reason.kind(), CancelKind::Shutdown);
        drop(guard);
    });
}

#[test]
fn a_second_request_before_the_run_kills_at_once() {
    run(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        assert!(shutdown.register("drain", "deaf", census.deaf()).is_ok());
        assert!(shutdown.request(CancelKind::Shutdown));
        assert!(!shutdown.request(CancelKind::Shutdown));
        rt.settle().await;
        assert_eq!(census.alive(), 0, "nobody has to run it");
        let report = shutdown.run().await;
        assert_eq!(
            (report.elapsed, counts(&report.phases[1])),
            (Duration::ZERO, [0, 1, 0, 0])
        );
    });
}

#[test]
fn a_second_request_in_the_first_phase_kills_all() {
    second_request_after(1, false);
}

#[test]
fn a_second_request_in_a_middle_phase_kills_all() {
    second_request_after(10, false);
}

#[test]
fn a_second_request_in_the_last_phase_kills_it() {
    second_request_after(23, false);
}

#[test]
fn a_second_request_gives_those_who_stay_the_kill_budget_only() {
    second_request_after(1, true);
}

#[test]
fn stragglers_of_all_phases_share_one_kill_budget_after_a_second_request() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let held = ["accept", "drain", "flush"].map(|phase| shutdown.guard(phase).expect("open"));
        let (handle, clock) = (shutdown.handle(), rt.clone());
        handle.request(CancelKind::Shutdown);
        rt.spawn_detached(async move {
            clock.sleep(SECOND).await;
            handle.request(CancelKind::Shutdown);
        });
        let report = shutdown.run().await;
        assert_eq!(report.elapsed, 2 * SECOND);
        assert_eq!(report.stragglers().count(), held.len());
    });
}

#[test]
fn a_second_request_in_a_kill_budget_lengthens_nothing() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let _held = ["accept", "flush"].map(|phase| shutdown.guard(phase).expect("it is open"));
        let (handle, clock) = (shutdown.handle(), rt.clone());
        handle.request(CancelKind::Shutdown);
        rt.spawn_detached(async move {
            clock.sleep(2 * SECOND + SECOND / 2).await;
            handle.request(CancelKind::Shutdown);
        });
        // Two seconds, the budget of the first phase, and one more for all that is left.
        assert_eq!(shutdown.run().await.elapsed, 4 * SECOND);
    });
}

#[test]
fn cancelling_the_token_asks_and_never_kills() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        assert!(
            shutdown
                .register("accept", "fine", census.takes(&rt, SECOND))
                .is_ok()
        );
        for n in 0..3 {
            assert_eq!(
                shutdown.token().cancel_with(CancelKind::SiblingFailed),
                n == 0
            );
        }
        let report = shutdown.run().await;
        assert!(report.is_clean());
        assert_eq!(
            (report.elapsed, report.reason.kind()),
            (SECOND, CancelKind::SiblingFailed)
        );
    });
}

#[test]
fn a_token_around_requests_and_kills() {
    in_each_schedule(|rt| async move {
        let (census, outer) = (Census::default(), CancelToken::new());
        let shutdown = three(&rt).token(&outer).build();
        assert!(shutdown.register("drain", "deaf", census.deaf()).is_ok());
        let clock = rt.clone();
        let asks = outer.clone();
        rt.spawn_detached(async move {
            asks.cancel_with(CancelKind::Custom(3));
            clock.sleep(4 * SECOND).await;
            asks.kill(CancelKind::GraceExpired);
        });
        let report = shutdown.run().await;
        assert_eq!((report.elapsed, census.alive()), (4 * SECOND, 0));
        assert_eq!(report.reason.kind(), CancelKind::Custom(3));
        assert_eq!(counts(&report.phases[1]), [0, 1, 0, 0]);
    });
}

#[test]
fn the_first_signal_requests_and_the_second_kills() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let signals = rt.stop_signals().expect("the simulator has signals");
        let shutdown = three(&rt).signals(signals).build();
        assert!(shutdown.register("drain", "deaf", census.deaf()).is_ok());
        let by_hand = rt.clone();
        rt.spawn_detached(async move {
            by_hand.sleep(SECOND).await;
            by_hand.raise(StopSignal::Terminate);
            by_hand.sleep(3 * SECOND).await;
            by_hand.raise(StopSignal::Interrupt);
            by_hand.raise(StopSignal::Interrupt);
        });
        let report = shutdown.run().await;
        assert_eq!((report.elapsed, census.alive()), (3 * SECOND, 0));
        assert_eq!(report.reason.kind(), CancelKind::Shutdown);
        let cause = report
            .reason
            .source()
            .expect("it is the signal")
            .to_string();
        assert_eq!(cause, "terminated by SIGTERM");
    });
}

#[test]
fn one_signal_lets_all_end_by_themselves() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let shutdown = three(&rt)
            .signals(rt.stop_signals().expect("it has"))
            .build();
        assert!(
            shutdown
                .register("drain", "fine", census.takes(&rt, 7 * SECOND))
                .is_ok()
        );
        rt.raise(StopSignal::Interrupt);
        let report = shutdown.run().await;
        assert!(
            report.is_clean() && report.elapsed == 7 * SECOND,
            "{report}"
        );
    });
}

#[test]
fn a_callback_that_panics_stops_nothing_and_is_raised_at_the_end() {
    let sim = Sim::new();
    let rt = sim.handle();
    let census = Census::default();
    let ran = Arc::new(AtomicUsize::new(0));
    let (inside, counted) = (census.clone(), Arc::clone(&ran));
    let raised = catch(|| {
        sim.block_on(async move {
            let shutdown = three(&rt).build();
            let bad = shutdown.register("accept", "bad", |stop| async move {
                let _kept = stop.on_cancel(|_| panic!("callback"));
                stop.cancelled().await;
            });
            assert!(bad.is_ok());
            let (member, clock) = (inside.join(), rt.clone());
            let flush = shutdown.register("flush", "fine", |stop| async move {
                stop.cancelled().await;
                clock.sleep(SECOND).await;
                counted.fetch_add(1, SeqCst);
                drop(member);
            });
            assert!(flush.is_ok());
            rt.settle().await;
            shutdown.request(CancelReason::new(CancelKind::Shutdown));
            shutdown.run().await
        })
    });
    assert_eq!(
        raised.expect_err("it is not lost").message(),
        Some("callback")
    );
    assert_eq!(
        (ran.load(SeqCst), census.alive()),
        (1, 0),
        "the flush went on"
    );
}

#[test]
fn a_callback_that_panics_under_a_signal_is_raised_at_the_end() {
    let sim = Sim::new();
    let rt = sim.handle();
    let ran = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&ran);
    let raised = catch(|| {
        sim.block_on(async move {
            let shutdown = three(&rt)
                .signals(rt.stop_signals().expect("it has"))
                .build();
            let _kept = shutdown.token().on_cancel(|_| panic!("callback"));
            let flush = shutdown.register("flush", "fine", |stop| async move {
                stop.cancelled().await;
                counted.fetch_add(1, SeqCst);
            });
            assert!(flush.is_ok());
            rt.raise(StopSignal::Terminate);
            shutdown.run().await
        })
    });
    assert_eq!(
        raised.expect_err("it is not lost").message(),
        Some("callback")
    );
    assert_eq!(ran.load(SeqCst), 1);
}

#[test]
fn a_second_signal_is_heard_though_a_callback_panicked_under_the_first() {
    let sim = Sim::new();
    let rt = sim.handle();
    let (clock, census) = (rt.clone(), Census::default());
    let deaf = census.deaf();
    let raised = catch(|| {
        sim.block_on(async move {
            let shutdown = three(&rt)
                .signals(rt.stop_signals().expect("it has"))
                .build();
            let _kept = shutdown.token().on_cancel(|_| panic!("callback"));
            assert!(shutdown.register("drain", "deaf", deaf).is_ok());
            let by_hand = rt.clone();
            rt.raise(StopSignal::Terminate);
            rt.spawn_detached(async move {
                by_hand.sleep(SECOND).await;
                by_hand.raise(StopSignal::Terminate);
            });
            shutdown.run().await
        })
    });
    assert_eq!(
        raised.expect_err("it is not lost").message(),
        Some("callback")
    );
    assert_eq!((clock.now(), census.alive()), (Instant::ORIGIN + SECOND, 0));
}

#[test]
fn the_first_of_two_panics_is_raised_though_the_other_does_not_go_quietly() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a payload");
        }
    }
    let sim = Sim::new();
    let rt = sim.handle();
    let raised = catch(|| {
        sim.block_on(async move {
            let shutdown = three(&rt)
                .signals(rt.stop_signals().expect("it has"))
                .build();
            let _kept = shutdown.token().on_cancel(|_| panic!("callback"));
            let flush = shutdown.register("flush", "bad", |stop| async move {
                let _kept = stop.on_cancel(|_| std::panic::panic_any(Bomb));
                stop.cancelled().await;
            });
            assert!(flush.is_ok());
            rt.settle().await;
            rt.raise(StopSignal::Terminate);
            shutdown.run().await
        })
    });
    assert_eq!(
        raised.expect_err("two panicked").message(),
        Some("callback")
    );
}

#[test]
fn a_deadline_of_the_token_around_is_a_request() {
    in_each_schedule(|rt| async move {
        let (census, start) = (Census::default(), rt.now());
        let outer = CancelToken::new().child_until(start + 3 * SECOND);
        let shutdown = three(&rt).token(&outer).build();
        let fine = census.takes(&rt, SECOND);
        assert!(shutdown.register("drain", "fine", fine).is_ok());
        let report = shutdown.run().await;
        assert!(report.is_clean(), "{report}");
        assert_eq!(report.reason.kind(), CancelKind::Deadline);
        assert_eq!((rt.now() - start, report.elapsed), (4 * SECOND, SECOND));
    });
}
