//! How scopes end: with their body, with its error, dropped, or forgotten.

use std::cell::RefCell;
use std::future::{Future, pending, ready};
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use trunnion_core::{JoinError, YieldOnce};
use trunnion_patterns::{LocalScope, SpawnError, group, local_scope, scope, try_scope};
use trunnion_sim::run;

use crate::hand::{Wakes, poll};
use crate::task_scope::{Census, Member};

#[test]
fn an_error_of_the_body_drops_the_children_before_it_is_given() {
    run(|_| async {
        let census = Census::default();
        let failed = try_scope(async |s| {
            for _ in 0..3 {
                drop(s.spawn(census.endless::<()>()));
            }
            YieldOnce::new().await;
            Err::<(), _>("body")
        });
        assert_eq!(failed.await, Err("body"));
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_value_of_the_body_waits_for_the_children() {
    run(|_| async {
        let mut ran = false;
        let value = try_scope(async |s| {
            s.spawn_detached(async {
                YieldOnce::new().await;
                ran = true;
            });
            Ok::<_, ()>(3)
        });
        assert_eq!(value.await, Ok(3));
        assert!(ran);
    });
}

/// Notes when it is dropped.
struct Note<'a>(&'a RefCell<Vec<&'static str>>, &'static str);

impl Drop for Note<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().push(self.1);
    }
}

/// Never ends.
async fn noted(note: Note<'_>) {
    let _note = note;
    pending::<()>().await;
}

#[test]
fn a_dropped_scope_drops_body_then_children_the_last_spawned_first() {
    let order = RefCell::new(Vec::new());
    {
        let mut scope = Box::pin(local_scope(async |s: LocalScope<'_>| {
            let _body = Note(&order, "body");
            let first = s.spawn(noted(Note(&order, "first")));
            s.spawn_detached(noted(Note(&order, "second")));
            YieldOnce::new().await;
            // The place of the first is used again: numbers, not places, say who came last.
            drop(first.cancel().await);
            s.spawn_detached(noted(Note(&order, "third")));
            let (inner, order) = (s.clone(), &order);
            s.spawn_detached(async move {
                let _note = Note(order, "fourth");
                inner.spawn_detached(noted(Note(order, "unpolled")));
                pending::<()>().await;
            });
            pending::<()>().await;
        }));
        for _ in 0..4 {
            assert!(poll(scope.as_mut()).is_pending());
        }
        assert_eq!(order.borrow()[..], ["first"]);
    }
    let expected = ["first", "body", "unpolled", "fourth", "third", "second"];
    assert_eq!(order.into_inner(), expected);
}

#[test]
fn handles_of_a_dropped_scope_read_cancelled_and_nobody_comes_in() {
    run(|_| async {
        let census = Census::default();
        let kept = RefCell::new(None);
        let mut dropped = Box::pin(local_scope(async |s: LocalScope<'static>| {
            kept.replace(Some((s.spawn(census.endless::<()>()), s.clone())));
            pending::<()>().await;
        }));
        assert!(poll(dropped.as_mut()).is_pending());
        drop(dropped);
        let (mut child, scope) = kept.take().expect("it was put there");
        assert_eq!(census.alive(), 0);
        assert!(child.is_finished());
        assert!(matches!((&mut child).await, Err(JoinError::Cancelled)));
        assert!(matches!(
            scope.try_spawn(ready(1)),
            Err(SpawnError::Closed(_))
        ));
    });
}

#[test]
fn who_awaits_a_child_of_a_dropped_scope_is_woken() {
    let kept = RefCell::new(None);
    let mut dropped = Box::pin(local_scope(async |s: LocalScope<'static>| {
        kept.replace(Some(s.spawn(pending::<()>())));
    }));
    assert!(poll(dropped.as_mut()).is_pending());
    let mut child = Box::pin(kept.take().expect("it was put there"));
    let wakes = Arc::new(Wakes::default());
    assert!(wakes.poll(child.as_mut()).is_pending());
    drop(dropped);
    assert_eq!(wakes.count(), 1);
    assert!(wakes.poll(child.as_mut()).is_ready());
}

