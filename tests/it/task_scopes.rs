//! Scopes that spawn: on every runtime, and in many schedules of the simulator.

mod bodies;
mod deadlines;
mod handles;
mod inner;
mod joiners;
mod limits;
mod panics;
mod shutdown;
mod spawning;

use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use trunnion_core::panic::catch;
use trunnion_core::sync::Mutex;
use trunnion_core::{
    AnyRuntime, BlockOn, CancelKind, CancelToken, Clock, JoinError, PanicPayload, Timer, YieldNow,
};
use trunnion_patterns::{CollectAll, Discard, FirstSuccess, Outcome, TaskScope, Why};
use trunnion_tokio::TokioOwned;

use crate::runtimes::everywhere;

const MOMENT: Duration = Duration::from_millis(1);

type Fault = &'static str;

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

/// Polls once a future that has to wait.
async fn begin<F: Future + ?Sized>(future: &mut Pin<Box<F>>) {
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// Awaits a future and keeps its panic.
async fn caught<F: Future>(future: F) -> Result<F::Output, PanicPayload> {
    let mut future = Box::pin(future);
    poll_fn(move |cx| match catch(|| future.as_mut().poll(cx)) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Waits until so many are left.
async fn until_alive(rt: &AnyRuntime, alive: &AtomicUsize, left: usize) {
    while alive.load(SeqCst) != left {
        rt.sleep(MOMENT).await;
    }
}

async fn endless<T>(member: Member) -> Result<T, Fault> {
    let _member = member;
    pending().await
}

#[test]
fn a_failure_cancels_the_siblings_and_all_are_gone_before_the_error() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let failed = TaskScope::builder(&rt).run(async |s| {
            for _ in 0..5 {
                drop(s.spawn(endless::<()>(Member::of(&alive))));
            }
            let (rt, member) = (rt.clone(), Member::of(&alive));
            drop(s.spawn_graceful(|token| async move {
                let reason = token.cancelled().await;
                assert_eq!(reason.kind(), CancelKind::SiblingFailed);
                rt.yield_now().await;
                drop(member);
                Err("cleanup")
            }));
            drop(s.spawn(async { Err("first") }));
            Ok(())
        });
        let error = failed.await.expect_err("one failed");
        assert_eq!(alive.load(SeqCst), 0);
        assert_eq!((error.rest.len(), error.cancelled), (1, 5));
        assert_eq!(error.into_first(), Some("first"));
    });
}

#[test]
fn a_panic_is_raised_when_all_are_gone() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let raised = caught(TaskScope::builder(&rt).run(async |s| {
            drop(s.spawn(endless::<()>(Member::of(&alive))));
            drop(s.spawn(async { panic!("boom") }));
            endless(Member::of(&alive)).await
        }));
        let raised: Result<Result<Vec<()>, _>, _> = raised.await;
        let raised = raised.expect_err("it is raised");
        assert_eq!(raised.message(), Some("boom"));
        assert_eq!(alive.load(SeqCst), 0);
    });
}

#[test]
fn the_first_success_of_many_threads_is_one() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let scope = TaskScope::builder(&rt).joiner(FirstSuccess::default());
        let value = scope.run(async |s| {
            for n in 0..20_u32 {
                let (rt, member) = (rt.clone(), Member::of(&alive));
                drop(s.spawn(async move {
                    let _member = member;
                    rt.yield_now().await;
                    if n % 2 == 0 { Err("even") } else { Ok(n) }
                }));
            }
            Ok(())
        });
        assert_eq!(value.await.expect("half succeed") % 2, 1);
        assert_eq!(alive.load(SeqCst), 0);
    });
}

