//! The orderly end of a program: on every runtime, and in many schedules of the simulator.

mod reports;

use std::future::{Future, pending};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use trunnion_core::{AnyRuntime, BlockOn, CancelKind, Clock, Spawn, Timer, YieldNow};
use trunnion_patterns::{PhaseReport, Shutdown, ShutdownBuilder, TaskScope};

use crate::runtimes::{ALL, everywhere};

const MOMENT: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_mins(1);

fn on_each<F: Future<Output = ()>>(skipped: &str, case: impl Fn(AnyRuntime) -> F) {
    for (name, start) in ALL {
        if name == skipped {
            continue;
        }
        let owner = start();
        let done = owner.block_on(async {
            case(owner.runtime()).await;
            name
        });
        assert_eq!(done, name);
    }
}

fn two(rt: &AnyRuntime) -> ShutdownBuilder<AnyRuntime> {
    Shutdown::builder(rt)
        .phase("drain", LONG)
        .phase("flush", LONG)
        .total(2 * LONG)
}

fn counts(phase: &PhaseReport) -> [usize; 4] {
    [
        phase.finished.len(),
        phase.killed.len(),
        phase.panicked.len(),
        phase.stragglers.len(),
    ]
}

/// Counts those that are alive.
struct Member(Arc<AtomicUsize>);

