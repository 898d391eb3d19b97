//! Releases of brackets in the parts of a phase.

use std::future::pending;

use trunnion_core::{CancelKind, Timer};
use trunnion_patterns::{RegisterError, Shutdown, bracket};
use trunnion_sim::{SimRuntime, run};

use super::{Census, Member, SECOND, counts, in_each_schedule, names, three};

/// A part that uses what it holds without end; the release takes so many seconds, and then gives it up.
fn holds(rt: &SimRuntime, shutdown: &Shutdown<SimRuntime>, member: Member, seconds: u32) {
    let releases = shutdown.releases("accept").expect("it is a phase");
    let rt = rt.clone();
    let part = shutdown.register("accept", "part", move |_| async move {
        let release = move |member: Member| async move {
            rt.sleep(seconds * SECOND).await;
            drop(member);
            Ok::<(), ()>(())
        };
        let usage = async |_: &mut Member| pending::<Result<(), ()>>().await;
        drop(bracket(&releases, async { Ok(member) }, usage, release).await);
    });
    assert!(part.is_ok());
}

#[test]
fn a_phase_waits_for_the_release_of_a_part_that_it_killed() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (
            Census::default(),
            three(&rt).kill_budget(9 * SECOND).build(),
        );
        holds(&rt, &shutdown, census.join(), 7);
        let seen = census.clone();
        let next = shutdown.register("drain", "next", |stop| async move {
            stop.cancelled().await;
            assert_eq!(seen.alive(), 0, "it is asked before the release has ended");
        });
        assert!(next.is_ok());
        rt.settle().await;
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(report.elapsed, 9 * SECOND, "two to stop, seven to release");
        assert_eq!(counts(&report.phases[0]), [0, 1, 0, 0], "{report}");
        assert_eq!(counts(&report.phases[1]), [1, 0, 0, 0], "{report}");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_release_beyond_the_kill_budget_is_a_straggler_with_its_name_and_goes_on() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        holds(&rt, &shutdown, census.join(), 7);
        rt.settle().await;
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(names(&report.phases[0].stragglers), ["release"]);
        assert_eq!((report.elapsed, census.alive()), (3 * SECOND, 1));
        rt.sleep(7 * SECOND).await;
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_second_request_stops_no_release() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (
            Census::default(),
            three(&rt).kill_budget(9 * SECOND).build(),
        );
        holds(&rt, &shutdown, census.join(), 7);
        rt.settle().await;
        shutdown.request(CancelKind::Shutdown);
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(
            (report.elapsed, census.alive()),
            (7 * SECOND, 0),
            "{report}"
        );
    });
}

#[test]
fn a_release_that_panics_is_in_the_report_and_requests() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let releases = shutdown.releases("drain").expect("it is a phase");
        let part = shutdown.register("drain", "part", |_| async move {
            let release = |()| async { panic!("no release") };
            let usage = async |(): &mut ()| Err::<(), ()>(());
            drop(bracket(&releases, async { Ok(()) }, usage, release).await);
        });
        assert!(part.is_ok());
        let report = shutdown.run().await;
        assert_eq!(report.reason.kind(), CancelKind::SiblingPanicked);
        let (release, panic) = &report.phases[1].panicked[0];
        assert_eq!(
            (release.name(), panic.message()),
            (Some("release"), Some("no release"))
        );
    });
}

#[test]
fn a_phase_that_is_over_loses_no_release_and_one_that_is_not_there_says_so() {
    run(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        assert!(matches!(
            shutdown.releases("drian"),
            Err(RegisterError::NoSuchPhase(()))
        ));
        let releases = shutdown.releases("drain").expect("it is a phase");
        shutdown.request(CancelKind::Shutdown);
        assert!(shutdown.run().await.is_clean());
        let release = async |member: Member| {
            drop(member);
            Ok::<(), ()>(())
        };
        let member = census.join();
        let used = bracket(
            &releases,
            async { Ok(member) },
            async |_: &mut Member| Ok(7),
            release,
        );
        assert_eq!((used.await.ok(), census.alive()), (Some(7), 0));
    });
}
