//! How many restarts there may be, and what one more leads to.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use trunnion_core::{CancelToken, Timer};
use trunnion_patterns::{
    ChildSpec, Outcome, Restart, Strategy, Supervisor, SupervisorEnd, SupervisorError, gather,
};
use trunnion_sim::{SimRuntime, run};

use super::{End, Fault, Log, MOMENT, child, eager, in_each_schedule};

const NANO: Duration = Duration::from_nanos(1);

#[test]
fn one_restart_more_than_allowed_fails_with_the_child_and_its_last_failure() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let supervisor = eager(&rt)
            .restarts(2, 100 * MOMENT)
            .child(child(&rt, &log, "a", &[]))
            .child(child(
                &rt,
                &log,
                "b",
                &[(1, End::Err), (1, End::Ok), (1, End::Panic)],
            ))
            .child(child(&rt, &log, "c", &[]))
            .build()
            .expect("it is sound");
        let error = supervisor.run().await.expect_err("too many");
        assert_eq!(log.text(), "+a +b +c -b +b -b +b -b -c -a");
        assert_eq!(
            error.to_string(),
            "child `b` would need more than 2 restarts within 100ms: panicked: boom"
        );
        let SupervisorError::RestartsExceeded {
            child,
            last,
            restarts,
            window,
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!((&*child, restarts, window), ("b", 2, 100 * MOMENT));
        let Outcome::Panicked(panic) = last else {
            panic!("{last:?}");
        };
        assert_eq!(panic.message(), Some("boom"));
    });
}

/// A child that fails so long after each start.
fn failing(rt: &SimRuntime, after: &'static [Duration]) -> ChildSpec<Fault> {
    let rt = rt.clone();
    ChildSpec::new("failing", move |ctx| {
        let rt = rt.clone();
        async move {
            ctx.ready();
            match after.get(usize::try_from(ctx.restarts()).expect("few")) {
                Some(after) => rt.sleep(*after).await,
                None => return Ok(()),
            }
            Err("broken")
        }
    })
    .restart(Restart::Transient)
}

#[test]
fn a_restart_exactly_a_window_ago_counts_and_one_before_does_not() {
    const EXACTLY: &[Duration] = &[MOMENT, Duration::from_millis(10)];
    const LATER: &[Duration] = &[MOMENT, Duration::from_nanos(10_000_001)];
    const SOONER: &[Duration] = &[MOMENT, Duration::from_nanos(9_999_999)];
    in_each_schedule(|rt| async move {
        for (after, passes) in [(SOONER, false), (EXACTLY, false), (LATER, true)] {
            let supervisor = eager(&rt)
                .restarts(1, 10 * MOMENT)
                .child(failing(&rt, after));
            let ended = supervisor.build().expect("it is sound").run().await;
            assert_eq!(ended.is_ok(), passes, "{after:?}");
        }
    });
}

#[test]
fn the_window_slides_with_the_failures() {
    // At 1, 5, 11 + 1 ns, 15 + 1 ns: never three within ten moments.
    const AFTER: &[Duration] = &[
        MOMENT,
        Duration::from_millis(4),
        Duration::from_nanos(6_000_001),
        Duration::from_millis(4),
    ];
    run(|rt| async move {
        let within = eager(&rt)
            .restarts(2, 10 * MOMENT)
            .child(failing(&rt, AFTER));
        let ended = within.build().expect("it is sound").run().await;
        assert!(matches!(ended, Ok(SupervisorEnd::Completed)));
        let beyond = eager(&rt)
            .restarts(2, 10 * MOMENT + NANO)
            .child(failing(&rt, AFTER));
        assert!(beyond.build().expect("it is sound").run().await.is_err());
    });
}

#[test]
fn restarts_of_all_children_are_counted_together() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let supervisor = eager(&rt)
            .restarts(2, MOMENT * 100)
            .child(child(&rt, &log, "a", &[(1, End::Err)]))
            .child(child(&rt, &log, "b", &[(2, End::Err)]))
            .child(child(&rt, &log, "c", &[(3, End::Err)]))
            .build()
            .expect("it is sound");
        let error = supervisor.run().await.expect_err("the third is too many");
        assert_eq!(error.child(), "c");
    });
}

#[test]
fn a_restart_of_several_together_counts_once() {
    in_each_schedule(|rt| async move {
        let (log, token) = (Log::default(), CancelToken::new());
        let supervisor = eager(&rt)
            .strategy(Strategy::OneForAll)
            .restarts(1, MOMENT * 100)
            .token(&token)
            .child(child(&rt, &log, "a", &[]))
            .child(child(&rt, &log, "b", &[(1, End::Err)]))
            .child(child(&rt, &log, "c", &[]))
            .build()
            .expect("it is sound");
        let stop = async {
            rt.sleep(50 * MOMENT).await;
            token.cancel();
        };
        assert!(gather((supervisor.run(), stop)).await.0.is_ok());
    });
}

#[test]
fn no_restart_allowed_means_none() {
    run(|rt| async move {
        let log = Log::default();
        let supervisor = eager(&rt)
            .restarts(0, MOMENT)
            .child(child(&rt, &log, "a", &[(1, End::Ok)]))
            .build()
            .expect("it is sound");
        let error = supervisor.run().await.expect_err("it is permanent");
        assert_eq!(log.text(), "+a -a");
        assert!(error.to_string().ends_with(": it ended"), "{error}");
        assert!(matches!(error.into_last(), Some(Outcome::Ok(()))));
    });
}

#[test]
fn a_restart_that_fails_before_it_is_ready_is_counted_like_any_other() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let inner = log.clone();
        let broken = ChildSpec::new("broken", move |ctx| {
            let log = inner.clone();
            async move {
                let _noted = log.enter("b");
                if ctx.restarts() == 0 {
                    ctx.ready();
                }
                Err("broken")
            }
        });
        let supervisor = eager(&rt)
            .restarts(3, MOMENT * 100)
            .child(broken)
            .build()
            .expect("it is sound");
        let error = supervisor.run().await.expect_err("too many");
        assert!(
            matches!(error, SupervisorError::RestartsExceeded { .. }),
            "{error}"
        );
        assert_eq!(log.text(), "+b -b +b -b +b -b +b -b");
    });
}

#[test]
fn the_error_of_the_child_is_the_source() {
    #[derive(Debug)]
    struct Lost;
    impl fmt::Display for Lost {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("connection lost")
        }
    }
    impl Error for Lost {}

    run(|rt| async move {
        let supervisor = Supervisor::builder(&rt)
            .child(ChildSpec::new("dial", |_| async { Err(Lost) }))
            .build()
            .expect("it is sound");
        let error = supervisor.run().await.expect_err("it fails");
        assert_eq!(
            error.to_string(),
            "child `dial` failed before it was ready: connection lost"
        );
        let source = error.source().expect("there is one").downcast_ref::<Lost>();
        assert!(source.is_some());
    });
}
