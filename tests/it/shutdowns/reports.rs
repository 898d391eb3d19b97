//! What the report waits for and tells, and what is raised in its place.

use std::future::{Future, pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use trunnion_core::panic::catch;
use trunnion_core::{CancelKind, CancelToken, Spawn, YieldNow};
use trunnion_patterns::{CollectAll, ScopeEnd, Shutdown, TaskScope, bracket};

use super::{LONG, Member, counts, two};
use crate::runtimes::everywhere;

/// Which thread ends last in the scope does not matter: the report is complete.
#[test]
fn the_report_tells_how_a_scope_in_a_phase_ended() {
    everywhere(|rt| async move {
        let shutdown = two(&rt).build();
        let requests = shutdown.child_scope("drain").expect("it is open");
        let begun = CancelToken::new();
        let begins = begun.clone();
        let served = rt.spawn(async move {
            let requests = requests.name("requests").joiner(CollectAll::default());
            let served = requests.run(async |s: TaskScope<_, (), String>| {
                for n in 0..4 {
                    drop(s.spawn_graceful(|stop| async move {
                        stop.cancelled().await;
                        if n == 2 {
                            Err("lost".to_owned())
                        } else {
                            Ok(())
                        }
                    }));
                }
                begins.cancel();
                Ok(())
            });
            served.await.map(|outcomes| outcomes.len())
        });
        begun.cancelled().await;
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(served.await.expect("it ends").ok(), Some(4));
        let [scope] = &report.phases[0].scopes[..] else {
            panic!("there is one: {report}")
        };
        assert_eq!(scope.scope.name(), Some("requests"));
        assert!(matches!(scope.end, ScopeEnd::Output), "{scope}");
        assert_eq!((scope.errors, scope.panics, scope.killed), (1, 0, false));
        assert!(!report.is_clean());
    });
}

#[test]
fn a_phase_waits_for_the_release_of_a_part_that_it_killed() {
    everywhere(|rt| async move {
        let shutdown = Shutdown::builder(&rt)
            .phase("drain", Duration::ZERO)
            .phase("flush", LONG)
            .kill_budget(LONG)
            .build();
        let alive = Arc::new(AtomicUsize::new(0));
        let releases = shutdown.releases("drain").expect("it is a phase");
        let (member, turns) = (Member::of(&alive), rt.clone());
        let held = CancelToken::new();
        let holds = held.clone();
        let part = shutdown.register("drain", "part", |_| async move {
            let release = move |member: Member| async move {
                for _ in 0..3 {
                    turns.yield_now().await;
                }
                drop(member);
                Ok::<(), ()>(())
            };
            let usage = async |_: &mut Member| {
                holds.cancel();
                pending::<Result<(), ()>>().await
            };
            drop(bracket(&releases, async { Ok(member) }, usage, release).await);
        });
        let left = Arc::clone(&alive);
        let flush = shutdown.register("flush", "flush", |stop| async move {
            stop.cancelled().await;
            assert_eq!(left.load(SeqCst), 0, "the release goes on");
        });
        assert!(part.is_ok() && flush.is_ok());
        held.cancelled().await;
        shutdown.request(CancelKind::Shutdown);
        let report = shutdown.run().await;
        assert_eq!(counts(&report.phases[0]), [0, 1, 0, 0], "{report}");
        assert_eq!(counts(&report.phases[1]), [1, 0, 0, 0], "{report}");
    });
}

#[test]
fn a_part_that_panicked_before_a_callback_is_raised_in_its_place() {
    everywhere(|rt| async move {
        let shutdown = two(&rt).build();
        let _kept = shutdown.token().on_cancel(|_| panic!("callback"));
        let bad = shutdown.register("flush", "bad", |_| async { panic!("part") });
        assert!(bad.is_ok());
        let mut run = Box::pin(shutdown.run());
        let raised = poll_fn(|cx| match catch(|| run.as_mut().poll(cx)) {
            Ok(polled) => polled.map(|_| None),
            Err(panic) => Poll::Ready(Some(panic)),
        });
        let raised = raised.await.expect("it is raised");
        assert_eq!(raised.message(), Some("part"));
    });
}
