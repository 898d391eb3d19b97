//! The map as a stream.

use std::cell::Cell;
use std::future::pending;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures::stream::{self, FusedStream, Stream};
use trunnion_core::CancelToken;
use trunnion_patterns::{each, map_concurrent};

use super::{drops, limit, remotes, started};
use crate::hand::{Remote, poll};

#[test]
fn a_caller_that_finds_outputs_ready_still_starts_the_next_operations() {
    let remotes = remotes(4);
    remotes[0].finish();
    remotes[1].finish();
    let mut map = map_concurrent(limit(2), each(&remotes), Remote::operation).lazy_stream();
    assert!(poll(pin!(map.next())).is_ready());
    assert!(poll(pin!(map.next())).is_ready());
    assert_eq!(
        started(&remotes),
        4,
        "outputs that were given have left their places"
    );
}

#[test]
fn a_woken_operation_is_polled_though_others_are_always_ready() {
    let slow = Remote::default();
    let map = map_concurrent(limit(2), each(0..), |n| {
        let slow = (n == 0).then(|| slow.operation());
        async move {
            if let Some(slow) = slow {
                slow.await;
            }
            n
        }
    });
    let mut map = map.unordered().lazy_stream();
    assert_eq!(poll(pin!(map.next())), Poll::Ready(Some(1)));
    assert!(poll(pin!(map.next())).is_ready());
    slow.finish();
    let next: Vec<_> = (0..2).map(|_| poll(pin!(map.next()))).collect();
    assert!(next.contains(&Poll::Ready(Some(0))), "{next:?}");
}

#[test]
fn dropping_next_loses_nothing() {
    let (remotes, calls) = (remotes(3), Cell::new(0));
    let map = map_concurrent(limit(2), each(&remotes), |remote: &Remote| {
        calls.set(calls.get() + 1);
        remote.operation()
    });
    let mut map = map.lazy_stream();
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
fn m8_dropping_the_map_drops_what_runs_once() {
    let remotes = remotes(3);
    let mut map = map_concurrent(limit(2), each(&remotes), Remote::operation).lazy_stream();
    assert!(poll(pin!(map.next())).is_pending());
    drop(map);
    assert_eq!(drops(&remotes), [1, 1, 0]);
}

#[test]
fn the_end_stays_the_end_and_the_source_is_dropped_there() {
    let mut ended = false;
    // A stream that is not fused: it must not be polled after its end.
    let items = stream::poll_fn(move |_| {
        assert!(!ended, "polled after its end");
        ended = true;
        Poll::Ready(None::<u8>)
    });
    let mut map = map_concurrent(limit(2), items, |_| pending::<()>()).lazy_stream();
    assert!(!map.is_terminated());
    for _ in 0..3 {
        assert_eq!(poll(pin!(map.next())), Poll::Ready(None));
        assert!(map.is_terminated());
    }
}

#[test]
fn its_size_is_that_of_the_source_and_of_what_is_on_its_way() {
    let remotes = remotes(9);
    let map = || map_concurrent(limit(3), each(&remotes), Remote::operation);
    let mut stream = pin!(map().weigh(limit(2), |_| 1).lazy_stream());
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(stream.size_hint(), (9, Some(9)));
    assert!(stream.as_mut().poll_next(&mut cx).is_pending());
    assert_eq!(stream.size_hint(), (9, Some(9)), "two run, one is held");
    remotes.iter().for_each(Remote::finish);
    for left in (0..9).rev() {
        assert!(stream.as_mut().poll_next(&mut cx).is_ready());
        assert_eq!(stream.size_hint(), (left, Some(left)));
    }

    let endless = map_concurrent(limit(1), stream::repeat(1), |_| pending::<()>());
    assert_eq!(endless.lazy_stream().size_hint(), (usize::MAX, None));
    let token = CancelToken::new();
    let cut = map().cancel(token).lazy_stream();
    assert_eq!(cut.size_hint(), (0, Some(9)), "it may be cut short");
}
