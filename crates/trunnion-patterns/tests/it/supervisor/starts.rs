//! The start: in order, with a word from each child that it is ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use trunnion_core::{CancelKind, CancelToken, Clock, Timer, YieldNow};
use trunnion_patterns::{
    ChildSpec, Outcome, Restart, Strategy, Supervisor, SupervisorEnd, SupervisorError,
    SupervisorRefused, gather,
};
use trunnion_sim::run;

use super::{End, Fault, Log, MOMENT, child, eager, endless, in_each_schedule};

/// Ready after so many moments.
fn slow(
    rt: &trunnion_sim::SimRuntime,
    log: &Log,
    name: &'static str,
    moments: u32,
) -> ChildSpec<Fault> {
    let (rt, log) = (rt.clone(), log.clone());
    ChildSpec::new(name, move |ctx| {
        let (rt, log) = (rt.clone(), log.clone());
        async move {
            let _noted = log.enter(name);
            let ready = ctx.token().run_until_cancelled(rt.sleep(moments * MOMENT));
            if ready.await.is_ok() {
                log.note(format!("{name}!"));
                ctx.ready();
                ctx.token().cancelled().await;
            }
            Ok(())
        }
    })
}

#[test]
fn each_child_starts_when_the_one_before_is_ready() {
    in_each_schedule(|rt| async move {
        let (log, token, start) = (Log::default(), CancelToken::new(), rt.now());
        let supervisor = eager(&rt)
            .token(&token)
            .child(slow(&rt, &log, "a", 3))
            .child(slow(&rt, &log, "b", 1))
            .child(slow(&rt, &log, "d", 2))
            .child(
                endless(&log, "c")
                    .ready_at_once()
                    .stop(trunnion_patterns::StopMode::Kill),
            )
            .build()
            .expect("it is sound");
        let stop = async {
            rt.sleep(10 * MOMENT).await;
            token.cancel();
        };
        assert!(gather((supervisor.run(), stop)).await.0.is_ok());
        assert_eq!(log.text(), "+a a! +b b! +d d! +c -c -d -b -a");
        assert_eq!(rt.now() - start, 10 * MOMENT);
    });
}

#[test]
fn a_child_that_fails_before_it_is_ready_fails_the_start_and_the_others_stop_in_reverse() {
    for end in [End::Err, End::Panic] {
        for kind in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
            in_each_schedule(|rt| async move {
                let log = Log::default();
                let (inner, clock) = (log.clone(), rt.clone());
                let broken = ChildSpec::new("broken", move |_| {
                    let (log, rt) = (inner.clone(), clock.clone());
                    async move {
                        let _noted = log.enter("broken");
                        rt.yield_now().await;
                        end.happen()
                    }
                });
                let supervisor = eager(&rt)
                    .child(child(&rt, &log, "a", &[]))
                    .child(child(&rt, &log, "b", &[]))
                    .child(broken.restart(kind))
                    .child(child(&rt, &log, "d", &[]))
                    .build()
                    .expect("it is sound");
                let error = supervisor.run().await.expect_err("it cannot start");
                assert_eq!(log.text(), "+a +b +broken -broken -b -a");
                assert_eq!(error.child(), "broken");
                match (error, end) {
                    (
                        SupervisorError::StartFailed {
                            last: Outcome::Err("broken"),
                            ..
                        },
                        End::Err,
                    ) => {}
                    (
                        SupervisorError::StartFailed {
                            last: Outcome::Panicked(panic),
                            ..
                        },
                        End::Panic,
                    ) => {
                        assert_eq!(panic.message(), Some("boom"));
                    }
                    (error, _) => panic!("{error:?}"),
                }
            });
        }
    }
}

#[test]
fn a_child_that_is_ready_and_fails_in_the_same_poll_is_restarted() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let supervisor = eager(&rt)
            .child(child(&rt, &log, "a", &[(0, End::Err)]))
            .restarts(0, MOMENT)
            .build()
            .expect("it is sound");
        let error = supervisor.run().await.expect_err("no restart is allowed");
        assert!(
            matches!(error, SupervisorError::RestartsExceeded { .. }),
            "{error}"
        );
    });
}

#[test]
fn a_child_that_comes_to_its_end_lets_the_next_one_start() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let inner = log.clone();
        let migrate = ChildSpec::new("migrate", move |_| {
            let noted = inner.enter("migrate");
            async move {
                drop(noted);
                Ok(())
            }
        });
        let supervisor = eager(&rt)
            .child(migrate.restart(Restart::Transient))
            .child(child(&rt, &log, "serve", &[(1, End::Ok)]).restart(Restart::Temporary))
            .build()
            .expect("it is sound");
        let ended = supervisor.run().await;
        assert!(matches!(ended, Ok(SupervisorEnd::Completed)));
        assert_eq!(log.text(), "+migrate -migrate +serve -serve");
    });
}

