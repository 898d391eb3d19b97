//! What the report tells of scopes in phases.

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use trunnion_core::{CancelKind, Spawn, Timer};
use trunnion_patterns::{
    CollectAll, PanicPolicy, PhaseReport, ScopeEnd, Shutdown, TaskScope, Why, timeout,
};
use trunnion_sim::SimRuntime;

use super::{Census, SECOND, counts, in_each_schedule, names, three};
use crate::task_scope::panics::caught;

type Inner = TaskScope<SimRuntime, (), &'static str>;

/// Polls a scope once.
async fn polled<F: Future>(mut scope: Pin<&mut F>) {
    poll_fn(|cx| {
        assert!(scope.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// Polls a scope once as somebody else's task, which drops it three seconds after the request.
async fn dropped_late<F>(rt: &SimRuntime, shutdown: &Shutdown<SimRuntime>, scope: F)
where
    F: Future + Send + 'static,
{
    let (clock, stop) = (rt.clone(), shutdown.token().clone());
    rt.spawn_detached(async move {
        let mut scope = Box::pin(scope);
        polled(scope.as_mut()).await;
        stop.cancelled().await;
        clock.sleep(3 * SECOND).await;
        drop(scope);
    });
    rt.settle().await;
}

/// Starts a scope in the phase `drain` as a task of somebody else, which has begun when this is ready.
async fn begun<F>(rt: &SimRuntime, mut scope: Pin<Box<F>>)
where
    F: Future + Send + 'static,
{
    polled(scope.as_mut()).await;
    rt.spawn_detached(async move { drop(caught(scope).await) });
    rt.settle().await;
}

async fn drained(shutdown: Shutdown<SimRuntime>) -> PhaseReport {
    shutdown.request(CancelKind::Shutdown);
    let mut report = shutdown.run().await;
    report.phases.remove(1)
}

#[test]
fn a_scope_that_ends_as_it_is_asked_to_is_told_before_the_phase_is_over() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        let scope = shutdown.child_scope("drain").expect("it is open");
        let (member, clock) = (census.join(), rt.clone());
        let scope = scope.name("requests").run(async |s: Inner| {
            drop(s.spawn_graceful(|stop| async move {
                stop.cancelled().await;
                clock.sleep(SECOND).await;
                drop(member);
                Ok(())
            }));
            pending().await
        });
        begun(&rt, Box::pin(scope)).await;
        let phase = drained(shutdown).await;
        assert_eq!((counts(&phase), census.alive()), ([0; 4], 0));
        let [scope] = &phase.scopes[..] else {
            panic!("there is one: {phase}")
        };
        assert_eq!(scope.scope.name(), Some("requests"));
        assert!(scope.scope.to_string().contains("scopes.rs"), "{scope}");
        assert!(
            matches!(&scope.end, ScopeEnd::Error(Why::Cancelled(why)) if why.kind() == CancelKind::Shutdown),
            "{scope}"
        );
        assert!(scope.is_clean() && phase.is_clean(), "{phase}");
    });
}

#[test]
fn errors_and_panics_in_a_scope_are_counted() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let scope = shutdown.child_scope("drain").expect("it is open");
        let scope = scope
            .panics(PanicPolicy::Collect)
            .joiner(CollectAll::default());
        let scope = scope.run(async |s: Inner| {
            drop(s.spawn_graceful(|stop| async move {
                stop.cancelled().await;
                Err("lost")
            }));
            drop(s.spawn_graceful(|stop| async move {
                stop.cancelled().await;
                panic!("boom")
            }));
            Ok(())
        });
        begun(&rt, Box::pin(scope)).await;
        let phase = drained(shutdown).await;
        let scope = &phase.scopes[0];
        assert_eq!((scope.errors, scope.panics), (1, 1), "{scope}");
        assert!(matches!(scope.end, ScopeEnd::Output), "{scope}");
        assert!(!scope.killed && !scope.is_clean() && !phase.is_clean());
        assert!(phase.to_string().contains("1 errors, 1 panics"), "{phase}");
    });
}

