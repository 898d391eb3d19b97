//! Supervisors that are dropped, inside scopes and inside supervisors, and hooks that panic.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;

use trunnion_core::panic::catch;
use trunnion_core::sync::Mutex;
use trunnion_core::{CancelKind, CancelToken, Clock, Timer, YieldNow};
use trunnion_patterns::{ChildSpec, StopMode, Supervisor, SupervisorEnd, TaskScope, gather};

use super::{End, Fault, Log, MOMENT, child, eager, endless, in_each_schedule};

/// Polls it once, which leaves it pending.
async fn begin<F: Future + Unpin>(future: &mut F) {
    std::future::poll_fn(|cx| {
        assert!(std::pin::Pin::new(&mut *future).poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[test]
fn a_dropped_supervisor_kills_its_children_and_tells_how_many_are_orphans() {
    in_each_schedule(|rt| async move {
        let (log, told) = (Log::default(), Arc::new(Mutex::new(None)));
        let orphans = Arc::clone(&told);
        let supervisor = eager(&rt)
            .child(endless(&log, "a").ready_at_once().stop(StopMode::Wait))
            .child(child(&rt, &log, "b", &[]).ready_at_once())
            .on_orphan(move |count| *orphans.lock() = Some(count));
        let mut run = Box::pin(supervisor.build().expect("it is sound").run());
        begin(&mut run).await;
        rt.sleep(MOMENT).await;
        assert_eq!(log.alive(), 2);
        drop(run);
        assert_eq!(*told.lock(), Some(2));
        rt.settle().await;
        assert_eq!(log.alive(), 0);
    });
}

#[test]
fn a_dropped_supervisor_is_waited_for_by_the_scope_around_it() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let scope = TaskScope::builder(&rt).run(async |outer: TaskScope<_, (), Fault>| {
            let supervisor = eager(&rt)
                .name("workers")
                .within(&outer)
                .child(endless(&log, "a").ready_at_once())
                .on_orphan(|_| panic!("it has a scope around it"));
            let mut run = Box::pin(supervisor.build().expect("it is sound").run());
            begin(&mut run).await;
            rt.sleep(MOMENT).await;
            assert_eq!(outer.children()[0].name(), Some("workers"));
            drop(run);
            assert_eq!(log.alive(), 1, "it is not waited for here");
            Ok(())
        });
        assert!(scope.await.is_ok());
        assert_eq!(log.alive(), 0);
    });
}

#[test]
fn cancelling_the_scope_around_it_stops_it_in_order_within_the_grace() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let scope = TaskScope::builder(&rt).run(async |outer| {
            let supervisor = eager(&rt)
                .within(&outer)
                .child(child(&rt, &log, "a", &[]))
                .child(child(&rt, &log, "b", &[]))
                .build()
                .expect("it is sound");
            drop(outer.spawn_graceful(|_| async move {
                let Ok(SupervisorEnd::Cancelled(reason)) = supervisor.run().await else {
                    panic!("it is cancelled");
                };
                assert_eq!(reason.kind(), CancelKind::Requested);
                Ok::<_, Fault>(())
            }));
            rt.sleep(MOMENT).await;
            outer.token().cancel();
            Ok(())
        });
        drop(scope.await);
        assert_eq!(log.text(), "+a +b -b -a");
    });
}

#[test]
fn killing_the_scope_around_it_leaves_nobody() {
    in_each_schedule(|rt| async move {
        let (log, start) = (Log::default(), rt.now());
        let scope = TaskScope::builder(&rt).grace(MOMENT).run(async |outer| {
            let supervisor = eager(&rt)
                .within(&outer)
                .child(endless(&log, "a").ready_at_once().stop(StopMode::Wait))
                .build()
                .expect("it is sound");
            drop(outer.spawn_graceful(|_| async move {
                drop(supervisor.run().await);
                Ok::<_, Fault>(())
            }));
            rt.sleep(MOMENT).await;
            outer.token().cancel();
            Ok(())
        });
        // Whether the kill first reaches the supervisor's task or its children is open.
        drop(scope.await);
        assert_eq!(
            (log.text().as_str(), rt.now() - start),
            ("+a -a", 2 * MOMENT)
        );
    });
}

#[test]
fn a_supervisor_in_a_supervisor_is_stopped_in_its_turn() {
    in_each_schedule(|rt| async move {
        let (log, token) = (Log::default(), CancelToken::new());
        let inner = (rt.clone(), log.clone());
        let nested = ChildSpec::new("nested", move |ctx| {
            let (rt, log) = inner.clone();
            async move {
                let supervisor = eager(&rt)
                    .token(ctx.token())
                    .child(child(&rt, &log, "b", &[]))
                    .child(child(&rt, &log, "c", &[(5, End::Err)]))
                    .build()
                    .map_err(|_| "refused")?;
                ctx.ready();
                supervisor.run().await.map(drop).map_err(|_| "gave up")
            }
        });
        let supervisor = eager(&rt)
            .token(&token)
            .child(child(&rt, &log, "a", &[]))
            .child(nested.stop(StopMode::Wait))
            .build()
            .expect("it is sound");
        let stop = async {
            rt.sleep(20 * MOMENT).await;
            token.cancel();
        };
        assert!(gather((supervisor.run(), stop)).await.0.is_ok());
        assert_eq!(log.text(), "+a +b +c -c +c -c -b -a");
    });
}

#[test]
fn a_hook_that_panics_raises_when_all_are_gone() {
    in_each_schedule(|rt| async move {
        let log = Log::default();
        let supervisor = eager(&rt)
            .child(endless(&log, "a").ready_at_once().stop(StopMode::Wait))
            .child(child(&rt, &log, "b", &[(1, End::Err)]))
            .on_end(|_| panic!("hook"))
            .build()
            .expect("it is sound");
        let mut run = Box::pin(supervisor.run());
        let raised =
            std::future::poll_fn(
                |cx| match catch(AssertUnwindSafe(|| run.as_mut().poll(cx))) {
                    Ok(polled) => polled.map(|_| None),
                    Err(panic) => Poll::Ready(Some(panic)),
                },
            );
        let raised = raised.await.expect("it is raised");
        assert_eq!(raised.message(), Some("hook"));
        assert_eq!(log.alive(), 0);
    });
}

#[test]
fn the_future_and_its_parts_are_send_and_show_themselves() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    in_each_schedule(|rt| async move {
        rt.yield_now().await;
        let log = Log::default();
        let builder = is_send(eager(&rt).child(endless(&log, "a")));
        let supervisor = is_send(builder.build().expect("it is sound"));
        let shown = format!("{supervisor:?}");
        assert!(
            shown.contains("OneForOne") && shown.contains("\"a\""),
            "{shown}"
        );
        drop(is_send(supervisor.run()));
        let none = Supervisor::builder::<_, Fault>(&rt)
            .build()
            .expect("it is sound");
        assert!(none.run().await.is_ok());
    });
}