#[test]
fn a_sibling_that_fails_during_the_start_is_restarted_without_waiting_for_the_start() {
    in_each_schedule(|rt| async move {
        for (strategy, expected) in [
            (Strategy::OneForOne, "+a +b -a +a b! +c -c -b -a"),
            (Strategy::RestForOne, "+a +b -a -b +a +b b! +c -c -b -a"),
            (Strategy::OneForAll, "+a +b -a -b +a +b b! +c -c -b -a"),
        ] {
            let (log, token) = (Log::default(), CancelToken::new());
            let supervisor = eager(&rt)
                .strategy(strategy)
                .token(&token)
                .child(child(&rt, &log, "a", &[(2, End::Err)]))
                .child(slow(&rt, &log, "b", 5))
                .child(child(&rt, &log, "c", &[]))
                .build()
                .expect("it is sound");
            let stop = async {
                rt.sleep(50 * MOMENT).await;
                token.cancel();
            };
            assert!(gather((supervisor.run(), stop)).await.0.is_ok());
            assert_eq!(log.text(), expected, "{strategy:?}");
        }
    });
}

#[test]
fn cancelling_during_the_start_stops_those_that_have_started() {
    in_each_schedule(|rt| async move {
        let (log, token) = (Log::default(), CancelToken::new());
        let supervisor = eager(&rt)
            .token(&token)
            .child(child(&rt, &log, "a", &[]))
            .child(slow(&rt, &log, "b", 10))
            .child(child(&rt, &log, "c", &[]))
            .build()
            .expect("it is sound");
        let stop = async {
            rt.sleep(MOMENT).await;
            token.cancel_with(CancelKind::Shutdown);
        };
        let (ended, ()) = gather((supervisor.run(), stop)).await;
        let Ok(SupervisorEnd::Cancelled(reason)) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(reason.kind(), CancelKind::Shutdown);
        assert_eq!(log.text(), "+a +b -b -a");
    });
}

#[test]
fn one_that_is_cancelled_before_its_first_poll_starts_nobody() {
    run(|rt| async move {
        let (log, token) = (Log::default(), CancelToken::new());
        let supervisor = eager(&rt).token(&token).child(endless(&log, "a")).build();
        token.cancel();
        let ended = supervisor.expect("it is sound").run().await;
        assert!(matches!(ended, Ok(SupervisorEnd::Cancelled(_))));
        assert_eq!(log.text(), "");
    });
}

#[test]
fn a_factory_that_panics_is_the_panic_of_its_child() {
    run(|rt| async move {
        let calls = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&calls);
        let flaky = ChildSpec::new("flaky", move |ctx| {
            assert_eq!(counted.fetch_add(1, SeqCst), ctx.restarts());
            assert_ne!(ctx.restarts(), 1, "not the second time");
            ctx.ready();
            async move {
                if ctx.restarts() == 0 {
                    Err("once")
                } else {
                    Ok(())
                }
            }
        });
        let ends = Log::default();
        let told = ends.clone();
        let supervisor = eager(&rt)
            .child(flaky.restart(Restart::Transient))
            .on_end(move |end| told.note(format!("{:?}", end.outcome)))
            .build()
            .expect("it is sound");
        assert!(matches!(
            supervisor.run().await,
            Ok(SupervisorEnd::Completed)
        ));
        assert_eq!(calls.load(SeqCst), 3);
        let ends = ends.text();
        assert!(ends.contains("not the second time"), "{ends}");
    });
}

#[test]
fn what_cannot_be_meant_is_refused_when_it_is_built() {
    run(|rt| async move {
        let log = Log::default();
        let twins = eager(&rt)
            .child(endless(&log, "a"))
            .child(endless(&log, "b"))
            .child(endless(&log, "a"));
        let refused = twins.build().expect_err("one name twice");
        assert_eq!(refused, SupervisorRefused::DuplicateName("a".into()));
        let timeless = eager(&rt).restarts(3, std::time::Duration::ZERO).build();
        assert_eq!(
            timeless.expect_err("no window"),
            SupervisorRefused::ZeroWindow
        );
        assert_eq!(log.text(), "");
    });
}

#[test]
fn a_supervisor_without_children_is_at_its_end() {
    run(|rt| async move {
        let ended = Supervisor::builder::<_, Fault>(&rt)
            .build()
            .expect("it is sound");
        assert!(matches!(ended.run().await, Ok(SupervisorEnd::Completed)));
    });
}
