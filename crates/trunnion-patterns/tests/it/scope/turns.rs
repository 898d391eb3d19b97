//! Who is polled, when, and in which order.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn, ready};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::Poll;

use trunnion_core::YieldOnce;
use trunnion_patterns::{Scope, group, local_scope, scope};

use crate::hand::{Remote, Wakes, poll};

#[test]
fn nothing_runs_before_the_scope_is_polled() {
    let ran = Cell::new(false);
    let never = local_scope(|s| {
        ran.set(true);
        s.spawn_detached(async { ran.set(true) });
        ready(())
    });
    drop(never);
    assert!(!ran.get());
}

#[test]
fn a_scope_without_children_ends_with_its_body() {
    let remote = Remote::default();
    let operation = remote.operation();
    let mut scope = pin!(local_scope(async |_s| operation.await));
    assert!(poll(scope.as_mut()).is_pending());
    remote.finish();
    assert_eq!(poll(scope), Poll::Ready("done"));
}

#[test]
fn the_end_of_the_body_waits_for_the_children() {
    let remote = Remote::default();
    let mut scope = pin!(local_scope(async |s| {
        s.spawn_detached(remote.operation());
        "body"
    }));
    assert!(poll(scope.as_mut()).is_pending());
    assert_eq!(remote.polls(), 1, "in the first poll");
    remote.finish();
    assert_eq!(poll(scope), Poll::Ready("body"));
    assert_eq!(remote.drops(), 1);
}

#[test]
fn a_child_does_not_run_in_the_call_that_spawns_it() {
    let order = RefCell::new(Vec::new());
    let scope = pin!(local_scope(async |s| {
        s.spawn_detached(async { order.borrow_mut().push("child") });
        order.borrow_mut().push("body");
    }));
    assert!(poll(scope).is_ready());
    assert_eq!(order.borrow()[..], ["body", "child"]);
}

#[test]
fn only_children_that_were_woken_are_polled_in_the_order_of_the_wakes() {
    let remotes: [Remote; 4] = Default::default();
    let order = RefCell::new(Vec::new());
    let mut scope = pin!(local_scope(async |s| {
        for (number, remote) in remotes.iter().enumerate() {
            let (order, operation) = (&order, remote.operation());
            s.spawn_detached(async move {
                operation.await;
                order.borrow_mut().push(number);
            });
        }
        pending::<()>().await;
    }));
    let wakes = Arc::new(Wakes::default());
    assert!(wakes.poll(scope.as_mut()).is_pending());
    for number in [3, 0, 2] {
        remotes[number].finish();
    }
    assert_eq!(wakes.count(), 1, "once for all");
    assert!(wakes.poll(scope.as_mut()).is_pending());
    assert_eq!(order.borrow()[..], [3, 0, 2]);
    assert_eq!(remotes.each_ref().map(Remote::polls), [2, 1, 2, 2]);
}

#[test]
fn children_go_on_while_the_body_awaits() {
    let count = Rc::new(Cell::new(0));
    let mut scope = pin!(local_scope(async |s| {
        for _ in 0..3 {
            let count = Rc::clone(&count);
            s.spawn_detached(async move {
                for _ in 0..4 {
                    YieldOnce::new().await;
                    count.set(count.get() + 1);
                }
            });
        }
        pending::<()>().await;
    }));
    for _ in 0..5 {
        assert!(poll(scope.as_mut()).is_pending());
    }
    assert_eq!(count.get(), 12);
}

#[test]
fn children_spawn_siblings_for_generations() {
    fn spawns<'env>(s: &Scope<'env>, left: u32, count: &'env AtomicU32) {
        let inner = s.clone();
        s.spawn_detached(async move {
            count.fetch_add(1, Relaxed);
            if left > 0 {
                spawns(&inner, left - 1, count);
                spawns(&inner, left - 1, count);
            }
        });
    }
    let count = AtomicU32::new(0);
    let mut scope = pin!(scope(async |s| spawns(&s, 9, &count)));
    let wakes = Arc::new(Wakes::default());
    let mut polls = 1;
    while wakes.poll(scope.as_mut()).is_pending() {
        assert_eq!(wakes.count(), polls, "it goes on by itself");
        polls += 1;
    }
    assert_eq!(count.load(Relaxed), 1023);
    assert_eq!(polls, 10, "the task gives way after each generation");
}