#[test]
fn grace_then_kill_names_the_straggler() {
    everywhere(|rt| async move {
        let (alive, late) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(Mutex::new(Vec::new())),
        );
        let (told, start) = (Arc::clone(&late), rt.now());
        let scope = TaskScope::builder(&rt)
            .joiner(Discard::<Fault>::new())
            .deadline(start + MOMENT)
            .grace(MOMENT)
            .on_straggler(move |child| told.lock().push(child.to_string()));
        let error = scope.run(async |s| {
            let stubborn = endless::<()>(Member::of(&alive));
            drop(s.spawn_graceful(|_| stubborn));
            drop(s.spawn(endless(Member::of(&alive))));
            Ok(())
        });
        assert!(error.await.expect_err("it is late").is_elapsed());
        assert_eq!(alive.load(SeqCst), 0);
        assert!(rt.now() - start >= 2 * MOMENT);
        let late = late.lock();
        assert!(
            late.iter()
                .any(|text| text.starts_with("child 0") && text.contains("task_scopes.rs")),
            "{late:?}"
        );
    });
}

#[test]
fn a_dropped_inner_scope_is_waited_for_by_the_one_around() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let outer = TaskScope::builder(&rt).run(async |outer: TaskScope<_, (), Fault>| {
            for _ in 0..5 {
                let inner = outer.child_scope().run(async |s| {
                    drop(s.spawn(endless::<()>(Member::of(&alive))));
                    rt.yield_now().await;
                    pending().await
                });
                begin(&mut Box::pin(inner)).await;
            }
            Ok(())
        });
        assert!(outer.await.is_ok());
        assert_eq!(alive.load(SeqCst), 0);
    });
}

#[test]
fn blocking_children_are_counted_and_get_the_token() {
    everywhere(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            assert!(s.spawn_blocking(|token| Ok(token.is_cancelled())).is_ok());
            assert!(s.spawn_blocking(|_| Err("blocked")).is_ok());
            rt.yield_now().await;
            s.token().cancel();
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects");
        assert!(
            matches!(outcomes[..], [Outcome::Ok(_), Outcome::Err("blocked")]),
            "{outcomes:?}"
        );
    });
}

#[test]
fn a_child_aborted_by_its_handle_is_cancelled_on_every_runtime() {
    everywhere(|rt| async move {
        let scope = TaskScope::builder(&rt).joiner(CollectAll::default());
        let outcomes = scope.run(async |s| {
            let alive = Arc::new(AtomicUsize::new(0));
            let child = s.spawn(endless::<()>(Member::of(&alive)));
            rt.yield_now().await;
            assert!(matches!(child.cancel().await, Err(JoinError::Cancelled)));
            assert_eq!(alive.load(SeqCst), 0);
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects");
        assert!(matches!(outcomes[..], [Outcome::Cancelled]), "{outcomes:?}");
    });
}

#[test]
fn children_of_many_threads_spawn_into_a_scope_that_ends() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicUsize::new(0));
        let token = CancelToken::new();
        let scope = TaskScope::builder(&rt).token(&token).joiner(Discard::new());
        let done = scope.run(async |s| {
            for n in 0..8 {
                let (s, rt, member) = (s.clone(), rt.clone(), Member::of(&alive));
                let alive = Arc::clone(&alive);
                drop(s.clone().spawn(async move {
                    let _member = member;
                    for _ in 0..n {
                        rt.yield_now().await;
                        drop(s.spawn(endless(Member::of(&alive))));
                    }
                    if n == 5 {
                        s.token().cancel();
                    }
                    Ok::<(), Fault>(())
                }));
            }
            Ok(())
        });
        let error = done.await.expect_err("it was cancelled");
        assert!(matches!(error.why, Why::Cancelled(_)));
        assert_eq!(alive.load(SeqCst), 0);
        assert!(!token.is_cancelled());
    });
}

#[test]
fn a_run_is_send_when_its_parts_are() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let owner = TokioOwned::current_thread().expect("tokio starts");
    let rt = owner.handle();
    let inner = rt.clone();
    let task = trunnion_core::Spawn::spawn(
        &rt,
        is_send(async move {
            let mut sum = 0;
            let scope = TaskScope::builder(&inner).joiner(Discard::<Infallible>::new());
            let done = scope.run(async |s: TaskScope<_, (), _>| {
                sum = s.spawn_with_handle(async { 7 }).await.unwrap_or(0);
                Ok(())
            });
            done.await.map(|()| sum)
        }),
    );
    assert_eq!(
        owner
            .block_on(task)
            .expect("it ends")
            .expect("nothing fails"),
        7
    );
}