impl Member {
    fn of(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, SeqCst);
        Self(Arc::clone(alive))
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn the_parts_of_a_phase_are_gone_before_the_next_one_is_asked() {
    everywhere(|rt| async move {
        let shutdown = two(&rt).build();
        let alive = Arc::new(AtomicUsize::new(0));
        for _ in 0..4 {
            let (rt, member) = (rt.clone(), Member::of(&alive));
            let part = shutdown.register("drain", "drain", |stop| async move {
                stop.cancelled().await;
                rt.yield_now().await;
                drop(member);
            });
            assert!(part.is_ok());
        }
        let left = Arc::clone(&alive);
        let flush = shutdown.register("flush", "flush", |stop| async move {
            stop.cancelled().await;
            assert_eq!(left.load(SeqCst), 0, "the drain is not over");
        });
        assert!(flush.is_ok());
        let handle = shutdown.handle();
        rt.spawn_detached(async move {
            assert!(handle.request(CancelKind::Shutdown));
        });
        let report = shutdown.run().await;
        assert!(report.is_clean(), "{report}");
        assert_eq!(
            counts(&report.phases[0])[0] + counts(&report.phases[1])[0],
            5
        );
    });
}

#[test]
fn what_is_late_is_killed_and_named() {
    everywhere(|rt| async move {
        let shutdown = two(&rt).phase("drain", MOMENT).build();
        let alive = Arc::new(AtomicUsize::new(0));
        let member = Member::of(&alive);
        let deaf = shutdown.register("drain", "deaf", |_| async move {
            let _member = member;
            pending::<()>().await;
        });
        assert!(deaf.is_ok());
        let start = rt.now();
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert!(rt.now() - start >= MOMENT);
        assert_eq!(
            (counts(&report.phases[0]), alive.load(SeqCst)),
            ([0, 1, 0, 0], 0)
        );
        let text = report.to_string();
        assert!(text.contains("killed `deaf` spawned at") && text.contains("shutdowns.rs"));
    });
}

#[test]
fn a_second_request_kills_what_has_a_minute_left() {
    everywhere(|rt| async move {
        let shutdown = two(&rt).build();
        let alive = Arc::new(AtomicUsize::new(0));
        for phase in ["drain", "flush", "drain"] {
            let member = Member::of(&alive);
            let part = shutdown.register(phase, phase, |_| async move {
                let _member = member;
                pending::<()>().await;
            });
            assert!(part.is_ok());
        }
        for n in 0..2 {
            let (handle, rt) = (shutdown.handle(), rt.clone());
            rt.clone().spawn_detached(async move {
                for _ in 0..n {
                    rt.yield_now().await;
                }
                handle.request(CancelKind::Custom(n));
            });
        }
        let report = shutdown.run().await;
        assert_eq!(
            (counts(&report.phases[0]), counts(&report.phases[1])),
            ([0, 2, 0, 0], [0, 1, 0, 0])
        );
        assert_eq!(alive.load(SeqCst), 0);
        assert!(report.elapsed < LONG);
    });
}

#[test]
fn who_registers_while_somebody_asks_is_awaited_or_refused() {
    everywhere(|rt| async move {
        let shutdown = two(&rt).build();
        let (alive, taken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = Vec::new();
        for n in 0..6_u32 {
            let (handle, rt, taken) = (shutdown.handle(), rt.clone(), Arc::clone(&taken));
            let alive = Arc::clone(&alive);
            tasks.push(rt.clone().spawn(async move {
                for turn in 0..3 {
                    let phase = if n % 2 == 0 { "drain" } else { "flush" };
                    let member = Member::of(&alive);
                    let part = handle.register(phase, "part", |stop| async move {
                        stop.cancelled().await;
                        drop(member);
                    });
                    taken.fetch_add(usize::from(part.is_ok()), SeqCst);
                    if let Ok(held) = handle.guard(phase) {
                        rt.yield_now().await;
                        // Nobody has killed, and its phase cannot be over.
                        assert!(!held.token().is_killed());
                    }
                    if (n, turn) == (3, 1) {
                        handle.request(CancelKind::Shutdown);
                    }
                }
            }));
        }
        let report = shutdown.run().await;
        for task in tasks {
            task.await.expect("it ends");
        }
        assert_eq!(
            (report.is_clean(), alive.load(SeqCst)),
            (true, 0),
            "{report}"
        );
    });
}

#[test]
fn a_panic_of_a_part_requests_and_is_told() {
    everywhere(|rt| async move {
        let shutdown = two(&rt).build();
        assert!(
            shutdown
                .register("drain", "bad", |_| async { panic!("boom") })
                .is_ok()
        );
        let fine = shutdown.register(
            "flush",
            "fine",
            |stop| async move { _ = stop.cancelled().await },
        );
        assert!(fine.is_ok());
        let report = shutdown.run().await;
        assert_eq!(report.reason.kind(), CancelKind::SiblingPanicked);
        assert_eq!(report.phases[0].panicked[0].1.message(), Some("boom"));
        assert_eq!(counts(&report.phases[1]), [1, 0, 0, 0]);
    });
}

#[test]
fn a_closure_that_blocks_is_waited_for() {
    everywhere(|rt| async move {
        let shutdown = two(&rt).build();
        let done = Arc::new(AtomicUsize::new(0));
        let told = Arc::clone(&done);
        let part = shutdown.register_blocking("flush", "sync", move |stop| {
            assert!(!stop.is_killed());
            told.store(1, SeqCst);
        });
        assert!(part.is_ok());
        shutdown.request(CancelKind::Shutdown);
        assert!(shutdown.run().await.is_clean());
        assert_eq!(done.load(SeqCst), 1);
    });
}

/// In the simulator a closure takes no time, and one that does not end ends nothing.
#[test]
fn a_closure_that_goes_on_blocking_is_a_straggler_with_its_name() {
    on_each("sim", |rt| async move {
        let shutdown = two(&rt)
            .phase("drain", MOMENT)
            .kill_budget(5 * MOMENT)
            .build();
        let (release, released) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let part = shutdown.register_blocking("drain", "stubborn", move |stop| {
            let _gone = released.recv();
            tell.send(stop.is_killed()).expect("the test waits");
        });
        assert!(part.is_ok());
        let fine = shutdown.register(
            "flush",
            "fine",
            |stop| async move { _ = stop.cancelled().await },
        );
        assert!(fine.is_ok());
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(counts(&report.phases[0]), [0, 0, 0, 1], "{report}");
        assert_eq!(
            counts(&report.phases[1]),
            [1, 0, 0, 0],
            "the next phase had its turn"
        );
        let straggler = report.stragglers().next().expect("it is named");
        assert_eq!(straggler.name(), Some("stubborn"));
        assert!(straggler.location().file().ends_with("shutdowns.rs"));
        drop(release);
        assert_eq!(told.recv(), Ok(true), "its token was killed");
    });
}

#[test]
fn a_scope_in_a_phase_is_cancelled_with_it_and_gone_before_the_next() {
    everywhere(|rt| async move {
        let shutdown = two(&rt).build();
        let alive = Arc::new(AtomicUsize::new(0));
        let requests = shutdown.child_scope("drain").expect("it is open");
        let (inside, turns) = (Arc::clone(&alive), rt.clone());
        let served = rt.spawn(async move {
            let scope = requests
                .name("requests")
                .run(async |s: TaskScope<_, (), ()>| {
                    for _ in 0..3 {
                        let (member, rt) = (Member::of(&inside), turns.clone());
                        drop(s.spawn_graceful(|stop| async move {
                            stop.cancelled().await;
                            rt.yield_now().await;
                            drop(member);
                            Ok(())
                        }));
                    }
                    pending().await
                });
            scope.await.is_err()
        });
        let left = Arc::clone(&alive);
        let flush = shutdown.register("flush", "flush", |stop| async move {
            stop.cancelled().await;
            assert_eq!(left.load(SeqCst), 0, "the scope is not over");
        });
        assert!(flush.is_ok());
        rt.sleep(MOMENT).await;
        shutdown.request(CancelKind::Shutdown);
        assert!(shutdown.run().await.is_clean());
        assert!(served.await.expect("it ends"));
    });
}

#[test]
fn a_shutdown_that_is_dropped_kills_its_parts() {
    everywhere(|rt| async move {
        let shutdown = two(&rt).build();
        let alive = Arc::new(AtomicUsize::new(0));
        let (gone, waits) = mpsc::channel::<()>();
        let member = Member::of(&alive);
        let part = shutdown.register("drain", "part", |_| async move {
            let _all = (member, gone);
            pending::<()>().await;
        });
        assert!(part.is_ok());
        let handle = shutdown.handle();
        drop(shutdown);
        assert!(handle.guard("flush").is_err());
        while waits.try_recv() != Err(mpsc::TryRecvError::Disconnected) {
            rt.sleep(MOMENT).await;
        }
        assert_eq!(alive.load(SeqCst), 0);
    });
}
