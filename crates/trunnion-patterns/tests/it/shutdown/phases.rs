//! How phases end: early, late, over the total.

use std::sync::Arc;
use std::time::Duration;

use trunnion_core::sync::Mutex;
use trunnion_core::{CancelKind, Clock, Spawn, TaskHandle, Timer};
use trunnion_patterns::Shutdown;
use trunnion_sim::run;

use super::{Census, SECOND, counts, in_each_schedule, names, three};

#[test]
fn a_phase_begins_when_the_one_before_it_is_over_and_not_later() {
    in_each_schedule(|rt| async move {
        let (census, shutdown, start) = (Census::default(), three(&rt).build(), rt.now());
        let told = Arc::new(Mutex::new(Vec::new()));
        // Registered backwards: the order is that of the phases.
        for (name, time) in [("flush", 3), ("drain", 2), ("accept", 1)] {
            let (told, rt, member) = (Arc::clone(&told), rt.clone(), census.join());
            let part = shutdown.register(name, name, |stop| async move {
                let reason = stop.cancelled().await;
                told.lock()
                    .push((name, (rt.now() - start).as_secs(), reason.kind()));
                rt.sleep(time * SECOND).await;
                drop(member);
            });
            assert!(part.is_ok());
        }
        rt.sleep(SECOND).await;
        assert!(shutdown.request(CancelKind::Custom(7)));
        let report = shutdown.run().await;
        let custom = CancelKind::Custom(7);
        assert_eq!(
            *told.lock(),
            [
                ("accept", 1, custom),
                ("drain", 2, custom),
                ("flush", 4, custom)
            ]
        );
        assert!(report.is_clean(), "{report}");
        assert_eq!((report.elapsed, census.alive()), (6 * SECOND, 0));
        assert_eq!(report.reason.kind(), custom);
        let finished = report
            .phases
            .iter()
            .map(|phase| (&*phase.name, names(&phase.finished)));
        let expected = ["accept", "drain", "flush"].map(|name| (name, vec![name]));
        assert_eq!(finished.collect::<Vec<_>>(), expected);
    });
}

#[test]
fn a_part_that_is_late_is_killed_when_its_phase_is_over_and_named_with_its_place() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        let line = line!() + 1;
        assert!(shutdown.register("accept", "deaf", census.deaf()).is_ok());
        assert!(
            shutdown
                .register("accept", "late", census.takes(&rt, 2 * SECOND + SECOND))
                .is_ok()
        );
        assert!(
            shutdown
                .register("accept", "fine", census.takes(&rt, SECOND))
                .is_ok()
        );
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!((report.elapsed, census.alive()), (2 * SECOND, 0));
        let accept = &report.phases[0];
        assert_eq!(counts(accept), [1, 2, 0, 0], "{report}");
        assert_eq!(names(&accept.finished), ["fine"]);
        let deaf = accept
            .killed
            .iter()
            .find(|part| part.name() == Some("deaf"));
        let place = deaf.expect("it is named").location();
        assert_eq!(
            (place.line(), place.file().ends_with("phases.rs")),
            (line, true)
        );
    });
}

#[test]
fn the_total_is_one_deadline_and_not_a_sum() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        for phase in ["accept", "drain", "flush"] {
            assert!(shutdown.register(phase, phase, census.deaf()).is_ok());
        }
        shutdown.request(CancelKind::Shutdown);
        let token = shutdown.token().clone();
        let report = shutdown.run().await;
        // 2, 20, and the 3 that are left of the total.
        assert_eq!((report.elapsed, census.alive()), (25 * SECOND, 0));
        assert!(
            report
                .phases
                .iter()
                .all(|phase| counts(phase) == [0, 1, 0, 0])
        );
        assert!(token.is_killed());
        assert_eq!(
            report.reason.kind(),
            CancelKind::Shutdown,
            "the first reason stays"
        );
    });
}

#[test]
fn when_the_total_is_over_later_phases_are_killed_in_the_same_instant() {
    in_each_schedule(|rt| async move {
        let (census, start) = (Census::default(), rt.now());
        let shutdown = three(&rt).total(SECOND).build();
        assert!(shutdown.register("accept", "deaf", census.deaf()).is_ok());
        let killed_at = Arc::new(Mutex::new(None));
        let (told, clock) = (Arc::clone(&killed_at), rt.clone());
        let flush = shutdown.register("flush", "told", |stop| async move {
            let _kept = stop
                .shield()
                .on_cancel(move |_| *told.lock() = Some(clock.now()));
            std::future::pending::<()>().await;
        });
        assert!(flush.is_ok());
        let held = shutdown.guard("accept").expect("it is open");
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        // The guard takes the whole kill budget; the flush phase did not wait for it.
        assert_eq!(*killed_at.lock(), Some(start + SECOND));
        assert_eq!((report.elapsed, census.alive()), (2 * SECOND, 0));
        assert_eq!(counts(&report.phases[2]), [0, 1, 0, 0]);
        drop(held);
    });
}