#[test]
fn a_child_that_is_always_woken_keeps_neither_task_nor_siblings_from_running() {
    let polls = Cell::new(0);
    let mut scope = pin!(local_scope(async |s| {
        let polls = &polls;
        s.spawn_detached(poll_fn(move |cx| {
            polls.set(polls.get() + 1);
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
        pending::<()>().await;
    }));
    for poll_number in 1..=3 {
        assert!(poll(scope.as_mut()).is_pending());
        assert_eq!(polls.get(), poll_number);
    }
}

#[test]
fn spawning_from_the_body_wakes_nobody() {
    let remote = Remote::default();
    let operation = remote.operation();
    let mut scope = pin!(local_scope(async |s| {
        operation.await;
        for _ in 0..3 {
            s.spawn_detached(ready(()));
        }
    }));
    let wakes = Arc::new(Wakes::default());
    assert!(wakes.poll(scope.as_mut()).is_pending());
    remote.finish();
    assert!(wakes.poll(scope.as_mut()).is_ready());
    assert_eq!(wakes.count(), 1);
}

#[test]
fn spawning_from_outside_wakes_the_scope_once() {
    let outside = Rc::new(RefCell::new(None));
    let mut scope = pin!(local_scope(async |s| {
        outside.replace(Some(s));
        pending::<()>().await;
    }));
    let (wakes, ran) = (Arc::new(Wakes::default()), Rc::new(Cell::new(0)));
    assert!(wakes.poll(scope.as_mut()).is_pending());
    for round in 1..=2 {
        for _ in 0..3 {
            let ran = Rc::clone(&ran);
            let outside = outside.borrow();
            outside
                .as_ref()
                .expect("it is there")
                .spawn_detached(async move { ran.set(ran.get() + 1) });
        }
        assert_eq!(wakes.count(), round);
        assert!(wakes.poll(scope.as_mut()).is_pending());
        assert_eq!(ran.get(), 3 * round);
    }
}

#[test]
fn a_scope_that_has_woken_its_task_is_woken_by_nobody_else_before_its_turn() {
    let outside = Rc::new(RefCell::new(None));
    let mut scope = pin!(local_scope(async |s| {
        s.spawn_detached(YieldOnce::new());
        outside.replace(Some(s));
        pending::<()>().await;
    }));
    let (wakes, ran) = (Arc::new(Wakes::default()), Rc::new(Cell::new(0)));
    let spawn = || {
        let ran = Rc::clone(&ran);
        let child = async move { ran.set(ran.get() + 1) };
        let outside = outside.borrow();
        outside.as_ref().expect("it is there").spawn_detached(child);
    };
    assert!(wakes.poll(scope.as_mut()).is_pending());
    spawn();
    assert_eq!(wakes.count(), 1, "it is the child that woke");
    assert!(wakes.poll(scope.as_mut()).is_pending());
    assert_eq!((ran.get(), wakes.count()), (1, 1));
    spawn();
    assert_eq!(wakes.count(), 2, "it was asleep");
    assert!(wakes.poll(scope.as_mut()).is_pending());
    assert_eq!(ran.get(), 2);
}

#[test]
fn children_from_outside_come_before_those_that_are_spawned_after_them() {
    let (order, outside) = (
        Rc::new(RefCell::new(Vec::new())),
        Rc::new(RefCell::new(None)),
    );
    let remote = Remote::default();
    let child = |name| {
        let order = Rc::clone(&order);
        async move { order.borrow_mut().push(name) }
    };
    let operation = remote.operation();
    let mut scope = pin!(local_scope(async |s| {
        outside.replace(Some(s.clone()));
        operation.await;
        s.spawn_detached(child("body"));
    }));
    assert!(poll(scope.as_mut()).is_pending());
    outside
        .take()
        .expect("it is there")
        .spawn_detached(child("outside"));
    remote.finish();
    assert!(poll(scope).is_ready());
    assert_eq!(order.borrow()[..], ["outside", "body"]);
}

#[test]
fn a_group_takes_borrowing_children_of_one_type() {
    let mut numbers = [1, 2, 3];
    drive(group(async |s| {
        for number in &mut numbers {
            s.spawn_detached(async move { *number *= 10 });
        }
    }));
    assert_eq!(numbers, [10, 20, 30]);
}

#[test]
fn places_are_used_again() {
    let mut scope = pin!(group(async |s| {
        for number in 0..1_000_u64 {
            let child = s.spawn(ready(number));
            assert_eq!(child.number(), number);
            assert_eq!(child.await.ok(), Some(number));
        }
    }));
    let wakes = Arc::new(Wakes::default());
    while wakes.poll(scope.as_mut()).is_pending() {}
}

#[test]
fn scopes_are_send_when_their_children_are() {
    fn is_send<T: Send + Sync>(_: &T) {}
    fn future_is_send<T: Send>(value: T) -> T {
        value
    }
    let number = 7;
    let scope = future_is_send(scope(async |s| {
        is_send(&s);
        let child = s.spawn(async { number });
        is_send(&child);
        child.await.unwrap_or(0)
    }));
    assert_eq!(drive(scope), 7);
    let group = future_is_send(group(async |s| {
        is_send(&s);
        let child = s.spawn(ready(number));
        is_send(&child);
        child.await.unwrap_or(0)
    }));
    assert_eq!(drive(group), 7);
}

/// Polls until it is ready.
fn drive<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
    }
}
