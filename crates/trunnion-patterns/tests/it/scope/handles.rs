//! Handles of children.

use std::cell::RefCell;
use std::future::{pending, ready};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use trunnion_core::{JoinError, YieldOnce};
use trunnion_patterns::{LocalScope, Scope, ScopeChild, SpawnError, group, local_scope, scope};
use trunnion_sim::run;

use crate::hand::{Remote, Wakes, poll};
#[cfg(debug_assertions)]
use crate::task_scope::panics;
use crate::task_scope::{Census, after, in_each_schedule};

#[test]
fn a_value_goes_to_the_handle_before_and_after_the_child_ends() {
    run(|_| async {
        let sum = scope(async |s| {
            let (first, second) = (
                s.spawn(async { 1 }),
                s.spawn(async {
                    YieldOnce::new().await;
                    2
                }),
            );
            let second = second.await.expect("it ends");
            assert!(first.is_finished());
            second + first.await.expect("it has ended")
        });
        assert_eq!(sum.await, 3);
    });
}

#[test]
fn a_handle_outlives_its_scope() {
    run(|_| async {
        let (kept, grouped) = (
            scope(async |s| s.spawn(async { 7 })).await,
            group(async |s| s.spawn(ready(8))).await,
        );
        assert_eq!(kept.await.expect("it has ended"), 7);
        assert_eq!(grouped.await.expect("it has ended"), 8);
    });
}

#[test]
fn dropping_a_handle_leaves_the_child_to_its_scope() {
    run(|_| async {
        let mut ran = false;
        scope(async |s| {
            drop(s.spawn(async {
                YieldOnce::new().await;
                ran = true;
            }));
        })
        .await;
        assert!(ran);
    });
}

#[test]
fn a_cancelled_child_is_gone_when_its_handle_says_so_and_its_siblings_go_on() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let value = scope(async |s| {
            let endless = s.spawn(census.endless::<()>());
            let sibling = s.spawn(after(&rt, 2, 1));
            trunnion_core::YieldNow::yield_now(&rt).await;
            assert!(matches!(endless.cancel().await, Err(JoinError::Cancelled)));
            assert_eq!(census.alive(), 0, "its destructors have run");
            sibling.await.expect("it goes on")
        });
        assert_eq!(value.await, 1);
    });
}

#[test]
fn a_child_that_is_cancelled_before_its_first_turn_is_never_polled() {
    let remote = Remote::default();
    let scope = pin!(local_scope(async |s| {
        let child = s.spawn(remote.operation());
        child.abort();
        child.abort();
    }));
    assert!(poll(scope).is_ready());
    assert_eq!((remote.polls(), remote.drops()), (0, 1));
}

#[test]
fn an_abort_after_the_end_changes_nothing() {
    run(|_| async {
        scope(async |s| {
            let child = s.spawn(async { 5 });
            YieldOnce::new().await;
            child.abort();
            YieldOnce::new().await;
            assert_eq!(child.cancel().await.expect("it had ended"), 5);
        })
        .await;
    });
}

#[test]
fn an_old_abort_spares_who_takes_the_place() {
    let remote = Remote::default();
    let mut scope = pin!(local_scope(async |s| {
        let cell = Rc::new(RefCell::new(None));
        let own = Rc::clone(&cell);
        // It aborts itself and ends in the same turn: the abort finds nobody, and its seat is free.
        let child = s.spawn(async move {
            let child: Option<trunnion_patterns::LocalScopeChild<'_, ()>> = own.take();
            child.expect("it was put there").abort();
        });
        cell.replace(Some(child));
        YieldOnce::new().await;
        s.spawn_detached(remote.operation());
    }));
    let wakes = Arc::new(Wakes::default());
    assert!(wakes.poll(scope.as_mut()).is_pending());
    assert!(wakes.poll(scope.as_mut()).is_pending());
    assert!(wakes.poll(scope.as_mut()).is_pending());
    assert_eq!((remote.polls(), remote.drops()), (1, 0));
    remote.finish();
    assert!(wakes.poll(scope).is_ready());
}

