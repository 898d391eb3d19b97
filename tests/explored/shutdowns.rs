//! The orderly end of a program.

use trunnion_core::{CancelKind, Clock, Spawn, Timer};
use trunnion_patterns::Shutdown;

use crate::harness::{LATE, Space, explore};
use crate::parts::{Census, Log, MOMENT, pass};

#[test]
fn phases_end_one_after_the_other_and_every_part_is_told_of() {
    explore(Space::All, LATE, |rt| async move {
        let (census, log) = (Census::default(), Log::default());
        let shutdown = Shutdown::builder(&rt)
            .phase("accept", 50 * MOMENT)
            .phase("flush", 50 * MOMENT)
            .build();
        for (phase, name) in [("accept", "http"), ("accept", "rpc"), ("flush", "journal")] {
            let (member, log) = (census.join(), log.clone());
            let part = shutdown.register(phase, name, |stop| async move {
                let _member = member;
                stop.cancelled().await;
                pass(1).await;
                log.add(name);
            });
            assert!(part.is_ok());
        }
        let asks = {
            let handle = shutdown.handle();
            rt.spawn(async move { handle.request(CancelKind::Shutdown) })
        };
        let report = shutdown.run().await;
        assert!(asks.await.unwrap() && report.is_clean(), "{report}");
        assert_eq!(
            report
                .phases
                .iter()
                .map(|phase| phase.finished.len())
                .collect::<Vec<_>>(),
            [2, 1]
        );
        assert_eq!(
            (census.alive(), log.take().last().copied()),
            (0, Some("journal"))
        );
    });
}

#[test]
fn what_is_late_is_killed_and_named() {
    explore(Space::All, LATE, |rt| async move {
        let census = Census::default();
        let shutdown = Shutdown::builder(&rt)
            .phase("work", 2 * MOMENT)
            .kill_budget(50 * MOMENT)
            .build();
        let (late, member) = (census.endless::<()>(), census.join());
        assert!(shutdown.register("work", "late", |_| late).is_ok());
        let good = shutdown.register("work", "good", |stop| async move {
            let _member = member;
            drop(stop.cancelled().await);
        });
        assert!(good.is_ok());
        let (handle, start) = (shutdown.handle(), rt.now());
        let asks = rt.spawn(async move { handle.request(CancelKind::Shutdown) });
        let report = shutdown.run().await;
        assert!(asks.await.unwrap() && rt.now() - start >= 2 * MOMENT);
        let names = |parts: &[trunnion_patterns::ChildInfo]| -> Vec<String> {
            parts
                .iter()
                .filter_map(|part| part.name().map(str::to_owned))
                .collect()
        };
        assert_eq!(names(&report.phases[0].killed), ["late"], "{report}");
        assert_eq!(names(&report.phases[0].finished), ["good"], "{report}");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_second_request_kills_at_once() {
    explore(Space::All, LATE, |rt| async move {
        let census = Census::default();
        let hour = std::time::Duration::from_hours(1);
        let shutdown = Shutdown::builder(&rt)
            .phase("work", hour)
            .total(hour)
            .build();
        let endless = census.endless::<()>();
        assert!(shutdown.register("work", "endless", |_| endless).is_ok());
        let asks = [(); 2].map(|()| {
            let handle = shutdown.handle();
            rt.spawn(async move { handle.request(CancelKind::Shutdown) })
        });
        let report = shutdown.run().await;
        let mut begun = 0;
        for ask in asks {
            begun += usize::from(ask.await.unwrap());
        }
        assert_eq!(
            (begun, report.phases[0].killed.len(), census.alive()),
            (1, 1, 0),
            "{report}"
        );
        assert!(report.elapsed < hour);
    });
}

#[test]
fn a_guard_holds_its_phase_and_a_part_that_comes_late_is_refused_or_told_of() {
    explore(Space::All, LATE, |rt| async move {
        let (census, ended) = (Census::default(), Log::default());
        let shutdown = Shutdown::builder(&rt).phase("work", 50 * MOMENT).build();
        let guard = shutdown.guard("work").unwrap();
        let holds = {
            let (ended, clock) = (ended.clone(), rt.clone());
            rt.spawn(async move {
                guard.token().cancelled().await;
                clock.sleep(MOMENT).await;
                ended.add("guard");
                drop(guard);
            })
        };
        let comes = {
            let (handle, member) = (shutdown.handle(), census.join());
            rt.spawn(async move {
                let part = handle.register("work", "late", |stop| async move {
                    let _member = member;
                    drop(stop.cancelled().await);
                });
                usize::from(part.is_ok())
            })
        };
        let handle = shutdown.handle();
        let asks = rt.spawn(async move { handle.request(CancelKind::Shutdown) });
        let report = shutdown.run().await;
        assert_eq!(
            ended.take(),
            ["guard"],
            "the phase ends when the guard is dropped"
        );
        let taken = comes.await.unwrap();
        assert!(asks.await.unwrap() && report.is_clean(), "{report}");
        assert_eq!(
            (report.phases[0].finished.len(), census.alive()),
            (1 + taken, 0),
            "{report}"
        );
        holds.await.unwrap();
    });
}

#[test]
fn a_part_that_panics_asks_for_the_end() {
    explore(Space::All, LATE, |rt| async move {
        let census = Census::default();
        let shutdown = Shutdown::builder(&rt).phase("work", 50 * MOMENT).build();
        let member = census.join();
        let waits = shutdown.register("work", "waits", |stop| async move {
            let _member = member;
            drop(stop.cancelled().await);
        });
        let panics = shutdown.register("work", "panics", |_| async {
            pass(1).await;
            panic!("boom")
        });
        assert!(waits.is_ok() && panics.is_ok());
        let report = shutdown.run().await;
        let work = &report.phases[0];
        assert_eq!(
            (work.panicked.len(), work.finished.len(), census.alive()),
            (1, 1, 0),
            "{report}"
        );
    });
}
