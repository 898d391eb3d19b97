//! Maps with bounded concurrency.

use std::cell::{Cell, RefCell};
use std::future::{pending, ready};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use trunnion_patterns::map_concurrent;

use crate::hand::{Remote, Wakes, poll};

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("tests use limits above zero")
}

fn remotes(n: usize) -> Vec<Remote> {
    (0..n).map(|_| Remote::default()).collect()
}

fn started(remotes: &[Remote]) -> usize {
    remotes.iter().filter(|remote| remote.polls() > 0).count()
}

#[test]
fn outputs_come_in_the_order_of_the_items() {
    let remotes = remotes(3);
    let items = remotes.iter().enumerate();
    let mut map = map_concurrent(limit(3), items, |(n, remote)| {
        let operation = remote.operation();
        async move {
            operation.await;
            n
        }
    });
    assert!(poll(pin!(map.next())).is_pending());
    remotes[2].finish();
    remotes[1].finish();
    assert!(
        poll(pin!(map.next())).is_pending(),
        "the first is not ready"
    );
    remotes[0].finish();
    for n in 0..3 {
        assert_eq!(poll(pin!(map.next())), Poll::Ready(Some(n)));
    }
    assert_eq!(poll(pin!(map.next())), Poll::Ready(None));
    assert_eq!(
        poll(pin!(map.next())),
        Poll::Ready(None),
        "the end stays the end"
    );
}

#[test]
fn no_more_than_the_limit_are_started_though_outputs_wait_for_their_turn() {
    let remotes = remotes(5);
    let mut map = map_concurrent(limit(2), &remotes, Remote::operation);
    assert!(poll(pin!(map.next())).is_pending());
    assert_eq!(started(&remotes), 2);
    remotes[1].finish();
    assert!(poll(pin!(map.next())).is_pending());
    assert_eq!(started(&remotes), 2, "a waiting output keeps its place");
    remotes[0].finish();
    assert!(poll(pin!(map.next())).is_ready());
    assert!(poll(pin!(map.next())).is_ready());
    assert_eq!(
        started(&remotes),
        3,
        "the place that `next` gave free was filled"
    );
}

#[test]
fn items_are_taken_only_when_there_is_room() {
    let taken = Cell::new(0);
    let items = (0..100).inspect(|_| taken.set(taken.get() + 1));
    let mut map = map_concurrent(limit(4), items, |_| pending::<()>());
    assert_eq!(taken.get(), 0);
    assert!(poll(pin!(map.next())).is_pending());
    assert!(poll(pin!(map.next())).is_pending());
    assert_eq!(taken.get(), 4);
}

#[test]
fn a_caller_that_finds_outputs_ready_still_starts_the_next_operations() {
    let remotes = remotes(4);
    remotes[0].finish();
    remotes[1].finish();
    let mut map = map_concurrent(limit(2), &remotes, Remote::operation);
    assert!(poll(pin!(map.next())).is_ready());
    assert!(poll(pin!(map.next())).is_ready());
    assert_eq!(started(&remotes), 3);
}

#[test]
fn dropping_next_loses_nothing() {
    let remotes = remotes(3);
    let calls = Cell::new(0);
    let mut map = map_concurrent(limit(2), &remotes, |remote: &Remote| {
        calls.set(calls.get() + 1);
        remote.operation()
    });
    for _ in 0..5 {
        let mut next = Box::pin(map.next());
        assert!(poll(next.as_mut()).is_pending());
        drop(next);
    }
    assert_eq!((calls.get(), remotes[0].drops()), (2, 0));
    for remote in &remotes {
        remote.finish();
        assert_eq!(poll(pin!(map.next())), Poll::Ready(Some("done")));
    }
    assert_eq!(calls.get(), 3, "each item once");
}

#[test]
fn dropping_the_map_drops_what_runs() {
    let remotes = remotes(3);
    let mut map = map_concurrent(limit(2), &remotes, Remote::operation);
    assert!(poll(pin!(map.next())).is_pending());
    drop(map);
    assert_eq!(
        remotes.iter().map(Remote::drops).collect::<Vec<_>>(),
        [1, 1, 0]
    );
}

#[test]
fn an_operation_is_dropped_when_it_ends_not_when_its_turn_comes() {
    let remotes = remotes(2);
    let mut map = map_concurrent(limit(2), &remotes, Remote::operation);
    assert!(poll(pin!(map.next())).is_pending());
    remotes[1].finish();
    assert!(poll(pin!(map.next())).is_pending());
    assert_eq!((remotes[0].drops(), remotes[1].drops()), (0, 1));
}

#[test]
fn any_running_operation_wakes_the_task() {
    let remotes = remotes(3);
    let wakes = Arc::new(Wakes::default());
    let mut map = map_concurrent(limit(3), &remotes, Remote::operation);
    assert!(wakes.poll(pin!(map.next())).is_pending());
    remotes[2].finish();
    assert_eq!(wakes.count(), 1);
    remotes[0].finish();
    assert_eq!(wakes.count(), 2);
}

#[test]
fn an_empty_map_ends_at_once() {
    let mut map = map_concurrent(limit(2), Vec::<u32>::new(), ready);
    assert_eq!(poll(pin!(map.next())), Poll::Ready(None));
}

#[test]
fn a_limit_without_bounds_starts_everything() {
    let remotes = remotes(50);
    let mut map = map_concurrent(NonZeroUsize::MAX, &remotes, Remote::operation);
    assert!(poll(pin!(map.next())).is_pending());
    assert_eq!(started(&remotes), 50);
}

#[test]
fn collect_gathers_in_order_and_dropping_it_drops_what_runs() {
    let outputs = map_concurrent(limit(2), 0..5, ready).collect::<Vec<_>>();
    assert_eq!(poll(pin!(outputs)), Poll::Ready(vec![0, 1, 2, 3, 4]));

    let remotes = remotes(3);
    remotes[0].finish();
    let mut outputs =
        Box::pin(map_concurrent(limit(2), &remotes, Remote::operation).collect::<Vec<_>>());
    assert!(poll(outputs.as_mut()).is_pending());
    drop(outputs);
    assert_eq!(
        remotes.iter().map(Remote::drops).collect::<Vec<_>>(),
        [1, 1, 1]
    );
}

#[test]
fn operations_may_borrow_and_need_not_be_send() {
    let log = RefCell::new(Vec::new());
    let all = map_concurrent(limit(3), 0..3, |n| {
        let log = &log;
        async move { log.borrow_mut().push(n) }
    });
    assert!(poll(pin!(all.collect::<Vec<()>>())).is_ready());
    assert_eq!(log.into_inner(), [0, 1, 2]);
}

#[test]
fn a_panic_reaches_the_caller_and_dropping_the_map_then_drops_the_others() {
    let remote = Remote::default();
    let mut map = map_concurrent(limit(2), [false, true], |panics| {
        let operation = remote.operation();
        async move {
            assert!(!panics, "no luck");
            operation.await
        }
    });
    let caught = catch_unwind(AssertUnwindSafe(|| poll(pin!(map.next()))));
    assert!(caught.is_err());
    drop(map);
    assert_eq!(remote.drops(), 2);
}

#[test]
fn it_is_send_when_its_parts_are() {
    fn spawnable<T: Send + 'static>(_: &T) {}
    spawnable(&async {
        let mut map = map_concurrent(limit(2), 0..3, |n| async move { n });
        while map.next().await.is_some() {}
    });
}
