//! Maps that somebody cancels.

use std::cell::Cell;
use std::future::{pending, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use trunnion_core::{CancelKind, CancelToken};
use trunnion_patterns::{each, map_concurrent};

use super::{drops, limit, remotes, started};
use crate::hand::{Remote, Wakes, poll};

#[test]
fn cancelling_drops_what_runs_and_keeps_what_is_ready() {
    let (remotes, token) = (remotes(6), CancelToken::new());
    let wakes = Arc::new(Wakes::default());
    let map = map_concurrent(limit(3), each(&remotes), Remote::operation);
    let mut outputs = pin!(map.cancel(token.clone()).collect::<Vec<_>>());
    assert!(wakes.poll(outputs.as_mut()).is_pending());
    // Behind an operation that will not end, and ready in the moment of the cancellation.
    remotes[1].finish();
    let before = wakes.count();
    token.cancel_with(CancelKind::Shutdown);
    assert!(wakes.count() >= before);
    let Poll::Ready(Err(cut)) = wakes.poll(outputs.as_mut()) else {
        panic!("it is cancelled");
    };
    assert_eq!(
        (cut.so_far, cut.reason.kind()),
        (vec!["done"], CancelKind::Shutdown)
    );
    assert_eq!((started(&remotes), drops(&remotes[..3])), (3, vec![1; 3]));
}

#[test]
fn a_cancellation_wakes_the_task_that_waits() {
    let (token, wakes) = (CancelToken::new(), Arc::new(Wakes::default()));
    let map = map_concurrent(limit(3), each([1]), |_| pending::<()>());
    let mut outputs = pin!(map.cancel(token.clone()).collect::<Vec<_>>());
    assert!(wakes.poll(outputs.as_mut()).is_pending());
    token.cancel();
    assert_eq!(wakes.count(), 1);
    assert!(matches!(wakes.poll(outputs), Poll::Ready(Err(cut)) if cut.so_far.is_empty()));
}

#[test]
fn draining_starts_nothing_and_lets_what_runs_end() {
    let (remotes, token) = (remotes(6), CancelToken::new());
    let map = map_concurrent(limit(3), each(&remotes), Remote::operation);
    let mut outputs = pin!(map.drain(token.clone()).collect::<Vec<_>>());
    assert!(poll(outputs.as_mut()).is_pending());
    token.cancel();
    remotes[0].finish();
    assert!(poll(outputs.as_mut()).is_pending());
    assert_eq!(
        (started(&remotes), drops(&remotes[..3])),
        (3, vec![1, 0, 0])
    );
    remotes[2].finish();
    remotes[1].finish();
    assert!(matches!(poll(outputs), Poll::Ready(Err(cut)) if cut.so_far.len() == 3));
}

#[test]
fn what_is_cancelled_before_it_starts_takes_no_item() {
    let token = CancelToken::new();
    token.cancel();
    let calls = Cell::new(0);
    let map = || {
        map_concurrent(limit(3), each(0..9), |n| {
            calls.set(calls.get() + 1);
            ready(n)
        })
    };
    for drains in [false, true] {
        let map = if drains {
            map().drain(token.clone())
        } else {
            map().cancel(token.clone())
        };
        let cut = poll(pin!(map.collect::<Vec<_>>()));
        assert!(matches!(cut, Poll::Ready(Err(cut)) if cut.so_far.is_empty()));
    }
    assert_eq!(calls.get(), 0);
}

#[test]
fn a_map_that_ends_before_the_cancellation_is_whole() {
    let token = CancelToken::new();
    let map = map_concurrent(limit(3), each(0..3), ready).cancel(token.clone());
    let Poll::Ready(Ok(all)) = poll(pin!(map.collect::<Vec<_>>())) else {
        panic!("nobody cancels it");
    };
    assert_eq!(all, [0, 1, 2]);
}

#[test]
fn bodies_are_told_why_and_results_keep_what_there_was() {
    let token = CancelToken::new();
    let map = || map_concurrent(limit(1), each(1..9), |n| ready(Ok::<_, u8>(n)));
    let cancelling = |n: i32| {
        if n == 3 {
            token.cancel_with(CancelKind::Custom(3));
        }
    };
    let folded = map().cancel(token.clone()).try_fold(0, async |sum, n| {
        cancelling(n);
        Ok(sum + n)
    });
    let Poll::Ready(Err(cut)) = poll(pin!(folded)) else {
        panic!("it is cancelled");
    };
    assert_eq!((cut.so_far, cut.reason.kind()), (6, CancelKind::Custom(3)));
    assert_eq!(cut.to_string(), "cancelled: reason 3");

    let reason = map().cancel(token.clone()).pump(async |mut outputs| {
        while outputs.next().await.is_some() {}
        outputs.reason()
    });
    let Poll::Ready(Some(reason)) = poll(pin!(reason)) else {
        panic!("it is cancelled");
    };
    assert_eq!(reason.kind(), CancelKind::Custom(3));
    let done = map().drain(token.clone()).for_each(async |_| {});
    assert!(matches!(poll(pin!(done)), Poll::Ready(Err(_))));
    let tried = map().drain(token).try_for_each(async |_| Ok(()));
    assert!(matches!(poll(pin!(tried)), Poll::Ready(Err(_))));
}

#[test]
fn an_error_comes_before_a_cancellation_of_the_same_moment() {
    let (token, remote) = (CancelToken::new(), Remote::default());
    let map = map_concurrent(limit(1), each([1]), |_| {
        let operation = remote.operation();
        async { Err::<(), _>(operation.await) }
    });
    let mut outputs = pin!(map.cancel(token.clone()).try_collect::<_, _, ()>());
    assert!(poll(outputs.as_mut()).is_pending());
    token.cancel();
    remote.finish();
    assert!(matches!(poll(outputs), Poll::Ready(Ok(Err(errors))) if errors.first == "done"));
}
