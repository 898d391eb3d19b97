//! What is registered, what is refused, and what becomes of it.

use std::future::{pending, poll_fn};
use std::task::Poll;
use std::time::Duration;

use trunnion_core::panic::catch;
use trunnion_core::{CancelKind, Clock, Spawn, TaskHandle, Timer};
use trunnion_patterns::{RegisterError, TaskScope};
use trunnion_sim::run;

use super::{Census, SECOND, counts, in_each_schedule, names, three};

#[test]
fn a_part_runs_from_when_it_is_registered() {
    run(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        let member = census.join();
        assert!(
            shutdown
                .register("drain", "short", |_| async move { drop(member) })
                .is_ok()
        );
        rt.settle().await;
        assert_eq!(census.alive(), 0);
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(
            counts(&report.phases[1]),
            [0; 4],
            "what ended before is nobody's business"
        );
    });
}

#[test]
fn what_is_not_taken_is_handed_back_uncalled() {
    run(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        let refused = shutdown
            .register("drian", "typo", census.deaf())
            .expect_err("unknown");
        assert!(matches!(refused, RegisterError::NoSuchPhase(_)));
        assert_eq!(refused.to_string(), "there is no such phase");
        assert!(
            shutdown
                .register("drain", "again", refused.into_inner())
                .is_ok()
        );
        assert!(matches!(
            shutdown.guard("drian"),
            Err(RegisterError::NoSuchPhase(()))
        ));
        assert!(shutdown.child_scope("drian").is_err());

        shutdown.request(CancelKind::Shutdown);
        let refused = shutdown
            .register("accept", "late", census.deaf())
            .expect_err("late");
        assert!(matches!(refused, RegisterError::Stopping(_)));
        assert!(shutdown.guard("accept").is_err());
        assert!(
            shutdown
                .register_blocking("accept", "late", |_| ())
                .is_err()
        );
        // The next phase has not begun.
        assert!(
            shutdown
                .register("flush", "for later", refused.into_inner())
                .is_ok()
        );
        let handle = shutdown.handle();
        let report = shutdown.run().await;
        assert_eq!(census.alive(), 0);
        assert_eq!(names(&report.phases[2].killed), ["for later"]);
        for phase in ["accept", "drain", "flush"] {
            assert!(handle.guard(phase).is_err(), "it is over");
        }
    });
}

#[test]
fn a_phase_that_is_stopping_takes_nothing_and_a_later_one_still_does() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        let (handle, clock, inner) = (shutdown.handle(), rt.clone(), census.clone());
        let drain = shutdown.register("drain", "drain", |stop| async move {
            stop.cancelled().await;
            assert!(handle.guard("accept").is_err(), "it is over");
            assert!(handle.register("drain", "late", inner.deaf()).is_err());
            let left = inner.takes(&clock, SECOND);
            assert!(handle.register("flush", "left", left).is_ok());
        });
        assert!(drain.is_ok());
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(names(&report.phases[2].finished), ["left"]);
        assert_eq!((report.elapsed, census.alive()), (SECOND, 0));
    });
}

#[test]
fn nothing_is_taken_after_a_kill() {
    run(|rt| async move {
        let shutdown = three(&rt).build();
        shutdown.request(CancelKind::Shutdown);
        shutdown.request(CancelKind::Shutdown);
        assert!(shutdown.guard("flush").is_err());
        assert!(shutdown.child_scope("flush").is_err());
    });
}

#[test]
fn a_part_that_panics_requests_the_shutdown_and_is_in_the_report() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        assert!(
            shutdown
                .register("accept", "bad", |_| async { panic!("boom") })
                .is_ok()
        );
        assert!(
            shutdown
                .register("drain", "fine", census.takes(&rt, SECOND))
                .is_ok()
        );
        let report = shutdown.run().await;
        assert_eq!(report.reason.kind(), CancelKind::SiblingPanicked);
        assert_eq!(counts(&report.phases[0]), [0, 0, 1, 0]);
        let (part, panic) = &report.phases[0].panicked[0];
        assert_eq!((part.name(), panic.message()), (Some("bad"), Some("boom")));
        assert_eq!(counts(&report.phases[1]), [1, 0, 0, 0], "it had its time");
        assert!(!report.is_clean() && report.to_string().contains("panicked: boom"));
    });
}

#[test]
fn a_part_that_panics_while_it_stops_kills_nobody() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        let bad = shutdown.register("accept", "bad", |stop| async move {
            stop.cancelled().await;
            panic!("boom")
        });
        assert!(bad.is_ok());
        assert!(
            shutdown
                .register("accept", "fine", census.takes(&rt, SECOND))
                .is_ok()
        );
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(
            (report.elapsed, counts(&report.phases[0])),
            (SECOND, [1, 0, 1, 0])
        );
        assert_eq!(report.reason.kind(), CancelKind::Shutdown);
    });
}

#[test]
fn a_destructor_that_panics_in_a_kill_is_told_and_the_others_are_gone() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("destructor");
        }
    }
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        let bad = Bad;
        let part = shutdown.register("accept", "bad", |_| async move {
            let _bad = bad;
            pending::<()>().await;
        });
        assert!(part.is_ok() && shutdown.register("accept", "deaf", census.deaf()).is_ok());
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(
            (counts(&report.phases[0]), census.alive()),
            ([0, 1, 1, 0], 0)
        );
    });
}