#[test]
fn a_guard_that_is_held_is_a_straggler_with_its_place() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let line = line!() + 1;
        let held = shutdown.guard("drain").expect("it is open");
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(report.elapsed, 21 * SECOND);
        assert_eq!(counts(&report.phases[1]), [0, 0, 0, 1]);
        let straggler = report.stragglers().next().expect("it is named");
        assert_eq!(straggler.location().line(), line);
        assert!(
            report
                .to_string()
                .contains("drain: 0 finished; still there: child 0 spawned at")
        );
        assert!(held.token().is_cancelled() && held.token().is_killed());
        drop(held);
    });
}

#[test]
fn a_guard_that_is_let_go_ends_its_phase() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let held = shutdown.guard("drain").expect("it is open");
        shutdown.request(CancelKind::Shutdown);
        let clock = rt.clone();
        let holder = rt.spawn(async move {
            held.token().cancelled().await;
            clock.sleep(3 * SECOND).await;
            drop(held);
        });
        let report = shutdown.run().await;
        assert_eq!(
            (report.elapsed, counts(&report.phases[1])),
            (3 * SECOND, [1, 0, 0, 0])
        );
        assert!(holder.is_finished() || holder.await.is_ok());
    });
}

#[test]
fn what_goes_within_the_kill_budget_is_no_straggler() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let held = shutdown.guard("accept").expect("it is open");
        shutdown.request(CancelKind::Shutdown);
        let clock = rt.clone();
        rt.spawn_detached(async move {
            held.token().shield().cancelled().await;
            clock.sleep(SECOND / 2).await;
            drop(held);
        });
        let report = shutdown.run().await;
        assert_eq!(report.elapsed, 2 * SECOND + SECOND / 2);
        assert_eq!(counts(&report.phases[0]), [1, 0, 0, 0]);
    });
}

#[test]
fn stragglers_of_all_phases_share_one_kill_budget_beyond_the_total() {
    in_each_schedule(|rt| async move {
        // The first is killed half a second before the total, the others at the total.
        let shutdown = three(&rt).total(2 * SECOND + SECOND / 2).build();
        let held = ["accept", "drain", "flush"].map(|phase| shutdown.guard(phase).expect("open"));
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(report.elapsed, 3 * SECOND + SECOND / 2);
        assert_eq!(report.stragglers().count(), held.len());
    });
}

#[test]
fn a_kill_budget_that_reaches_beyond_the_total_does_not_keep_later_phases_alive() {
    in_each_schedule(|rt| async move {
        let (census, start) = (Census::default(), rt.now());
        let shutdown = three(&rt).total(2 * SECOND + SECOND / 2).build();
        let _held = shutdown.guard("accept").expect("it is open");
        let member = census.join();
        let flush = shutdown.register("flush", "deaf", |_| async move {
            let _member = member;
            std::future::pending::<()>().await;
        });
        assert!(flush.is_ok());
        shutdown.request(CancelKind::Shutdown);
        let report = rt.spawn(shutdown.run());
        rt.sleep_until(start + 2 * SECOND + SECOND / 2).await;
        rt.settle().await;
        assert_eq!(census.alive(), 0, "the total is over");
        assert!(report.await.is_ok());
    });
}

#[test]
fn phases_without_parts_take_no_time() {
    run(|rt| async move {
        let shutdown = three(&rt).build();
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!((report.elapsed, report.phases.len()), (Duration::ZERO, 3));
        assert!(report.is_clean());
        let none = Shutdown::builder(&rt).build();
        none.request(CancelKind::Shutdown);
        assert!(none.run().await.phases.is_empty());
    });
}

#[test]
fn a_phase_named_twice_keeps_its_place_and_gets_the_new_limit() {
    run(|rt| async move {
        let census = Census::default();
        let shutdown = three(&rt).phase("accept", SECOND).build();
        assert!(shutdown.register("accept", "deaf", census.deaf()).is_ok());
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!((report.elapsed, report.phases.len()), (SECOND, 3));
        assert_eq!(counts(&report.phases[0]), [0, 1, 0, 0]);
    });
}

#[test]
fn the_times_count_from_when_the_request_is_seen() {
    run(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        assert!(
            shutdown
                .register("accept", "fine", census.takes(&rt, SECOND))
                .is_ok()
        );
        shutdown.request(CancelKind::Shutdown);
        rt.sleep(100 * SECOND).await;
        assert_eq!(census.alive(), 1, "nobody has begun");
        let report = shutdown.run().await;
        assert_eq!(
            (report.elapsed, counts(&report.phases[0])),
            (SECOND, [1, 0, 0, 0])
        );
    });
}
