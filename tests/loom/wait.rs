//! The wait queue of core.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use trunnion_core::CancelToken;
use trunnion_core::sync::thread;
use trunnion_core::wait::{Locked, Shared, WaitQueue, Waiter, Wakers};

use crate::harness::model;
use crate::payload::Payload;
use crate::waker::{Callback, Dropped, Signal, assert_released, poll};

/// Places of which each notified waiter gets one.
#[derive(Default)]
struct Places {
    free: usize,
    open: bool,
}

impl Shared for Places {
    type Value = ();
    type Open = ();

    fn pass_on(queue: &mut Locked<'_, Self>, (): (), wakers: &mut Wakers) {
        if !queue.wake_front(wakers) {
            queue.shared().free += 1;
        }
    }
}

fn is_open(queue: &mut Locked<'_, Places>) -> bool {
    queue.shared().open
}

/// A place is given back while the first of two waiters leaves: the second gets it either way; and a waker may look at the
/// queue that wakes it, or drops it.
#[test]
fn a_notified_waiter_that_is_dropped_hands_over() {
    model("wait::a_notified_waiter_that_is_dropped_hands_over", || {
        let queue = Arc::new(WaitQueue::new(Places::default()));
        let woken = Arc::new(AtomicUsize::new(0));
        let waker = {
            let (queue, woken) = (Arc::clone(&queue), Arc::clone(&woken));
            Waker::from(Arc::new(Callback(move || {
                drop(queue.lock());
                woken.fetch_add(1, Ordering::Relaxed);
            })))
        };
        let mut cx = Context::from_waker(&waker);
        let mut first = Box::pin(Waiter::new(Arc::clone(&queue), ()));
        let mut second = pin!(Waiter::new(Arc::clone(&queue), ()));
        {
            let (queue, woken) = (Arc::downgrade(&queue), Arc::clone(&woken));
            let own = Waker::from(Arc::new(Dropped(move || {
                if let Some(queue) = queue.upgrade() {
                    drop(queue.lock());
                }
                woken.fetch_add(1, Ordering::Relaxed);
            })));
            let mut cx = Context::from_waker(&own);
            assert!(first.as_mut().poll_wait(&mut cx, is_open).is_pending());
        }
        assert!(second.as_mut().poll_wait(&mut cx, is_open).is_pending());

        let leaving = thread::spawn(move || drop(first));
        let given = queue.lock_and_wake(|queue, wakers| Places::pass_on(queue, (), wakers));
        assert!(given.is_ok());
        leaving.join().unwrap();

        assert_eq!(
            woken.load(Ordering::Relaxed),
            2,
            "one was woken, one dropped"
        );
        assert!(
            second.poll_wait(&mut cx, is_open).is_ready(),
            "the place is lost"
        );
        assert_eq!(queue.lock().shared().free, 0);
    });
}

/// As many as there are tokens in the hands of who waits; whoever comes first is next.
struct Weights(usize);

impl Weights {
    fn grant(queue: &mut Locked<'_, Self>, wakers: &mut Wakers) {
        while let Some(wanted) = queue.front() {
            let Some(left) = queue.shared().0.checked_sub(wanted) else {
                return;
            };
            queue.shared().0 = left;
            queue.wake_front(wakers);
        }
    }
}

impl Shared for Weights {
    type Value = usize;
    type Open = ();
    const SEES_LEAVING: bool = true;

    fn pass_on(queue: &mut Locked<'_, Self>, granted: usize, wakers: &mut Wakers) {
        queue.shared().0 += granted;
        Self::grant(queue, wakers);
    }

    fn left(queue: &mut Locked<'_, Self>, _: usize, wakers: &mut Wakers) {
        Self::grant(queue, wakers);
    }
}

