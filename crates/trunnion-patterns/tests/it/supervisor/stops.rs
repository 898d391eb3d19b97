//! The stop: in reverse order, one after the other, each child in its way.

use std::time::Duration;

use trunnion_core::{CancelKind, CancelToken, Clock, Timer, YieldNow};
use trunnion_patterns::{
    AfterEnd, ChildSpec, StopMode, Strategy, SupervisorBuilder, SupervisorEnd, SupervisorError,
    gather,
};
use trunnion_sim::SimRuntime;

use super::{End, Fault, Log, MOMENT, child, eager, endless, in_each_schedule};

/// Ready, it takes so many moments to end when it is asked to.
fn tidy(rt: &SimRuntime, log: &Log, name: &'static str, moments: u32) -> ChildSpec<Fault> {
    let (rt, log) = (rt.clone(), log.clone());
    ChildSpec::new(name, move |ctx| {
        let (rt, log) = (rt.clone(), log.clone());
        async move {
            let _noted = log.enter(name);
            ctx.ready();
            ctx.token().cancelled().await;
            log.note(format!("{name}?"));
            rt.sleep(moments * MOMENT).await;
            log.note(format!("{name}."));
            Ok(())
        }
    })
}

/// Never asked to stop before 5 moments have passed; how long the stop took.
async fn stopped(rt: &SimRuntime, builder: SupervisorBuilder<SimRuntime, Fault>) -> Duration {
    let token = CancelToken::new();
    let supervisor = builder.token(&token).build().expect("it is sound");
    let stop = async {
        rt.sleep(5 * MOMENT).await;
        token.cancel();
    };
    let (ended, ()) = gather((supervisor.run(), stop)).await;
    assert!(matches!(ended, Ok(SupervisorEnd::Cancelled(_))));
    rt.now() - (trunnion_core::Instant::ORIGIN + 5 * MOMENT)
}

#[test]
fn each_child_has_its_grace_and_the_next_one_is_asked_when_it_is_gone() {
    in_each_schedule(|rt| async move {
        let (log, late) = (Log::default(), Log::default());
        let told = late.clone();
        let grace = |moments: u32| StopMode::Grace(moments * MOMENT);
        let builder = eager(&rt)
            .child(tidy(&rt, &log, "quick", 1).stop(grace(10)))
            .child(tidy(&rt, &log, "late", 11).stop(grace(10)))
            .child(tidy(&rt, &log, "slow", 60_000).stop(StopMode::Wait))
            .child(tidy(&rt, &log, "killed", 1).stop(StopMode::Kill))
            .on_straggler(move |name| told.note(name));
        let took = stopped(&rt, builder).await;
        assert_eq!(
            log.text(),
            "+quick +late +slow +killed \
             killed? -killed slow? slow. -slow late? -late quick? quick. -quick"
        );
        assert_eq!(took, 60_011 * MOMENT);
        assert_eq!(late.text(), "late");
    });
}

#[test]
fn a_child_that_ignores_cancellation_is_killed_after_five_seconds_unless_said_otherwise() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let builder = eager(&rt).child(endless(&log, "deaf").ready_at_once());
        assert_eq!(stopped(&rt, builder).await, Duration::from_secs(5));
        assert_eq!(log.text(), "+deaf -deaf");
    });
}

#[test]
fn no_grace_is_a_last_poll() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let builder =
            eager(&rt).child(tidy(&rt, &log, "a", 1).stop(StopMode::Grace(Duration::ZERO)));
        assert_eq!(stopped(&rt, builder).await, Duration::ZERO);
        assert_eq!(log.text(), "+a a? -a");
    });
}