#[test]
fn a_closure_that_panics_before_there_is_a_part_leaves_nothing() {
    run(|rt| async move {
        let shutdown = three(&rt).build();
        let raised = catch(|| {
            shutdown.register("accept", "bad", |_| -> std::future::Ready<()> {
                panic!("early")
            })
        });
        assert_eq!(
            raised.expect_err("it is the caller's").message(),
            Some("early")
        );
        shutdown.request(CancelKind::Shutdown);
        assert!(shutdown.run().await.is_clean());
    });
}

#[test]
fn cancelling_a_parts_token_stops_nobody_else() {
    run(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        let own = shutdown.register("drain", "own", |stop| async move {
            stop.cancel();
            stop.cancelled().await;
        });
        assert!(own.is_ok());
        assert!(
            shutdown
                .register("drain", "other", census.takes(&rt, Duration::ZERO))
                .is_ok()
        );
        shutdown
            .guard("drain")
            .expect("it is open")
            .token()
            .kill(CancelKind::Requested);
        rt.sleep(SECOND).await;
        assert_eq!(census.alive(), 1);
        assert!(!shutdown.token().is_cancelled());
        shutdown.request(CancelKind::Shutdown);
        assert_eq!(names(&shutdown.run().await.phases[1].finished), ["other"]);
    });
}

#[test]
fn a_blocking_part_gets_a_token_and_is_waited_for() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        shutdown.token().cancel();
        assert!(
            shutdown
                .register_blocking("drain", "sync", |stop| assert!(!stop.is_killed()))
                .is_ok()
        );
        let report = shutdown.run().await;
        assert!(report.is_clean(), "{report}");
        let bad = three(&rt).build();
        assert!(
            bad.register_blocking("drain", "sync", |_| panic!("blocked"))
                .is_ok()
        );
        let report = bad.run().await;
        assert_eq!(report.reason.kind(), CancelKind::SiblingPanicked);
        assert_eq!(counts(&report.phases[1]), [0, 0, 1, 0]);
    });
}

#[test]
fn a_scope_inside_a_phase_is_cancelled_with_it_and_waited_for_when_it_is_dropped() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        let scope = shutdown
            .child_scope("drain")
            .expect("it is open")
            .name("requests");
        let member = census.join();
        let mut scope = Box::pin(scope.run(async |s: TaskScope<_, (), ()>| {
            drop(s.spawn_graceful(|stop| async move {
                stop.cancelled().await;
                drop(member);
                Ok(())
            }));
            pending().await
        }));
        poll_fn(|cx| {
            assert!(scope.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        shutdown.request(CancelKind::Shutdown);
        let served = rt.spawn(scope);
        let report = shutdown.run().await;
        assert_eq!(
            (counts(&report.phases[1]), census.alive()),
            ([0; 4], 0),
            "{report}"
        );
        assert!(served.await.expect("it ends").is_err());

        let shutdown = three(&rt).build();
        let scope = shutdown
            .child_scope("drain")
            .expect("it is open")
            .name("requests");
        let hold = census.join();
        let mut scope = Box::pin(scope.run(async |s: TaskScope<_, (), ()>| {
            drop(s.spawn(async move {
                let _hold = hold;
                pending().await
            }));
            pending().await
        }));
        poll_fn(|cx| {
            assert!(scope.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(scope);
        shutdown.request(CancelKind::Shutdown);
        assert!(shutdown.run().await.is_clean());
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_scope_that_is_not_driven_is_a_straggler_with_its_name() {
    run(|rt| async move {
        let shutdown = three(&rt).build();
        let scope = shutdown
            .child_scope("accept")
            .expect("it is open")
            .name("requests");
        let mut scope = Box::pin(scope.run(async |_: TaskScope<_, (), ()>| pending().await));
        poll_fn(|cx| {
            assert!(scope.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(names(&report.phases[0].stragglers), ["requests"]);
    });
}

#[test]
fn a_shutdown_that_is_dropped_kills_all_and_takes_nothing_more() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        for phase in ["accept", "drain", "flush"] {
            assert!(shutdown.register(phase, phase, census.deaf()).is_ok());
        }
        let handle = shutdown.handle();
        drop(shutdown);
        rt.settle().await;
        assert_eq!(census.alive(), 0);
        assert!(handle.token().is_killed() && handle.guard("flush").is_err());
        assert_eq!(handle.requested().await.kind(), CancelKind::ScopeClosed);
    });
}

#[test]
fn a_run_is_send_and_ends_with_its_runtime_clock() {
    run(|rt| async move {
        let (shutdown, start) = (three(&rt).build(), rt.now());
        shutdown.request(CancelKind::Shutdown);
        let task = rt.spawn(shutdown.run());
        assert!(task.await.expect("it ends").is_clean());
        assert_eq!(rt.now(), start);
        let forever = rt.spawn(three(&rt).build().run());
        rt.sleep(SECOND).await;
        assert!(!forever.is_finished(), "nobody has asked");
    });
}