#[test]
fn a_panic_of_a_scope_is_told_with_its_text() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let scope = shutdown.child_scope("drain").expect("it is open");
        let scope = scope.run(async |s: Inner| {
            drop(s.spawn_graceful(|stop| async move {
                stop.cancelled().await;
                panic!("boom")
            }));
            Ok(())
        });
        begun(&rt, Box::pin(scope)).await;
        let phase = drained(shutdown).await;
        let scope = &phase.scopes[0];
        assert!(matches!(&scope.end, ScopeEnd::Panicked(text) if **text == *"boom"));
        assert_eq!((scope.panics, phase.is_clean()), (1, false), "{phase}");
    });
}

#[test]
fn who_is_late_in_a_scope_is_named_and_a_kill_of_the_phase_is_told() {
    in_each_schedule(|rt| async move {
        for own_grace in [true, false] {
            let (census, shutdown) = (Census::default(), three(&rt).build());
            let scope = shutdown.child_scope("drain").expect("it is open");
            let grace = if own_grace { SECOND } else { 60 * SECOND };
            let member = census.join();
            let scope = scope.grace(grace).run(async |s: Inner| {
                drop(s.spawn_graceful(|_| async move {
                    let _member = member;
                    pending().await
                }));
                Ok(())
            });
            begun(&rt, Box::pin(scope)).await;
            let start = trunnion_core::Clock::now(&rt);
            let phase = drained(shutdown).await;
            let took = trunnion_core::Clock::now(&rt) - start;
            assert_eq!(took, if own_grace { SECOND } else { 20 * SECOND });
            let scope = &phase.scopes[0];
            assert_eq!(scope.stragglers.len(), usize::from(own_grace), "{scope}");
            assert!(scope.killed && !phase.is_clean(), "{phase}");
            assert_eq!((counts(&phase), census.alive()), ([0; 4], 0));
        }
    });
}

#[test]
fn a_scope_that_is_dropped_while_its_phase_stops_is_told_with_those_that_were_left() {
    in_each_schedule(|rt| async move {
        let (census, shutdown) = (Census::default(), three(&rt).build());
        let scope = shutdown.child_scope("drain").expect("it is open");
        let (member, stop) = (census.join(), shutdown.token().clone());
        let scope = scope.run(async |s: Inner| {
            drop(s.spawn_graceful(|_| async move {
                let _member = member;
                pending().await
            }));
            pending().await
        });
        let clock = rt.clone();
        rt.spawn_detached(async move {
            let mut scope = Box::pin(scope);
            polled(scope.as_mut()).await;
            stop.cancelled().await;
            clock.sleep(SECOND).await;
            drop(scope);
        });
        rt.settle().await;
        let phase = drained(shutdown).await;
        let scope = &phase.scopes[0];
        assert!(matches!(scope.end, ScopeEnd::Dropped(1)), "{scope}");
        assert!(scope.killed && !phase.is_clean(), "{phase}");
        assert_eq!((counts(&phase), census.alive()), ([0; 4], 0));
    });
}

#[test]
fn a_scope_that_ended_before_the_shutdown_is_nobodys_business() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let scope = shutdown.child_scope("drain").expect("it is open");
        let failed = scope.run(async |_: Inner| Err("early"));
        assert!(failed.await.is_err());
        let phase = drained(shutdown).await;
        assert!(phase.scopes.is_empty() && phase.is_clean(), "{phase}");
    });
}

#[test]
fn a_scope_that_nobody_drives_is_a_straggler_and_its_end_is_not_told() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let scope = shutdown.child_scope("drain").expect("it is open");
        let mut scope = Box::pin(scope.name("asleep").run(async |_: Inner| pending().await));
        polled(scope.as_mut()).await;
        let phase = drained(shutdown).await;
        assert_eq!(names(&phase.stragglers), ["asleep"]);
        assert!(phase.scopes.is_empty());
        drop(scope);
    });
}

