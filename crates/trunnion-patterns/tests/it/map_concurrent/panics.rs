//! Panics of the source, of `op`, of operations, of bodies and of destructors.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;

use futures::stream;
use trunnion_patterns::{each, map_concurrent};

use super::{limit, remotes};
use crate::hand::{Remote, poll};

fn panics<F: Future>(future: Pin<&mut F>) -> bool {
    catch_unwind(AssertUnwindSafe(|| poll(future))).is_err()
}

/// Polls until it panics, which is to leave nobody behind, though the future is still there.
fn nobody_is_left<F: Future>(waiting: &Remote, future: F) {
    let mut future = pin!(future);
    assert!(panics(future.as_mut()));
    assert_eq!(waiting.drops(), 1, "dropped before the panic goes on");
}

#[test]
fn a_panic_of_an_operation_at_its_start_or_later_drops_the_others() {
    for later in [false, true] {
        let (waiting, panicking) = (Remote::default(), Remote::default());
        let map = map_concurrent(limit(2), each([&waiting, &panicking]), |remote| {
            let waits = std::ptr::eq(remote, &raw const waiting);
            let operation = (waits || later).then(|| remote.operation());
            async move {
                if let Some(operation) = operation {
                    operation.await;
                }
                assert!(waits, "no luck");
            }
        });
        let mut outputs = pin!(map.collect::<()>());
        if later {
            assert!(poll(outputs.as_mut()).is_pending());
            panicking.finish();
        }
        nobody_is_left(&waiting, outputs);
    }
}

#[test]
fn a_panic_of_the_source_or_of_op_drops_the_others() {
    let waiting = Remote::default();
    let items = stream::iter([1, 2]).inspect_panics();
    nobody_is_left(
        &waiting,
        map_concurrent(limit(2), items, |_| waiting.operation()).collect::<Vec<_>>(),
    );
    let waiting = Remote::default();
    let map = map_concurrent(limit(2), each([1, 2]), |n| {
        assert_eq!(n, 1, "no luck");
        waiting.operation()
    });
    nobody_is_left(&waiting, map.pump(async |mut outputs| outputs.next().await));
}

/// Panics at the second item.
trait InspectPanics: stream::Stream<Item = i32> + Sized {
    fn inspect_panics(self) -> impl stream::Stream<Item = i32> {
        stream::StreamExt::inspect(self, |n| assert_eq!(*n, 1, "no luck"))
    }
}

impl<S: stream::Stream<Item = i32>> InspectPanics for S {}

/// Has no room.
#[derive(Default)]
struct Full;
impl<T> Extend<T> for Full {
    fn extend<I: IntoIterator<Item = T>>(&mut self, outputs: I) {
        assert_eq!(outputs.into_iter().count(), 0, "no luck");
    }
}

#[test]
fn a_panic_of_the_body_or_of_a_collection_drops_what_runs() {
    let waiting = Remote::default();
    let map = map_concurrent(limit(2), each([false, true]), |waits| {
        let operation = waits.then(|| waiting.operation());
        async move {
            if let Some(operation) = operation {
                operation.await;
            }
        }
    });
    nobody_is_left(&waiting, map.for_each(async |()| panic!("no luck")));

    let waiting = Remote::default();
    let map = map_concurrent(limit(2), each([false, true]), |waits| {
        let operation = waits.then(|| waiting.operation());
        async move {
            if let Some(operation) = operation {
                operation.await;
            }
        }
    });
    nobody_is_left(&waiting, map.unordered().collect::<Full>());
}

#[test]
fn a_panic_leaves_a_stream_that_has_ended() {
    let remotes = remotes(1);
    let map = map_concurrent(limit(3), each(0..3), |n| {
        let operation = (n == 1).then(|| remotes[0].operation());
        async move {
            if let Some(operation) = operation {
                operation.await;
            }
            assert!(n < 2, "no luck");
            n
        }
    });
    let mut map = map.lazy_stream();
    assert!(panics(pin!(map.next())));
    assert_eq!(remotes[0].drops(), 1);
    assert_eq!(
        poll(pin!(map.next())),
        Poll::Ready(Some(0)),
        "what was ready"
    );
    assert_eq!(poll(pin!(map.next())), Poll::Ready(None));
    assert_eq!(poll(pin!(map.next())), Poll::Ready(None));
}

#[test]
fn destructors_that_panic_keep_no_other_from_being_dropped() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("no luck");
        }
    }
    let remotes = remotes(3);
    let map = map_concurrent(limit(3), each(0..3), |n| {
        let (operation, bomb) = (remotes[n].operation(), (n > 0).then(|| Bomb));
        async move {
            let _bomb = bomb;
            operation.await;
        }
    });
    let mut outputs = Box::pin(map.collect::<()>());
    assert!(poll(outputs.as_mut()).is_pending());
    let _ = catch_unwind(AssertUnwindSafe(|| drop(outputs)));
    assert_eq!(super::drops(&remotes), [1; 3]);
}

#[test]
fn polling_after_the_result_is_refused() {
    let map = || map_concurrent(limit(2), each([1]), std::future::ready);
    let mut outputs = pin!(map().collect::<Vec<_>>());
    assert!(poll(outputs.as_mut()).is_ready());
    assert!(panics(outputs.as_mut()));
    let mut pump = pin!(map().pump(async |_| ()));
    assert!(poll(pump.as_mut()).is_ready());
    assert!(panics(pump.as_mut()));
}