#[test]
fn a_restart_of_the_group_waits_until_who_is_late_is_gone() {
    in_each_schedule(|rt| async move {
        let (log, token) = (Log::default(), CancelToken::new());
        let supervisor = eager(&rt)
            .strategy(Strategy::OneForAll)
            .token(&token)
            .child(child(&rt, &log, "a", &[(1, End::Err)]))
            .child(
                endless(&log, "deaf")
                    .ready_at_once()
                    .stop(StopMode::Grace(10 * MOMENT)),
            )
            .build()
            .expect("it is sound");
        let watch = async {
            rt.sleep(5 * MOMENT).await;
            assert_eq!(log.text(), "+a +deaf -a");
            rt.sleep(10 * MOMENT).await;
            assert_eq!(log.text(), "+a +deaf -a -deaf +a +deaf");
            token.kill(CancelKind::Requested);
        };
        assert!(gather((supervisor.run(), watch)).await.0.is_ok());
        assert_eq!(log.alive(), 0);
    });
}

#[test]
fn a_kill_ends_all_at_once_whatever_they_wait_for() {
    in_each_schedule(|rt| async move {
        let (log, token, start) = (Log::default(), CancelToken::new(), rt.now());
        let wait = |name| endless(&log, name).ready_at_once().stop(StopMode::Wait);
        let supervisor = eager(&rt)
            .token(&token)
            .child(wait("a"))
            .child(wait("b"))
            .build()
            .expect("it is sound");
        let stop = async {
            rt.sleep(MOMENT).await;
            token.cancel_with(CancelKind::Shutdown);
            rt.sleep(MOMENT).await;
            assert_eq!(log.alive(), 2);
            token.kill(CancelKind::GraceExpired);
        };
        let (ended, ()) = gather((supervisor.run(), stop)).await;
        let Ok(SupervisorEnd::Cancelled(reason)) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(reason.kind(), CancelKind::Shutdown);
        assert_eq!((log.alive(), rt.now() - start), (0, 2 * MOMENT));
    });
}

#[test]
fn a_kill_without_a_cancel_before_it_tells_the_hook_of_each_child() {
    in_each_schedule(|rt| async move {
        let (log, ends, token) = (Log::default(), Log::default(), CancelToken::new());
        let told = ends.clone();
        let supervisor = eager(&rt)
            .token(&token)
            .child(endless(&log, "a").ready_at_once())
            .child(endless(&log, "b").ready_at_once())
            .on_end(move |end| {
                assert!(end.outcome.is_cancelled() && end.stopped);
                assert_eq!(end.next, AfterEnd::Stay);
                told.note(end.child);
            })
            .build()
            .expect("it is sound");
        let stop = async {
            rt.sleep(MOMENT).await;
            token.kill(CancelKind::Requested);
        };
        let (ended, ()) = gather((supervisor.run(), stop)).await;
        assert!(matches!(ended, Ok(SupervisorEnd::Cancelled(_))));
        assert_eq!(ends.text().len(), "a b".len());
    });
}

#[test]
fn what_a_child_fails_with_while_it_is_stopped_changes_nothing_and_is_told() {
    in_each_schedule(|rt| async move {
        let ends = Log::default();
        let told = ends.clone();
        let sour = |name: &'static str, end: End| {
            ChildSpec::new(name, move |ctx: trunnion_patterns::ChildCtx| async move {
                ctx.ready();
                ctx.token().cancelled().await;
                end.happen()
            })
        };
        let builder = eager(&rt)
            .child(sour("a", End::Err))
            .child(sour("b", End::Panic))
            .child(sour("c", End::Ok))
            .on_end(move |end| told.note(format!("{}:{:?}:{}", end.child, end.next, end.stopped)));
        stopped(&rt, builder).await;
        assert_eq!(ends.text(), "c:Stay:true b:Stay:true a:Stay:true");
    });
}

