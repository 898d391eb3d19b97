//! Hooks that panic.

use trunnion_core::{CancelToken, Timer};
use trunnion_patterns::{
    AfterEnd, Backoff, ChildSpec, Outcome, StopMode, Supervisor, SupervisorError, gather, timeout,
};

use super::{End, Log, MOMENT, child, eager, endless, in_each_schedule};
use crate::task_scope::panics::{Bomb, caught, text};

#[test]
fn a_hook_that_panics_is_told_of_those_that_are_killed_for_it() {
    in_each_schedule(|rt| async move {
        let (log, told) = (Log::default(), Log::default());
        let hook = told.clone();
        let supervisor = eager(&rt)
            .child(endless(&log, "a").ready_at_once().stop(StopMode::Wait))
            .child(endless(&log, "b").ready_at_once())
            .child(child(&rt, &log, "c", &[(1, End::Err)]))
            .on_end(move |end| {
                hook.note(format!("{}:{:?}", end.child, end.next == AfterEnd::Stay));
                panic!("of {}", end.child)
            })
            .build()
            .expect("it is sound");
        let start = trunnion_core::Clock::now(&rt);
        assert_eq!(text(caught(supervisor.run()).await), "of c");
        assert_eq!(trunnion_core::Clock::now(&rt) - start, MOMENT, "at once");
        assert_eq!(log.alive(), 0);
        let mut ends: Vec<String> = told.text().split(' ').map(String::from).collect();
        ends[1..].sort();
        assert_eq!(ends, ["c:false", "a:true", "b:true"]);
    });
}

#[test]
fn a_hook_for_stragglers_that_panics_is_raised_when_all_are_gone() {
    in_each_schedule(|rt| async move {
        let (log, token) = (Log::default(), CancelToken::new());
        let supervisor = eager(&rt)
            .child(endless(&log, "a").ready_at_once().stop(StopMode::Wait))
            .child(
                endless(&log, "b")
                    .ready_at_once()
                    .stop(StopMode::Grace(MOMENT)),
            )
            .token(&token)
            .on_straggler(|name| panic!("{name} is late"))
            .build()
            .expect("it is sound");
        let stop = async {
            rt.sleep(MOMENT).await;
            token.cancel();
        };
        let raised = caught(gather((supervisor.run(), stop))).await;
        assert_eq!(text(raised), "b is late");
        assert_eq!(log.alive(), 0);
    });
}

/// The panic of the hook unwinds past what the children gave, whose destructors panic too.
#[test]
fn a_hook_that_panics_beside_errors_that_do_not_go_quietly_does_not_abort() {
    in_each_schedule(|rt| async move {
        let bad = |name: &'static str| {
            ChildSpec::new(name, move |ctx| async move {
                ctx.ready();
                Err(Bomb(name))
            })
        };
        let supervisor = Supervisor::builder(&rt)
            .restarts(0, MOMENT)
            .backoff(Backoff::fixed(MOMENT))
            .child(bad("one"))
            .child(bad("two"))
            .child(bad("three"))
            .on_end(|_| panic!("hook"))
            .build()
            .expect("it is sound");
        assert_eq!(text(caught(supervisor.run()).await), "hook");
    });
}

#[test]
fn a_supervisor_that_is_dropped_while_it_fails_contains_what_the_error_panics_with() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let bad = ChildSpec::new("bad", |ctx| async move {
            ctx.ready();
            Err(Bomb("the error"))
        });
        let deaf = log.clone();
        let deaf = ChildSpec::new("deaf", move |_| {
            let noted = deaf.enter("deaf");
            async move {
                let _noted = noted;
                std::future::pending().await
            }
        });
        let supervisor = Supervisor::builder(&rt)
            .restarts(0, MOMENT)
            .child(deaf.ready_at_once().stop(StopMode::Wait))
            .child(bad)
            .build()
            .expect("it is sound");
        let mut run = Box::pin(supervisor.run());
        // It has the error, and waits for the other child.
        let late = timeout(&rt, MOMENT, run.as_mut());
        assert!(late.await.is_err());
        assert_eq!(log.text(), "+deaf");
        let dropped = trunnion_core::panic::catch(|| drop(run));
        assert!(dropped.is_ok());
        rt.settle().await;
        assert_eq!(log.alive(), 0);
    });
}

#[test]
fn without_a_panic_the_error_of_a_child_is_given_back_whole() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let supervisor = Supervisor::builder(&rt)
            .restarts(0, MOMENT)
            .child(child(&rt, &log, "a", &[(1, End::Panic)]))
            .on_end(|_| ())
            .build()
            .expect("it is sound");
        let Err(SupervisorError::RestartsExceeded { last, .. }) = supervisor.run().await else {
            panic!("it gives up");
        };
        assert!(matches!(last, Outcome::Panicked(panic) if panic.message() == Some("boom")));
    });
}