#[test]
fn a_destructor_that_spawns_into_its_dropped_scope_is_refused() {
    struct Spawns(LocalScope<'static>, Rc<RefCell<Vec<bool>>>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            let refused = self.0.spawn(pending::<()>()).is_refused();
            self.1.borrow_mut().push(refused);
        }
    }

    let refused = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&refused);
    let mut scope = Box::pin(local_scope(async move |s: LocalScope<'static>| {
        let (in_child, in_body) = (Spawns(s.clone(), Rc::clone(&seen)), Spawns(s.clone(), seen));
        s.spawn_detached(async move {
            let _spawns = in_child;
            pending::<()>().await;
        });
        pending::<()>().await;
        drop(in_body);
    }));
    assert!(poll(scope.as_mut()).is_pending());
    drop(scope);
    assert_eq!(refused.borrow()[..], [true, true]);
}

#[test]
fn a_destructor_that_spawns_while_the_scope_runs_adds_a_child() {
    struct Spawns<'a>(LocalScope<'a>, &'a RefCell<Vec<&'static str>>);
    impl Drop for Spawns<'_> {
        fn drop(&mut self) {
            let order = self.1;
            self.0
                .spawn_detached(async move { order.borrow_mut().push("spawned") });
        }
    }

    let order = RefCell::new(Vec::new());
    let mut scope = Box::pin(local_scope(async |s: LocalScope<'_>| {
        let spawns = Spawns(s.clone(), &order);
        s.spawn_detached(async move { drop(spawns) });
        order.borrow_mut().push("body");
    }));
    while poll(scope.as_mut()).is_pending() {}
    drop(scope);
    assert_eq!(order.into_inner(), ["body", "spawned"]);
}

#[test]
fn a_forgotten_scope_runs_nothing_and_harms_nobody() {
    let census = Census::default();
    let kept = RefCell::new(None);
    let mut forgotten = Box::pin(local_scope(async |s: LocalScope<'static>| {
        let child = s.spawn(census.endless::<()>());
        kept.replace(Some((s, child)));
        pending::<()>().await;
    }));
    assert!(poll(forgotten.as_mut()).is_pending());
    #[expect(clippy::mem_forget, reason = "it is what the test is about")]
    mem::forget(forgotten);
    let (scope, child) = kept.take().expect("it was put there");
    let late = scope.spawn(async { unreachable!("nobody polls it") });
    child.abort();
    assert!(poll(std::pin::pin!(child)).is_pending());
    assert!(poll(std::pin::pin!(late)).is_pending());
    assert_eq!(census.alive(), 1, "it lies where it was");
}

#[test]
fn cycles_of_scopes_handles_and_children_leave_nothing() {
    let census = Census::default();
    for polls in 0..3 {
        let mut scope = Box::pin(scope(async |s| {
            let (own, member) = (s.clone(), census.join());
            let child = s.spawn(async move {
                let (_own, _member) = (own, member);
                YieldOnce::new().await;
                pending::<()>().await;
            });
            let member = census.join();
            s.spawn_detached(async move {
                let _member = member;
                drop(child.await);
            });
        }));
        for _ in 0..polls {
            assert!(poll(scope.as_mut()).is_pending());
        }
        drop(scope);
        assert_eq!(census.alive(), 0, "after {polls} polls");
    }
}

#[test]
fn a_value_that_nobody_took_goes_with_its_handle_or_its_child() {
    fn gives(census: &Census) -> impl Future<Output = Member> + use<> {
        let member = census.join();
        async move { member }
    }

    run(|_| async {
        let census = Census::default();
        let mut kept = Vec::new();
        group(async |s| {
            s.spawn_detached(gives(&census));
            drop(s.spawn(gives(&census)));
            kept.push(s.spawn(gives(&census)));
        })
        .await;
        assert_eq!(census.alive(), 1, "kept for the handle");
        drop(kept);
        assert_eq!(census.alive(), 0);
    });
}
