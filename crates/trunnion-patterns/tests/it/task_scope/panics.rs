//! Panics of children, bodies, joiners, destructors and hooks.

use std::future::Future;
use std::io::{Write, stdout};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};

use trunnion_core::{CancelKind, JoinError, PanicPayload, YieldNow, panic::catch};
use trunnion_patterns::{CollectAll, Done, Fold, Outcome, PanicPolicy, TaskScope};
use trunnion_sim::run;

use super::{Census, Fault, in_each_schedule};

/// Awaits a future and keeps its panic.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, PanicPayload> {
    let mut future = Box::pin(future);
    std::future::poll_fn(
        move |cx| match catch(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}

pub(crate) fn text<T>(result: Result<T, PanicPayload>) -> String {
    let payload = result.err().expect("it panicked");
    payload.message().expect("with a text").to_owned()
}

pub(crate) struct Bomb(pub(crate) &'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

#[test]
fn a_childs_panic_cancels_drains_and_is_raised_in_the_caller() {
    in_each_schedule(|rt| async move {
        let (census, told) = (Census::default(), Arc::new(AtomicUsize::new(0)));
        let hook = {
            let (census, told) = (census.clone(), Arc::clone(&told));
            move |child: &trunnion_patterns::ChildInfo, panic: &PanicPayload| {
                assert_eq!(child.name(), Some("bad"));
                assert_eq!(panic.message(), Some("boom"));
                told.fetch_add(census.alive(), SeqCst);
            }
        };
        let scope = TaskScope::builder(&rt).on_panic(hook);
        let raised = caught(scope.run(async |s| {
            drop(s.spawn(census.endless::<()>()));
            drop(s.spawn_graceful(|token| async move {
                assert_eq!(token.cancelled().await.kind(), CancelKind::SiblingPanicked);
                Err("too late to matter")
            }));
            let rt = rt.clone();
            drop(s.spawn_named("bad", async move {
                rt.yield_now().await;
                panic!("boom")
            }));
            census.endless().await
        }));
        assert_eq!(text(raised.await), "boom");
        assert_eq!(census.alive(), 0);
        assert_eq!(told.load(SeqCst), 2, "told when it happened");
    });
}

#[test]
fn a_bodys_panic_cancels_drains_and_is_raised() {
    run(|rt| async move {
        let census = Census::default();
        let raised = caught(
            TaskScope::builder(&rt).run(async |s: TaskScope<_, (), Fault>| {
                drop(s.spawn(census.endless::<()>()));
                rt.yield_now().await;
                panic!("body")
            }),
        );
        assert_eq!(text(raised.await), "body");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_panic_during_cancellation_does_not_replace_the_first() {
    run(|rt| async move {
        let raised = caught(TaskScope::builder(&rt).run(async |s| {
            drop(s.spawn_graceful(|token| async move {
                token.cancelled().await;
                panic!("second")
            }));
            drop(s.spawn(async { panic!("first") }));
            Ok::<(), Fault>(())
        }));
        let raised: Result<Result<Vec<()>, _>, _> = raised.await;
        assert_eq!(text(raised), "first");
    });
}

#[test]
fn a_childs_destructor_that_panics_is_its_panic_and_spares_the_others() {
    run(|rt| async move {
        let census = Census::default();
        let scope = TaskScope::builder(&rt)
            .joiner(CollectAll::default())
            .panics(PanicPolicy::Collect);
        let outcomes = scope.run(async |s| {
            let bomb = Bomb("dropped");
            drop(s.spawn(async move {
                let _bomb = &bomb;
                std::future::pending::<Result<(), Fault>>().await
            }));
            drop(s.spawn(census.endless()));
            rt.yield_now().await;
            s.token().cancel();
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects");
        assert!(
            matches!(&outcomes[..], [Outcome::Panicked(panic), Outcome::Cancelled]
            if panic.message() == Some("dropped"))
        );
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_collected_panic_is_an_outcome_and_cancels_nobody() {
    run(|rt| async move {
        let scope = TaskScope::builder(&rt)
            .joiner(CollectAll::default())
            .panics(PanicPolicy::Collect);
        let outcomes = scope.run(async |s| {
            let bad = s.spawn(async { panic!("boom") });
            drop(s.spawn(super::after(&rt, 1, Ok::<_, Fault>(2))));
            let joined = bad.await;
            assert!(
                matches!(joined, Err(JoinError::Panicked(copy)) if copy.message() == Some("boom"))
            );
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects");
        assert!(matches!(
            outcomes[..],
            [Outcome::Panicked(_), Outcome::Ok(2)]
        ));
    });
}

#[test]
fn a_joiner_that_panics_cancels_and_is_raised_when_all_are_gone() {
    run(|rt| async move {
        let census = Census::default();
        let fold = Fold::new((), |(): &mut (), _: Done<(), Fault>| panic!("joiner"));
        let raised = caught(TaskScope::builder(&rt).joiner(fold).run(async |s| {
            drop(s.spawn(census.endless()));
            drop(s.spawn(async { Ok(()) }));
            Ok(())
        }));
        assert_eq!(text(raised.await), "joiner");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_dropped_body_whose_destructor_panics_takes_nobody_with_it() {
    run(|rt| async move {
        let census = Census::default();
        let mut scope = Box::pin(TaskScope::builder(&rt).run(async |s| {
            let _bomb = Bomb("in the body");
            drop(s.spawn(census.endless::<()>()));
            std::future::pending().await
        }));
        std::future::poll_fn(|cx| {
            assert!(scope.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        assert!(catch(AssertUnwindSafe(|| drop(scope))).is_ok());
        rt.settle().await;
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_hook_for_panics_that_panics_changes_nothing() {
    run(|rt| async move {
        let scope = TaskScope::builder(&rt)
            .joiner(CollectAll::<(), Fault>::default())
            .panics(PanicPolicy::Collect)
            .on_panic(|_, _| panic!("hook"));
        let outcomes = scope.run(async |s| {
            drop(s.spawn(async { panic!("boom") }));
            drop(s.spawn(async { Ok(()) }));
            Ok(())
        });
        let outcomes = outcomes.await.expect("it collects");
        assert!(matches!(
            &outcomes[..],
            [Outcome::Panicked(panic), Outcome::Ok(())] if panic.message() == Some("boom")
        ));
    });
}

#[test]
fn a_hook_for_stragglers_that_panics_is_told_of_all_and_raised_when_they_are_gone() {
    in_each_schedule(|rt| async move {
        let (census, told) = (Census::default(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&told);
        let scope = TaskScope::builder(&rt)
            .joiner(CollectAll::<(), Fault>::default())
            .panics(PanicPolicy::Collect)
            .on_straggler(move |child| {
                count.fetch_add(1, SeqCst);
                panic!("of {}", child.number())
            })
            .grace(super::MOMENT);
        let raised = caught(scope.run(async |s| {
            for _ in 0..3 {
                let stubborn = census.endless();
                drop(s.spawn_graceful(|_| stubborn));
            }
            rt.yield_now().await;
            s.token().cancel();
            Ok(())
        }));
        assert_eq!(text(raised.await), "of 0");
        assert_eq!((told.load(SeqCst), census.alive()), (3, 0));
    });
}

/// The panic ends a process of its own.
#[test]
fn a_panic_aborts_the_process_where_it_is_told_to() {
    const INSIDE: &str = "TRUNNION_ABORTS_INSIDE";
    if std::env::var_os(INSIDE).is_none() {
        let program = std::env::current_exe().expect("the test binary has a path");
        let mut command = std::process::Command::new(program);
        command.args(["--exact", "--nocapture"]).env(INSIDE, "1");
        command.arg("task_scope::panics::a_panic_aborts_the_process_where_it_is_told_to");
        let output = command.output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            said.contains("told of boom") && !said.contains("went on"),
            "{said}"
        );
        return assert!(!output.status.success() && output.status.code() != Some(101));
    }
    run(|rt| async move {
        let scope = TaskScope::builder(&rt)
            .panics(PanicPolicy::Abort)
            .on_panic(|_, panic| _ = writeln!(stdout(), "told of {panic}"));
        let done = scope.run(async |s| {
            drop(s.spawn(async { panic!("boom") }));
            Ok::<(), Fault>(())
        });
        let done: Result<Vec<()>, _> = done.await;
        _ = writeln!(stdout(), "went on with {}", done.is_ok());
    });
}

#[cfg(debug_assertions)]
#[test]
fn a_child_that_awaits_itself_panics_with_its_name() {
    run(|rt| async move {
        let (give, take) = (Arc::new(trunnion_core::sync::Mutex::new(None)), rt.clone());
        let raised = caught(TaskScope::builder(&rt).run(async |s| {
            let own = Arc::clone(&give);
            let child = s.spawn_named("narcissus", async move {
                take.yield_now().await;
                let own: Option<trunnion_patterns::Child<_, ()>> = own.lock().take();
                let _never = own.expect("it was put there").await;
                Ok::<(), Fault>(())
            });
            *give.lock() = Some(child);
            Ok(())
        }));
        let text = text(raised.await);
        assert!(
            text.contains("`narcissus`") && text.contains("awaits its own handle"),
            "{text}"
        );
    });
}

#[cfg(debug_assertions)]
#[test]
fn a_child_that_awaits_its_own_scope_panics_with_both_names() {
    type Run = Pin<Box<dyn Future<Output = bool> + Send>>;

    run(|rt| async move {
        let slot = Arc::new(trunnion_core::sync::Mutex::new(None::<Run>));
        let seen = Arc::new(trunnion_core::sync::Mutex::new(String::new()));
        let (inside, told, task) = (Arc::clone(&slot), Arc::clone(&seen), rt.clone());
        let scope = async move {
            let scope = TaskScope::builder(&task)
                .name("pool")
                .on_panic(move |_, panic| {
                    told.lock().push_str(panic.message().unwrap_or(""));
                });
            let result = scope.run(async |s| {
                let rt = task.clone();
                drop(s.spawn_named("ouroboros", async move {
                    rt.yield_now().await;
                    let own = inside.lock().take().expect("it was put there");
                    own.await;
                    Ok::<(), Fault>(())
                }));
                std::future::pending().await
            });
            result.await.is_ok()
        };
        let mut scope: Run = Box::pin(scope);
        std::future::poll_fn(|cx| {
            assert!(scope.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        *slot.lock() = Some(scope);
        rt.settle().await;
        let seen = seen.lock();
        assert!(
            seen.contains("`ouroboros`") && seen.contains("its own scope `pool`"),
            "{seen}"
        );
    });
}

#[test]
fn a_destructor_that_panics_after_its_child_did_takes_no_ones_place() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a payload");
        }
    }
    struct Twice;
    impl Future for Twice {
        type Output = Result<(), Fault>;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
            panic!("first")
        }
    }
    impl Drop for Twice {
        fn drop(&mut self) {
            std::panic::panic_any(Bomb);
        }
    }
    let outcomes = run(|rt| async move {
        TaskScope::builder(&rt)
            .panics(PanicPolicy::Collect)
            .joiner(CollectAll::default())
            .run(async |s| {
                drop(s.spawn(Twice));
                Ok(())
            })
            .await
    });
    let outcomes = outcomes.expect("nothing cancelled it");
    let [Outcome::Panicked(panic)] = &outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(panic.message(), Some("first"));
}
