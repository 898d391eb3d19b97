//! What one failure means.

use std::cell::Cell;
use std::future::{Future, pending, ready};
use std::pin::pin;
use std::task::Poll;

use futures::stream;
use trunnion_patterns::{each, map_concurrent};

use super::{drops, limit, remotes, started};
use crate::hand::{Remote, poll};

/// Waits for the remote, and fails where the number is odd.
fn result(remote: &Remote, number: usize) -> impl Future<Output = Result<usize, usize>> {
    let operation = remote.operation();
    async move {
        operation.await;
        if number % 2 == 0 {
            Ok(number)
        } else {
            Err(number)
        }
    }
}

#[test]
fn m7_nothing_new_starts_once_the_first_error_is_known_and_what_runs_is_gone() {
    for ordered in [true, false] {
        let (remotes, polls) = (remotes(9), Cell::new(0));
        let items = stream::poll_fn(|_| {
            polls.set(polls.get() + 1);
            Poll::Ready(Some(polls.get() - 1))
        });
        let map = map_concurrent(limit(4), items, |n: usize| result(&remotes[n], n));
        let map = if ordered { map } else { map.unordered() };
        let mut outputs = pin!(map.try_collect::<_, _, Vec<_>>());
        assert!(poll(outputs.as_mut()).is_pending());
        // A place becomes free in the same moment.
        for n in [0, 1] {
            remotes[n].finish();
        }
        let Poll::Ready(Err(errors)) = poll(outputs.as_mut()) else {
            panic!("one has failed");
        };
        assert_eq!((errors.first, errors.rest.len()), (1, 0));
        assert_eq!((started(&remotes), polls.get()), (4, 4));
        assert_eq!(drops(&remotes[..4]), [1; 4]);
    }
}

#[test]
fn errors_that_are_ready_in_the_same_moment_are_kept_beside_the_first() {
    let remotes = remotes(6);
    let items = remotes.iter().enumerate();
    let map = map_concurrent(limit(6), each(items), |(n, remote)| result(remote, n));
    let mut outputs = pin!(map.try_collect::<_, _, Vec<_>>());
    assert!(poll(outputs.as_mut()).is_pending());
    for n in [3, 4, 1] {
        remotes[n].finish();
    }
    let Poll::Ready(Err(errors)) = poll(outputs.as_mut()) else {
        panic!("two have failed");
    };
    assert_eq!((errors.first, errors.rest), (3, vec![1]));
    assert_eq!(drops(&remotes), [1; 6]);
}

#[test]
fn an_operation_that_fails_at_once_lets_no_other_start() {
    let calls = Cell::new(0);
    let map = map_concurrent(limit(9), each(0..9), |n| {
        calls.set(calls.get() + 1);
        ready(if n == 2 { Err(n) } else { Ok(n) })
    });
    let Poll::Ready(Err(errors)) = poll(pin!(map.try_collect::<_, _, Vec<_>>())) else {
        panic!("one has failed");
    };
    assert_eq!((errors.first, calls.get()), (2, 3));
}

#[test]
fn values_without_an_error_are_all_there() {
    let map = || map_concurrent(limit(2), each(0..5_u32), |n| ready(Ok::<_, u8>(n)));
    let Poll::Ready(Ok(values)) = poll(pin!(map().try_collect::<_, _, Vec<_>>())) else {
        panic!("all succeed");
    };
    assert_eq!(values, [0, 1, 2, 3, 4]);
    let sum = poll(pin!(map().try_fold(0, async |sum, n| Ok(sum + n))));
    assert_eq!(sum, Poll::Ready(Ok(10)));
}

#[test]
fn m7_settle_runs_all_and_names_the_item_of_each_error() {
    let (remotes, order) = (remotes(4), [3, 0, 1, 2]);
    let items = remotes.iter().enumerate();
    let map = map_concurrent(limit(4), each(items), |(n, remote)| result(remote, n));
    let mut settled = pin!(map.unordered().settle::<_, _, Vec<_>>());
    for n in order {
        assert!(poll(settled.as_mut()).is_pending());
        remotes[n].finish();
    }
    let Poll::Ready(settled) = poll(settled) else {
        panic!("all have ended");
    };
    assert_eq!(
        (settled.values, settled.errors),
        (vec![0, 2], vec![(3, 3), (1, 1)])
    );
}

#[test]
fn an_error_ends_a_body_that_waits_for_something_else() {
    let (remotes, body) = (remotes(4), Remote::default());
    let items = remotes.iter().enumerate();
    let map = map_concurrent(limit(2), each(items), |(n, remote)| result(remote, n));
    let waits = body.operation();
    let mut pump = pin!(map.try_pump(async move |mut values| {
        let first = values.next().await;
        waits.await;
        Ok(first)
    }));
    remotes[0].finish();
    assert!(poll(pump.as_mut()).is_pending());
    assert_eq!((started(&remotes), body.drops()), (3, 0));
    remotes[1].finish();
    let Poll::Ready(Err(errors)) = poll(pump.as_mut()) else {
        panic!("one has failed");
    };
    assert_eq!(errors.first, 1);
    assert_eq!((drops(&remotes[..3]), body.drops()), (vec![1; 3], 1));
}

#[test]
fn an_error_of_the_body_ends_the_operations() {
    let remote = Remote::default();
    let map = map_concurrent(limit(2), each([false, true]), |waits| {
        let operation = remote.operation();
        async move {
            if waits {
                operation.await;
            }
            Ok(())
        }
    });
    let tried = map.try_for_each(async |()| Err("no luck"));
    let Poll::Ready(Err(errors)) = poll(pin!(tried)) else {
        panic!("the body fails");
    };
    assert_eq!(errors.first, "no luck");
    assert_eq!(remote.drops(), 2);
    let map = map_concurrent(limit(2), each([1]), |_| pending::<Result<(), ()>>());
    assert!(poll(pin!(map.try_for_each(async |()| Ok(())))).is_pending());
}