#[test]
fn a_scope_that_is_dropped_when_all_in_it_have_ended_is_told() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let scope = shutdown.child_scope("drain").expect("it is open");
        let scope = scope.grace(2 * SECOND).run(async |s: Inner| {
            s.spawn_detached(pending());
            Ok(())
        });
        dropped_late(&rt, &shutdown, scope).await;
        let phase = drained(shutdown).await;
        assert_eq!(phase.scopes.len(), 1, "{phase}");
        let scope = &phase.scopes[0];
        assert!(matches!(scope.end, ScopeEnd::Dropped(0)), "{scope}");
        assert!(scope.is_clean() && phase.is_clean(), "{phase}");
    });
}

#[test]
fn a_panic_that_a_dropped_scope_has_not_seen_is_counted() {
    in_each_schedule(|rt| async move {
        let shutdown = three(&rt).build();
        let scope = shutdown.child_scope("drain").expect("it is open");
        let scope = scope.run(async |s: Inner| {
            drop(s.spawn_graceful(|stop| async move {
                stop.cancelled().await;
                panic!("boom")
            }));
            Ok(())
        });
        dropped_late(&rt, &shutdown, scope).await;
        let phase = drained(shutdown).await;
        assert_eq!(phase.scopes.len(), 1, "{phase}");
        assert_eq!((phase.scopes[0].panics, phase.is_clean()), (1, false));
    });
}

#[test]
fn who_is_late_is_named_without_a_handle_too() {
    let reached = AtomicUsize::new(0);
    in_each_schedule(async |rt: SimRuntime| {
        let shutdown = three(&rt).build();
        let scope = shutdown.child_scope("drain").expect("it is open");
        // Without grace it depends on the schedule whether the child has the time to be dropped.
        let scope = scope.grace(Duration::ZERO);
        let scope = scope.run(async |s: Inner| {
            s.spawn_detached(pending());
            Ok(())
        });
        begun(&rt, Box::pin(scope)).await;
        let phase = drained(shutdown).await;
        let scope = &phase.scopes[0];
        assert_eq!(scope.stragglers.len(), usize::from(scope.killed), "{scope}");
        reached.fetch_add(scope.stragglers.len(), SeqCst);
    });
    assert!(reached.load(SeqCst) > 0, "late in some schedule");
}

#[test]
fn a_scope_is_told_of_once_whenever_it_is_dropped_and_leaves_nobody() {
    for steps in 1..=6 {
        in_each_schedule(|rt| async move {
            let (census, shutdown) = (Census::default(), three(&rt).build());
            let scope = shutdown.child_scope("drain").expect("it is open");
            let inside = (census.clone(), rt.clone());
            let scope = scope.grace(SECOND).detach_blocking();
            let scope = scope.run(move |s: Inner| async move {
                let (census, rt) = inside;
                let [plain, handled, graceful] = [(); 3].map(|()| census.join());
                s.spawn_detached(async move {
                    let _member = plain;
                    pending().await
                });
                drop(s.spawn(async move {
                    let _member = handled;
                    pending().await
                }));
                let clock = rt.clone();
                drop(s.spawn_graceful(|stop| async move {
                    let _member = graceful;
                    stop.cancelled().await;
                    clock.sleep(2 * SECOND).await;
                    Ok(())
                }));
                assert!(s.spawn_blocking(|_| Ok(())).is_ok());
                pending().await
            });
            let clock = rt.clone();
            rt.spawn_detached(async move {
                drop(timeout(&clock, steps * SECOND / 2, scope).await);
            });
            rt.settle().await;
            let phase = drained(shutdown).await;
            assert_eq!((phase.scopes.len(), census.alive()), (1, 0), "{phase}");
            assert_eq!(counts(&phase), [0; 4], "{phase}");
        });
    }
}
