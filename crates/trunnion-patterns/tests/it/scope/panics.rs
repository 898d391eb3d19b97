//! Panics of children, bodies and destructors.

use std::future::pending;
use std::panic::AssertUnwindSafe;

use trunnion_core::panic::catch;
use trunnion_core::{JoinError, YieldOnce};
use trunnion_patterns::{group, local_scope, scope, try_scope};
use trunnion_sim::run;

use crate::hand::poll;
use crate::task_scope::panics::{Bomb, caught, text};
use crate::task_scope::{Census, in_each_schedule};

#[test]
fn a_childs_panic_drops_body_and_siblings_and_is_raised_in_the_caller() {
    in_each_schedule(|rt| async move {
        let census = Census::default();
        let raised = caught(scope(async |s| {
            drop(s.spawn(census.endless::<()>()));
            drop(s.spawn(async {
                trunnion_core::YieldNow::yield_now(&rt).await;
                panic!("boom")
            }));
            s.spawn_detached(census.endless::<()>());
            census.endless::<()>().await
        }));
        assert_eq!(text(raised.await), "boom");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_bodys_panic_drops_the_children_and_is_raised() {
    run(|_| async {
        let census = Census::default();
        let raised = caught(scope(async |s| {
            drop(s.spawn(census.endless::<()>()));
            YieldOnce::new().await;
            panic!("body")
        }));
        assert_eq!(text::<()>(raised.await), "body");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_closure_that_panics_before_there_is_a_body_is_raised() {
    run(|_| async {
        let raised = caught(scope(|_s| -> std::future::Ready<()> { panic!("closure") }));
        assert_eq!(text(raised.await), "closure");
    });
}

#[test]
fn the_first_panic_is_raised_and_those_of_destructors_spare_the_others() {
    run(|_| async {
        let census = Census::default();
        let raised = caught(scope(async |s| {
            let _body = Bomb("of the body");
            for _ in 0..2 {
                let bomb = Bomb("of a child");
                s.spawn_detached(async move {
                    let _bomb = &bomb;
                    pending::<()>().await;
                });
                s.spawn_detached(census.endless::<()>());
            }
            s.spawn_detached(async { panic!("first") });
            pending::<()>().await;
        }));
        assert_eq!(text(raised.await), "first");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_destructors_panic_after_the_value_is_the_childs() {
    run(|_| async {
        let seen = std::cell::RefCell::new(None);
        let raised = caught(scope(async |s| {
            let bomb = Bomb("late");
            let child = s.spawn(std::future::poll_fn(move |_| {
                let _bomb = &bomb;
                std::task::Poll::Ready(1)
            }));
            seen.replace(Some(child));
            pending::<()>().await;
        }));
        assert_eq!(text(raised.await), "late");
        let child = seen.take().expect("it is there");
        assert!(
            matches!(child.await, Err(JoinError::Panicked(text)) if text.message() == Some("late"))
        );
    });
}

#[test]
fn a_destructors_panic_and_one_of_the_value_do_not_abort_and_the_first_is_raised() {
    run(|_| async {
        let raised = caught(scope(async |s| {
            let bomb = Bomb("late");
            s.spawn_detached(std::future::poll_fn(move |_| {
                let _bomb = &bomb;
                std::task::Poll::Ready(Bomb("of the value"))
            }));
        }));
        // In a box the child drops what nobody wants before it is dropped itself.
        assert_eq!(text(raised.await), "of the value");
        let raised = caught(group(async |s| {
            let bomb = Bomb("late");
            s.spawn_detached(std::future::poll_fn(move |_| {
                let _bomb = &bomb;
                std::task::Poll::Ready(Bomb("of the value"))
            }));
        }));
        assert_eq!(text(raised.await), "late");
    });
}

#[test]
fn only_the_handle_of_the_child_that_panicked_has_the_text() {
    run(|_| async {
        for panics in 0..=3 {
            let mut handles = Vec::new();
            let raised = caught(local_scope(async |s| {
                handles.extend((0..3).map(|number| {
                    s.spawn(async move {
                        assert_ne!(number, panics, "boom");
                        pending::<()>().await;
                    })
                }));
                // One without a handle is the last.
                s.spawn_detached(async move { assert_ne!(3, panics, "boom") });
                pending::<()>().await;
            }));
            assert!(text(raised.await).contains("boom"));
            for (number, child) in handles.into_iter().enumerate() {
                match child.await {
                    Err(JoinError::Panicked(_)) => assert_eq!(number, panics),
                    Err(JoinError::Cancelled) => assert_ne!(number, panics),
                    other => panic!("{other:?}"),
                }
            }
        }
    });
}

#[test]
fn the_handle_of_a_child_that_panicked_has_the_text() {
    run(|_| async {
        let kept = std::cell::RefCell::new(None);
        let raised = caught(local_scope(async |s| {
            kept.replace(Some(s.spawn(async { panic!("boom") })));
            pending::<()>().await;
        }));
        assert_eq!(text(raised.await), "boom");
        let child: trunnion_patterns::LocalScopeChild<'_, ()> = kept.take().expect("it is there");
        let joined = child.await;
        assert!(matches!(joined, Err(JoinError::Panicked(copy)) if copy.message() == Some("boom")));
    });
}

#[test]
fn a_cancelled_child_whose_destructor_panics_is_raised_and_spares_the_others() {
    run(|_| async {
        let census = Census::default();
        let raised = caught(scope(async |s| {
            let bomb = Bomb("cancelled");
            let child = s.spawn(async move {
                let _bomb = &bomb;
                pending::<()>().await;
            });
            s.spawn_detached(census.endless::<()>());
            YieldOnce::new().await;
            drop(child.cancel().await);
        }));
        assert_eq!(text(raised.await), "cancelled");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_dropped_scope_contains_what_destructors_panic_with() {
    let census = Census::default();
    let mut scope = Box::pin(scope(async |s| {
        let _body = Bomb("of the body");
        for _ in 0..2 {
            let bomb = Bomb("of a child");
            drop(s.spawn(async move {
                let _bomb = &bomb;
                pending::<()>().await;
            }));
            drop(s.spawn(census.endless::<()>()));
        }
        pending::<()>().await;
    }));
    assert!(poll(scope.as_mut()).is_pending());
    assert!(catch(AssertUnwindSafe(|| drop(scope))).is_ok());
    assert_eq!(census.alive(), 0);
}

#[test]
fn a_scope_that_is_dropped_by_a_panic_of_its_caller_does_not_abort() {
    let census = Census::default();
    let raised = catch(AssertUnwindSafe(|| {
        let mut scope = Box::pin(scope(async |s| {
            let bomb = Bomb("of a child");
            s.spawn_detached(async move {
                let _bomb = &bomb;
                pending::<()>().await;
            });
            s.spawn_detached(census.endless::<()>());
        }));
        assert!(poll(scope.as_mut()).is_pending());
        panic!("of the caller");
    }));
    assert_eq!(text::<()>(raised), "of the caller");
    assert_eq!(census.alive(), 0);
}

#[test]
fn a_value_whose_destructor_panics_is_raised_when_nobody_takes_it() {
    run(|_| async {
        let census = Census::default();
        let raised = caught(group(async |s| {
            s.spawn_detached(std::future::ready(Bomb("value")));
            census.endless::<()>().await
        }));
        assert_eq!(text(raised.await), "value");
        let raised = caught(scope(async |s| {
            s.spawn_detached(std::future::ready(Bomb("value")));
            census.endless::<()>().await
        }));
        assert_eq!(text(raised.await), "value");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_panic_outweighs_the_bodys_error() {
    run(|_| async {
        let raised = caught(try_scope(async |s| {
            let bomb = Bomb("cleanup");
            s.spawn_detached(async move {
                let _bomb = &bomb;
                pending::<()>().await;
            });
            YieldOnce::new().await;
            Err::<(), _>("error")
        }));
        assert_eq!(text(raised.await), "cleanup");
    });
}

#[test]
fn a_scope_that_panicked_is_closed() {
    run(|_| async {
        let kept = std::cell::RefCell::new(None);
        let raised = caught(local_scope(async |s| {
            kept.replace(Some(s.clone()));
            s.spawn_detached(async { panic!("boom") });
        }));
        assert_eq!(text(raised.await), "boom");
        let scope: trunnion_patterns::LocalScope<'_> = kept.take().expect("it is there");
        assert!(scope.spawn(pending::<()>()).is_refused());
    });
}