/// The first waiter wants two and leaves while one comes: it is the second's, who wants no more, in either order; and whoever has the lock never sees
/// somebody wait for what is there.
#[test]
fn a_waiter_that_leaves_races_what_the_next_waits_for() {
    model(
        "wait::a_waiter_that_leaves_races_what_the_next_waits_for",
        || {
            let queue = Arc::new(WaitQueue::new(Weights(0)));
            let signal = Signal::new();
            let waker = Waker::from(Arc::clone(&signal));
            let mut cx = Context::from_waker(&waker);
            let mut first = Box::pin(Waiter::new(Arc::clone(&queue), 2));
            let mut second = pin!(Waiter::new(Arc::clone(&queue), 1));
            assert!(first.as_mut().poll_wait(&mut cx, |_| false).is_pending());
            assert!(second.as_mut().poll_wait(&mut cx, |_| false).is_pending());
            let leaving = thread::spawn(move || drop(first));
            let given = queue.lock_and_wake(|queue, wakers| {
                queue.shared().0 += 1;
                Weights::grant(queue, wakers);
            });
            assert!(given.is_ok());
            let mut seen = queue.lock();
            let free = seen.shared().0;
            assert!(seen.front().is_none_or(|wanted| wanted > free));
            drop(seen);
            leaving.join().unwrap();
            assert_eq!(signal.wakes(), 1);
            assert!(second.poll_wait(&mut cx, |_| false).is_ready());
        },
    );
}

/// A waiter polls with one waker and then with another while all are woken: it sees what came before, or its last waker is
/// woken; and the first may look at the queue that drops it.
#[test]
fn another_waker_races_the_wake_of_all() {
    model("wait::another_waker_races_the_wake_of_all", || {
        let queue = Arc::new(WaitQueue::new(Places::default()));
        let (new, payload) = (Signal::new(), Payload::new());
        let opener = {
            let (queue, payload) = (Arc::clone(&queue), payload.clone());
            thread::spawn(move || {
                payload.write();
                queue.lock().shared().open = true;
                assert!(queue.wake_while(|()| true).is_ok());
            })
        };
        let mut waiter = pin!(Waiter::new(&*queue, ()));
        let mut poll = |waker: Waker| {
            waiter
                .as_mut()
                .poll_wait(&mut Context::from_waker(&waker), is_open)
        };
        let mut polled = poll({
            let queue = Arc::downgrade(&queue);
            Waker::from(Arc::new(Dropped(move || {
                if let Some(queue) = queue.upgrade() {
                    drop(queue.lock());
                }
            })))
        });
        if polled.is_pending() {
            polled = poll(Arc::clone(&new).into());
        }
        if polled.is_ready() {
            payload.read();
        }
        opener.join().unwrap();
        assert_eq!(new.wakes(), usize::from(polled.is_pending()));
        if polled.is_pending() {
            assert!(poll(Arc::clone(&new).into()).is_ready());
            payload.read();
        }
        assert_released(&new);
    });
}

/// One of three waiters leaves while a cancellation wakes them in batches: it is woken at most once, the others exactly once,
/// and nobody keeps a waker.
#[test]
fn a_waiter_leaves_a_cancellation_in_batches() {
    model("wait::a_waiter_leaves_a_cancellation_in_batches", || {
        let token = CancelToken::new();
        let signals = [Signal::new(), Signal::new(), Signal::new()];
        let mut futures = signals.each_ref().map(|signal| {
            let mut future = Box::pin(token.clone().cancelled_owned());
            assert!(poll(&mut future, signal).is_pending());
            future
        });
        let canceller = {
            let token = token.clone();
            thread::spawn(move || assert!(token.cancel()))
        };
        let [first, leaving, last] = &mut futures;
        leaving.set(token.cancelled_owned());
        canceller.join().unwrap();
        assert_eq!((signals[0].wakes(), signals[2].wakes()), (1, 1));
        assert!(signals[1].wakes() <= 1);
        assert!(poll(first, &signals[0]).is_ready() && poll(last, &signals[2]).is_ready());
        drop(futures);
        signals.iter().for_each(assert_released);
    });
}