#[test]
fn an_abort_from_outside_wakes_the_scope() {
    let (remote, handle) = (Remote::default(), RefCell::new(None));
    let wakes = Arc::new(Wakes::default());
    let mut scope = pin!(local_scope(async |s: LocalScope<'static>| {
        handle.replace(Some(s.spawn(remote.operation())));
    }));
    assert!(wakes.poll(scope.as_mut()).is_pending());
    for _ in 0..2 {
        handle.borrow().as_ref().expect("it is there").abort();
    }
    assert_eq!((wakes.count(), remote.drops()), (1, 0));
    assert!(wakes.poll(scope).is_ready());
    assert_eq!((remote.polls(), remote.drops()), (1, 1));
}

#[test]
fn a_scope_that_has_ended_gives_the_future_back_unpolled() {
    run(|_| async {
        let remote = Census::default();
        let closed = scope(async |s| s).await;
        let member = remote.join();
        let refused = closed.try_spawn(async move {
            let _member = member;
        });
        let Err(SpawnError::Closed(future)) = refused else {
            panic!("it is closed");
        };
        assert_eq!(remote.alive(), 1, "it comes back whole");
        future.await;
        let child = closed.spawn(async { unreachable!("it is polled") });
        assert!(child.is_refused() && child.is_finished());
        assert!(matches!(child.await, Err(JoinError::Cancelled)));
        closed.spawn_detached(async { unreachable!("it is polled") });
    });
}

#[test]
fn a_sibling_that_awaits_a_cancelled_child_is_told_and_goes_on() {
    run(|_| async {
        let told = scope(async |s| {
            let endless = s.spawn(pending::<()>());
            endless.abort();
            let sibling =
                s.spawn(async move { matches!(endless.await, Err(JoinError::Cancelled)) });
            sibling.await.expect("it ends")
        });
        assert!(told.await);
    });
}

#[test]
#[should_panic(expected = "polled after it gave its result")]
fn a_handle_that_is_polled_again_panics() {
    run(|_| async {
        scope(async |s| {
            let mut child = s.spawn(async {});
            assert!((&mut child).await.is_ok());
            drop((&mut child).await);
        })
        .await;
    });
}

#[test]
#[should_panic(expected = "the scope was polled after its result")]
fn a_scope_that_is_polled_again_panics() {
    let mut scope = pin!(scope(async |_s| {}));
    assert!(poll(scope.as_mut()).is_ready());
    let _ = poll(scope);
}

#[test]
fn another_waker_replaces_the_one_before() {
    let remote = Remote::default();
    let first = Arc::new(Wakes::default());
    let second = Arc::new(Wakes::default());
    let mut scope = pin!(local_scope(async |s| {
        let mut child = pin!(s.spawn(remote.operation()));
        assert!(first.poll(child.as_mut()).is_pending());
        assert!(second.poll(child.as_mut()).is_pending());
        pending::<()>().await;
    }));
    assert!(poll(scope.as_mut()).is_pending());
    remote.finish();
    assert!(poll(scope).is_pending());
    assert_eq!((first.count(), second.count()), (0, 1));
}

#[cfg(debug_assertions)]
#[test]
fn a_child_that_awaits_itself_panics_with_its_number_and_place() {
    run(|_| async {
        let own = Arc::new(trunnion_core::sync::Mutex::new(None));
        let raised = panics::caught(scope(async |s: Scope<'static>| {
            let inner = Arc::clone(&own);
            let child = s.spawn(async move {
                let own: Option<ScopeChild<'static, ()>> = inner.lock().take();
                let _never = own.expect("it was put there").await;
            });
            *own.lock() = Some(child);
        }));
        let text = panics::text(raised.await);
        assert!(
            text.contains("child 0 spawned at")
                && text.contains("handles.rs")
                && text.contains("awaits its own handle"),
            "{text}"
        );
    });
}