#[test]
fn a_destructor_that_panics_is_the_panic_of_its_child_and_stops_no_stop() {
    struct Boom;
    impl Drop for Boom {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    in_each_schedule(|rt| async move {
        let (log, ends) = (Log::default(), Log::default());
        let (told, inner) = (ends.clone(), log.clone());
        let bomb = ChildSpec::new("bomb", move |ctx| {
            let noted = inner.enter("bomb");
            async move {
                let (_noted, _boom) = (noted, Boom);
                ctx.ready();
                if ctx.restarts() == 0 {
                    return Err("first");
                }
                std::future::pending().await
            }
        });
        let builder = eager(&rt)
            .child(child(&rt, &log, "a", &[]))
            .child(bomb.stop(StopMode::Kill))
            .on_end(move |end| {
                let panicked = matches!(end.outcome, trunnion_patterns::Outcome::Panicked(_));
                told.note(format!("{}:{panicked}:{}", end.child, end.stopped));
            });
        stopped(&rt, builder).await;
        assert_eq!(log.text(), "+a +bomb -bomb +bomb -bomb -a");
        assert_eq!(ends.text(), "bomb:true:false bomb:true:true a:false:true");
    });
}

#[test]
fn cancelling_while_it_fails_keeps_the_failure() {
    in_each_schedule(|rt| async move {
        let (log, token) = (Log::default(), CancelToken::new());
        let supervisor = eager(&rt)
            .restarts(0, MOMENT)
            .token(&token)
            .child(tidy(&rt, &log, "a", 10))
            .child(child(&rt, &log, "b", &[(1, End::Err)]))
            .build()
            .expect("it is sound");
        let stop = async {
            rt.sleep(5 * MOMENT).await;
            assert_eq!(log.alive(), 1);
            token.cancel();
        };
        let (ended, ()) = gather((supervisor.run(), stop)).await;
        let error = ended.expect_err("it has failed");
        assert!(matches!(error, SupervisorError::RestartsExceeded { .. }));
        assert_eq!(log.text(), "+a +b -b a? a. -a");
    });
}

#[test]
fn a_deadline_of_the_token_stops_in_order() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let token = CancelToken::new().child_until(rt.now() + 3 * MOMENT);
        let supervisor = eager(&rt)
            .token(&token)
            .child(tidy(&rt, &log, "a", 1))
            .child(tidy(&rt, &log, "b", 1))
            .build()
            .expect("it is sound");
        let start = rt.now();
        let Ok(SupervisorEnd::Cancelled(reason)) = supervisor.run().await else {
            panic!("it is cancelled");
        };
        assert_eq!(reason.kind(), CancelKind::Deadline);
        assert_eq!(log.text(), "+a +b b? b. -b a? a. -a");
        assert_eq!(rt.now() - start, 5 * MOMENT);
    });
}

#[test]
fn a_child_that_cancels_its_own_token_has_ended_by_itself() {
    in_each_schedule(|rt| async move {
        let (log, token) = (Log::default(), CancelToken::new());
        let inner = (rt.clone(), log.clone());
        let moody = ChildSpec::new("moody", move |ctx| {
            let (rt, log) = inner.clone();
            async move {
                let _noted = log.enter("moody");
                ctx.ready();
                rt.yield_now().await;
                match ctx.restarts() {
                    0 => _ = ctx.token().kill(CancelKind::Requested),
                    _ => {
                        return ctx
                            .token()
                            .cancelled()
                            .await
                            .kind()
                            .eq(&CancelKind::Requested)
                            .then_some(())
                            .ok_or("why");
                    }
                }
                std::future::pending().await
            }
        });
        let supervisor = eager(&rt)
            .token(&token)
            .child(child(&rt, &log, "a", &[]))
            .child(moody);
        let supervisor = supervisor.build().expect("it is sound");
        let stop = async {
            rt.sleep(5 * MOMENT).await;
            token.cancel();
        };
        assert!(gather((supervisor.run(), stop)).await.0.is_ok());
        assert_eq!(log.text(), "+a +moody -moody +moody -moody -a");
    });
}

#[test]
fn a_straggler_is_told_of_before_it_is_killed() {
    in_each_schedule(|rt| async move {
        let (told, token) = (Log::default(), Log::default());
        let (hook, inner) = (told.clone(), token.clone());
        let deaf = ChildSpec::new("deaf", move |ctx| {
            let inner = inner.clone();
            async move {
                let shield = ctx.token().shield();
                let _kept = shield.on_cancel(move |_| inner.note("killed"));
                std::future::pending().await
            }
        });
        let builder = eager(&rt)
            .child(deaf.ready_at_once())
            .on_straggler(move |_| hook.note(format!("late {}", token.text())));
        stopped(&rt, builder).await;
        assert_eq!(told.text(), "late ");
    });
}
