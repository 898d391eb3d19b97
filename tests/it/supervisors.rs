//! Supervisors: on every runtime, and in many schedules of the simulator.

mod runtime_ends;

use std::future::{Future, pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use trunnion_core::panic::catch;
use trunnion_core::sync::Mutex;
use trunnion_core::{AnyRuntime, CancelKind, CancelToken, Clock, Timer, YieldNow};
use trunnion_patterns::{
    Backoff, ChildSpec, Outcome, Restart, StopMode, Strategy, Supervisor, SupervisorBuilder,
    SupervisorEnd, SupervisorError, TaskScope, gather,
};

use crate::runtimes::everywhere;

const MOMENT: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_hours(1);

type Fault = &'static str;

fn eager(rt: &AnyRuntime) -> SupervisorBuilder<AnyRuntime, Fault> {
    Supervisor::builder(rt)
        .restarts(1000, LONG)
        .backoff(Backoff::fixed(Duration::ZERO))
}

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Noted(Log, &'static str);

impl Log {
    fn enter(&self, name: &'static str) -> Noted {
        self.0.lock().push(format!("+{name}"));
        Noted(self.clone(), name)
    }

    fn text(&self) -> String {
        self.0.lock().join(" ")
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.0.lock().push(format!("-{}", self.1));
    }
}

/// Ends when it is asked to.
fn calm(log: &Log, name: &'static str) -> ChildSpec<Fault> {
    let log = log.clone();
    ChildSpec::new(name, move |ctx| {
        let log = log.clone();
        async move {
            let _noted = log.enter(name);
            ctx.ready();
            ctx.token().cancelled().await;
            Ok(())
        }
    })
}

/// Fails once by an error or a panic; the second time it cancels `done` and ends when it is asked to.
fn flaky(rt: &AnyRuntime, log: &Log, panics: bool, done: &CancelToken) -> ChildSpec<Fault> {
    let (rt, log, done) = (rt.clone(), log.clone(), done.clone());
    ChildSpec::new("b", move |ctx| {
        let (rt, log, done) = (rt.clone(), log.clone(), done.clone());
        async move {
            let _noted = log.enter("b");
            rt.yield_now().await;
            ctx.ready();
            if ctx.restarts() > 0 {
                done.cancel();
                ctx.token().cancelled().await;
                return Ok(());
            }
            rt.sleep(5 * MOMENT).await;
            assert!(!panics, "boom");
            Err("broken")
        }
    })
}

#[test]
fn each_strategy_restarts_whom_it_names_and_stops_in_reverse() {
    for (strategy, restarted) in [
        (Strategy::OneForOne, "-b +b"),
        (Strategy::OneForAll, "-b -a +a +b"),
        (Strategy::RestForOne, "-b +b"),
    ] {
        for panics in [false, true] {
            everywhere(|rt| async move {
                let (log, token, done) = (Log::default(), CancelToken::new(), CancelToken::new());
                let supervisor = eager(&rt)
                    .strategy(strategy)
                    .token(&token)
                    .child(calm(&log, "a"))
                    .child(flaky(&rt, &log, panics, &done))
                    .build()
                    .expect("it is sound");
                let stop = async {
                    done.cancelled().await;
                    token.cancel_with(CancelKind::Shutdown);
                };
                let (ended, ()) = gather((supervisor.run(), stop)).await;
                let Ok(SupervisorEnd::Cancelled(reason)) = ended else {
                    panic!("{ended:?}");
                };
                assert_eq!(reason.kind(), CancelKind::Shutdown);
                assert_eq!(log.text(), format!("+a +b {restarted} -b -a"));
            });
        }
    }
}

#[test]
fn one_restart_too_many_names_the_child_when_all_are_gone() {
    everywhere(|rt| async move {
        let log = Log::default();
        let inner = log.clone();
        let broken = ChildSpec::new("broken", move |ctx| {
            let noted = inner.enter("b");
            async move {
                let _noted = noted;
                ctx.ready();
                Err("broken")
            }
        });
        let supervisor = Supervisor::builder(&rt)
            .restarts(2, LONG)
            .backoff(Backoff::fixed(MOMENT))
            .child(calm(&log, "a"))
            .child(broken)
            .build()
            .expect("it is sound");
        let error = supervisor.run().await.expect_err("too many");
        assert_eq!(log.text(), "+a +b -b +b -b +b -b -a");
        assert!(matches!(
            &error,
            SupervisorError::RestartsExceeded { restarts: 2, .. }
        ));
        assert_eq!(error.child(), "broken");
        assert!(matches!(error.into_last(), Some(Outcome::Err("broken"))));
    });
}

#[test]
fn a_child_that_fails_before_it_is_ready_fails_the_start() {
    everywhere(|rt| async move {
        let log = Log::default();
        let (inner, clock) = (log.clone(), rt.clone());
        let broken = ChildSpec::new("b", move |_| {
            let (noted, rt) = (inner.enter("b"), clock.clone());
            async move {
                let _noted = noted;
                rt.yield_now().await;
                Err("broken")
            }
        });
        let supervisor = eager(&rt)
            .child(calm(&log, "a"))
            .child(broken)
            .child(calm(&log, "c"));
        let error = supervisor.build().expect("it is sound").run().await;
        let error = error.expect_err("it does not start");
        assert!(
            matches!(error, SupervisorError::StartFailed { .. }),
            "{error}"
        );
        assert_eq!(log.text(), "+a +b -b -a");
    });
}

#[test]
fn a_child_that_is_deaf_is_killed_when_its_grace_is_over_and_named() {
    everywhere(|rt| async move {
        let (log, late, token) = (Log::default(), Log::default(), CancelToken::new());
        let (told, inner) = (late.clone(), log.clone());
        let deaf = ChildSpec::new("deaf", move |ctx| {
            let noted = inner.enter("b");
            async move {
                let _noted = noted;
                ctx.ready();
                pending().await
            }
        });
        let supervisor = eager(&rt)
            .token(&token)
            .child(calm(&log, "a"))
            .child(deaf.stop(StopMode::Grace(2 * MOMENT)))
            .child(calm(&log, "c"))
            .on_straggler(move |name| told.0.lock().push(name.to_owned()))
            .build()
            .expect("it is sound");
        let stop = async {
            rt.sleep(3 * MOMENT).await;
            while log.text() != "+a +b +c" {
                rt.sleep(MOMENT).await;
            }
            token.cancel();
            rt.now()
        };
        let (ended, start) = gather((supervisor.run(), stop)).await;
        assert!(ended.is_ok());
        assert!(rt.now() - start >= 2 * MOMENT);
        assert_eq!(log.text(), "+a +b +c -c -b -a");
        assert_eq!(late.text(), "deaf");
    });
}

#[test]
fn a_hook_that_panics_kills_the_children_and_is_raised_when_they_are_gone() {
    everywhere(|rt| async move {
        let log = Log::default();
        let failing = ChildSpec::new("failing", |ctx| async move {
            ctx.ready();
            Err("broken")
        });
        let supervisor = eager(&rt)
            .child(calm(&log, "a"))
            .child(calm(&log, "b"))
            .child(failing)
            .on_end(|end| panic!("{}", end.child))
            .build()
            .expect("it is sound");
        let mut run = Box::pin(supervisor.run());
        let raised = poll_fn(|cx| match catch(|| run.as_mut().poll(cx)) {
            Ok(polled) => polled.map(|_| None),
            Err(panic) => Poll::Ready(Some(panic)),
        });
        let raised = raised.await.expect("it is raised");
        assert_eq!(raised.message(), Some("failing"));
        let text = log.text();
        assert!(text.contains("-a") && text.contains("-b"), "{text}");
    });
}

#[test]
fn a_dropped_supervisor_is_waited_for_by_the_scope_around_it() {
    everywhere(|rt| async move {
        let log = Log::default();
        let scope = TaskScope::builder(&rt).run(async |outer: TaskScope<_, (), Fault>| {
            let up = CancelToken::new();
            let told = up.clone();
            let last = ChildSpec::new("last", move |ctx| {
                let told = told.clone();
                async move {
                    told.cancel();
                    ctx.ready();
                    pending().await
                }
            });
            let supervisor = eager(&rt)
                .within(&outer)
                .child(calm(&log, "a").stop(StopMode::Wait))
                .child(calm(&log, "b").stop(StopMode::Wait))
                .child(last)
                .build()
                .expect("it is sound");
            let stopped = up.run_until_cancelled(supervisor.run()).await;
            assert!(stopped.is_err(), "it was dropped");
            Ok(())
        });
        assert!(scope.await.is_ok());
        let log = log.text();
        assert_eq!(
            (log.matches('+').count(), log.matches('-').count()),
            (2, 2),
            "{log}"
        );
    });
}

#[test]
fn failures_of_many_children_at_once_are_each_one_restart() {
    everywhere(|rt| async move {
        let failures = Arc::new(AtomicUsize::new(0));
        let ends = Arc::new(AtomicUsize::new(0));
        let alive = Arc::new(AtomicUsize::new(0));
        let mut builder = eager(&rt);
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            let (rt, failures, alive) = (rt.clone(), Arc::clone(&failures), Arc::clone(&alive));
            let only = Arc::new(AtomicUsize::new(0));
            let spec = ChildSpec::new(name, move |ctx| {
                let (rt, failures) = (rt.clone(), Arc::clone(&failures));
                let (only, alive) = (Arc::clone(&only), Arc::clone(&alive));
                async move {
                    let (_alive, before) = (Alive::new(&alive), Alive::new(&only));
                    assert_eq!(before.1, 0, "there are two of one child");
                    ctx.ready();
                    rt.yield_now().await;
                    if ctx.restarts() == 5 {
                        return Ok(());
                    }
                    failures.fetch_add(1, SeqCst);
                    Err("broken")
                }
            });
            builder = builder.child(spec.restart(Restart::Transient));
        }
        let told = Arc::clone(&ends);
        let supervisor = builder
            .on_end(move |end| _ = told.fetch_add(usize::from(!end.outcome.is_ok()), SeqCst))
            .build()
            .expect("it is sound");
        let ended = supervisor.run().await;
        assert!(matches!(ended, Ok(SupervisorEnd::Completed)), "{ended:?}");
        let counts = [&failures, &ends, &alive].map(|count| count.load(SeqCst));
        assert_eq!(counts, [40, 40, 0]);
    });
}

/// Counts those that are alive, and knows how many were before.
struct Alive(Arc<AtomicUsize>, usize);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        Self(Arc::clone(count), count.fetch_add(1, SeqCst))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}
