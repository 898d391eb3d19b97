//! Requests, registrations and the ends of phases against each other, in many schedules.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use trunnion_core::{CancelKind, Spawn, Timer, YieldNow};
use trunnion_sim::run;

use super::{Census, SECOND, counts, in_each_schedule, three};

#[test]
fn what_is_registered_while_somebody_asks_is_taken_and_awaited_or_handed_back() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        let (taken, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = Vec::new();
        for phase in ["accept", "drain", "flush", "accept", "flush"] {
            let (handle, rt, census) = (shutdown.handle(), rt.clone(), census.clone());
            let (taken, refused) = (Arc::clone(&taken), Arc::clone(&refused));
            tasks.push(rt.clone().spawn(async move {
                for n in 0..4 {
                    let member = census.join();
                    let clock = rt.clone();
                    let part = handle.register(phase, "part", |stop| async move {
                        stop.cancelled().await;
                        clock.yield_now().await;
                        drop(member);
                    });
                    let count = if part.is_ok() { &taken } else { &refused };
                    count.fetch_add(1, SeqCst);
                    if n == 2 && phase == "drain" {
                        handle.request(CancelKind::Shutdown);
                    }
                    rt.yield_now().await;
                }
            }));
        }
        let report = shutdown.run().await;
        assert!(report.is_clean(), "{report}");
        for task in tasks {
            task.await.expect("it ends");
        }
        let finished: usize = report.phases.iter().map(|phase| phase.finished.len()).sum();
        assert_eq!(
            finished,
            taken.load(SeqCst),
            "each that was taken is in the report"
        );
        assert_eq!(taken.load(SeqCst) + refused.load(SeqCst), 20);
        assert_eq!((census.alive(), report.elapsed), (0, Duration::ZERO));
    });
}

#[test]
fn a_second_request_in_the_instant_in_which_a_phase_ends_finds_each_part_once() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        // All of these are due at two seconds: the end of the phase, of two parts, and the second request.
        for name in ["one", "two"] {
            let part = census.takes(&rt, 2 * SECOND);
            assert!(shutdown.register("accept", name, part).is_ok());
        }
        assert!(shutdown.register("accept", "deaf", census.deaf()).is_ok());
        assert!(
            shutdown
                .register("drain", "next", census.takes(&rt, SECOND))
                .is_ok()
        );
        let (handle, clock) = (shutdown.handle(), rt.clone());
        handle.request(CancelKind::Shutdown);
        let due = clock.sleep(2 * SECOND);
        rt.spawn_detached(async move {
            due.await;
            handle.request(CancelKind::Shutdown);
        });
        let report = shutdown.run().await;
        assert_eq!(
            (report.elapsed, census.alive()),
            (2 * SECOND, 0),
            "{report}"
        );
        let [accept, drain] = [&report.phases[0], &report.phases[1]];
        assert_eq!(accept.finished.len() + accept.killed.len(), 3);
        assert!(accept.killed.iter().any(|part| part.name() == Some("deaf")));
        assert_eq!(drain.killed.len(), 1);
        assert_eq!(report.stragglers().count(), 0);
    });
}

#[test]
fn guards_that_are_let_go_as_they_are_given_up_are_counted_once() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        for _ in 0..3 {
            let held = shutdown.guard("accept").expect("it is open");
            let due = rt.sleep(3 * SECOND);
            rt.spawn_detached(async move {
                due.await;
                drop(held);
            });
        }
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        let accept = &report.phases[0];
        assert_eq!(
            accept.finished.len() + accept.stragglers.len(),
            3,
            "{report}"
        );
        assert_eq!(report.elapsed, 3 * SECOND);
    });
}

#[test]
fn two_who_ask_at_once_are_a_request_and_a_kill() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        assert!(shutdown.register("drain", "deaf", census.deaf()).is_ok());
        let asked = Arc::new(AtomicUsize::new(0));
        for n in 0..2 {
            let (handle, asked) = (shutdown.handle(), Arc::clone(&asked));
            rt.spawn_detached(async move {
                let first = handle.request(CancelKind::Custom(n));
                asked.fetch_add(usize::from(first), SeqCst);
            });
        }
        let report = shutdown.run().await;
        assert_eq!((asked.load(SeqCst), report.elapsed), (1, Duration::ZERO));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_guard_that_goes_in_the_very_poll_that_gives_up_is_counted() {
    run(|rt| async move {
        let shutdown = three(&rt)
            .total(2 * SECOND)
            .kill_budget(Duration::ZERO)
            .build();
        let guard = shutdown.guard("accept").expect("it is open");
        // The total is over, and the kill that says so runs this inside of the shutdown's own poll.
        let token = shutdown.token().shield();
        let _kept = token.on_cancel(move |_| drop(guard));
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(counts(&report.phases[0]), [1, 0, 0, 0], "{report}");
    });
}
