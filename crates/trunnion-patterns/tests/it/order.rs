//! In which order futures are polled: what the documentation of each combinator states.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::task::{Poll, Waker};

use trunnion_patterns::{
    as_completed, each, gather, map_concurrent, race_ok, settle, timeout, try_gather,
};

use crate::hand::{HandClock, poll};

/// Notes who is polled, and lets each be woken.
#[derive(Default)]
struct Log {
    polled: RefCell<Vec<usize>>,
    wakers: RefCell<Vec<Option<Waker>>>,
}

impl Log {
    /// Waits for ever.
    fn child(&self, number: usize) -> impl Future<Output = Result<(), Infallible>> + '_ {
        poll_fn(move |cx| {
            self.polled.borrow_mut().push(number);
            let mut wakers = self.wakers.borrow_mut();
            if wakers.len() <= number {
                wakers.resize(number + 1, None);
            }
            wakers[number] = Some(cx.waker().clone());
            Poll::Pending
        })
    }

    fn wake(&self, number: usize) {
        let waker = self.wakers.borrow_mut()[number].take();
        waker.expect("it was polled").wake();
    }

    /// Who was polled since the last call.
    fn take(&self) -> Vec<usize> {
        self.polled.take()
    }
}

/// Polls, wakes the last before the first, and polls again.
fn two_rounds<F: Future>(log: &Log, mut future: Pin<&mut F>) -> [Vec<usize>; 2] {
    assert!(poll(future.as_mut()).is_pending());
    let first = log.take();
    log.wake(2);
    log.wake(0);
    assert!(poll(future).is_pending());
    [first, log.take()]
}

#[test]
fn futures_of_one_type_are_polled_in_order_and_then_in_the_order_of_the_wakes() {
    let log = Log::default();
    let three = || [0, 1, 2].map(|number| log.child(number));
    let expected = [vec![0, 1, 2], vec![2, 0]];
    assert_eq!(two_rounds(&log, pin!(gather(three()))), expected);
    assert_eq!(two_rounds(&log, pin!(gather(each(three())))), expected);
    assert_eq!(two_rounds(&log, pin!(try_gather(three()))), expected);
    assert_eq!(two_rounds(&log, pin!(settle(three()))), expected);
    let mut outputs = as_completed(three());
    assert_eq!(two_rounds(&log, pin!(outputs.next())), expected);
}

#[test]
fn a_tuple_is_polled_in_order_whenever_one_is_woken() {
    let log = Log::default();
    let expected = [vec![0, 1, 2], vec![0, 1, 2]];
    let three = || (log.child(0), log.child(1), log.child(2));
    assert_eq!(two_rounds(&log, pin!(gather(three()))), expected);
    assert_eq!(two_rounds(&log, pin!(try_gather(three()))), expected);
    assert_eq!(two_rounds(&log, pin!(settle(three()))), expected);
}

#[test]
fn a_race_goes_on_in_the_order_of_the_wakes_or_of_the_tuple() {
    let log = Log::default();
    let [_, woken] = two_rounds(&log, pin!(race_ok([0, 1, 2].map(|n| log.child(n)))));
    assert_eq!(woken, [2, 0]);
    let three = (log.child(0), log.child(1), log.child(2));
    let [first, again] = two_rounds(&log, pin!(race_ok(three)));
    assert_eq!(first, again, "it begins with the same one");
}

#[test]
fn operations_of_a_map_start_in_the_order_of_the_items() {
    let log = Log::default();
    let three = NonZeroUsize::new(3).expect("not zero");
    let map = map_concurrent(three, each(0..5), |number| log.child(number));
    assert!(poll(pin!(map.collect::<Vec<_>>())).is_pending());
    assert_eq!(log.take(), [0, 1, 2]);
}

#[test]
fn a_timeout_polls_its_future_before_it_looks_at_the_clock() {
    let (log, clock) = (Log::default(), HandClock::default());
    let second = std::time::Duration::from_secs(1);
    let looked = poll_fn(|_| {
        assert_eq!((clock.reads(), clock.timers_made()), (0, 0));
        log.polled.borrow_mut().push(0);
        Poll::<()>::Pending
    });
    assert!(poll(pin!(timeout(&clock, second, looked))).is_pending());
    assert_eq!((log.take(), clock.timers_made()), (vec![0], 1));
}
