//! The wait queue on one thread: order, hand-over and panics.
#![cfg(not(trunnion_loom))]

use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use trunnion_core::wait::{Locked, Shared, WaitQueue, Waiter, Wakers};

/// Permits; a waiter waits for a number of them, and for more than nine out of turn.
#[derive(Default)]
struct Permits(usize);

impl Permits {
    /// Grants from the front for as long as there are enough.
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

impl Shared for Permits {
    type Value = usize;
    type Open = ();

    fn goes_first(wanted: &usize) -> bool {
        *wanted > 9
    }

    const SEES_LEAVING: bool = true;

    fn pass_on(queue: &mut Locked<'_, Self>, granted: usize, wakers: &mut Wakers) {
        queue.shared().0 += granted;
        Self::grant(queue, wakers);
    }

    fn left(queue: &mut Locked<'_, Self>, _: usize, wakers: &mut Wakers) {
        Self::grant(queue, wakers);
    }
}

type Queue = Arc<WaitQueue<Permits>>;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.0.lock().expect("nobody panics with it"))
    }
}

/// A waker that says its name, and then panics if the name says so.
struct Named(&'static str, Log);

impl Wake for Named {
    fn wake(self: Arc<Self>) {
        self.1.0.lock().expect("nobody panics with it").push(self.0);
        if self.0.starts_with("bad") {
            resume_unwind(Box::new(self.0));
        }
    }
}

struct Waiting {
    name: &'static str,
    waiter: Pin<Box<Waiter<Queue>>>,
}

impl Waiting {
    fn poll(&mut self, log: &Log) -> Poll<()> {
        let waker = Waker::from(Arc::new(Named(self.name, log.clone())));
        let waiter = self.waiter.as_mut();
        waiter.poll_wait(&mut Context::from_waker(&waker), |_| false)
    }
}

fn wait(queue: &Queue, log: &Log, name: &'static str, wanted: usize) -> Waiting {
    let waiter = Box::pin(Waiter::new(Arc::clone(queue), wanted));
    let mut waiting = Waiting { name, waiter };
    assert!(waiting.poll(log).is_pending());
    waiting
}

fn release(queue: &Queue, permits: usize) {
    let given = queue.lock_and_wake(|queue, wakers| {
        queue.shared().0 += permits;
        Permits::grant(queue, wakers);
    });
    assert!(given.is_ok());
}

fn queue() -> (Queue, Log) {
    (Arc::new(WaitQueue::new(Permits(0))), Log::default())
}

#[test]
fn grants_go_from_the_front_in_order() {
    let (queue, log) = queue();
    let mut all = [("a", 1), ("b", 3), ("c", 1)].map(|(name, n)| wait(&queue, &log, name, n));
    release(&queue, 2);
    assert_eq!(log.take(), ["a"], "b is next and wants more than there is");
    release(&queue, 3);
    assert_eq!(log.take(), ["b", "c"]);
    assert!(all.iter_mut().all(|waiting| waiting.poll(&log).is_ready()));
    assert!(queue.lock().is_empty() && queue.lock().shared().0 == 0);
}

/// The lock is held by another thread until the waiter has gone on, or that has taken far too long.
#[test]
fn a_notified_waiter_goes_on_without_the_lock() {
    let (queue, log) = queue();
    let mut first = wait(&queue, &log, "first", 1);
    release(&queue, 1);
    let (locked, is_locked) = mpsc::channel();
    let (done, is_done) = mpsc::channel();
    let holder = thread::spawn({
        let queue = Arc::clone(&queue);
        move || {
            let _held = queue.lock();
            locked.send(()).expect("somebody waits for it");
            is_done.recv_timeout(Duration::from_secs(10)).is_ok()
        }
    });
    is_locked.recv().expect("the lock is held");
    assert!(first.poll(&log).is_ready());
    drop(first);
    done.send(()).expect("the holder waits");
    assert!(
        holder.join().expect("it does not panic"),
        "it waited for the lock"
    );
}

#[test]
fn what_a_notified_waiter_leaves_goes_to_the_next() {
    let (queue, log) = queue();
    let first = wait(&queue, &log, "first", 5);
    let mut rest = ["b", "c"].map(|name| wait(&queue, &log, name, 2));
    release(&queue, 5);
    assert_eq!(log.take(), ["first"]);
    drop(first);
    assert_eq!(log.take(), ["b", "c"]);
    assert!(rest.iter_mut().all(|waiting| waiting.poll(&log).is_ready()));
    assert_eq!(queue.lock().shared().0, 1, "nothing is lost");
}

#[test]
fn those_behind_a_waiter_that_leaves_are_looked_at() {
    let (queue, log) = queue();
    let mut first = wait(&queue, &log, "first", 5);
    let second = wait(&queue, &log, "second", 4);
    let mut rest = ["c", "d"].map(|name| wait(&queue, &log, name, 1));
    release(&queue, 2);
    assert!(log.take().is_empty(), "the first is next");
    assert!(first.waiter.as_mut().leave());
    assert!(log.take().is_empty(), "now it is the second");
    drop(second);
    assert_eq!(log.take(), ["c", "d"]);
    assert!(rest.iter_mut().all(|waiting| waiting.poll(&log).is_ready()));
    assert_eq!(queue.lock().shared().0, 0);
}

#[test]
fn a_waiter_sees_what_its_value_was_changed_to() {
    let (queue, log) = queue();
    let mut one = wait(&queue, &log, "one", 5);
    assert_eq!(one.waiter.as_mut().value(), None, "it waits");
    let woken = queue.lock_and_wake(|queue, wakers| {
        queue.set_front(3);
        queue.wake_front(wakers)
    });
    assert!(woken.is_ok_and(|woken| woken));
    let mut cx = Context::from_waker(Waker::noop());
    let polled = one.waiter.as_mut().poll_take(
        &mut cx,
        |_| None,
        |queue, value| {
            queue.shared().0 = 7;
            value
        },
    );
    assert_eq!(polled, Poll::Ready(3));
    assert_eq!(one.waiter.as_mut().value(), Some(3));
    assert_eq!(queue.lock().shared().0, 7);
    let again = one
        .waiter
        .as_mut()
        .poll_take(&mut cx, |_| Some(1), |_, value| value);
    assert_eq!(again, Poll::Ready(1), "the next poll is a first one again");
}

#[test]
fn a_waiter_that_took_its_grant_passes_nothing_on() {
    let (queue, log) = queue();
    let mut one = wait(&queue, &log, "one", 1);
    release(&queue, 1);
    assert!(one.poll(&log).is_ready());
    drop(one);
    assert_eq!(queue.lock().shared().0, 0);
}

#[test]
fn leaving_from_any_place_keeps_the_order() {
    for leaving in 0..3 {
        let (queue, log) = queue();
        let mut all = Vec::from(["a", "b", "c"].map(|name| wait(&queue, &log, name, 1)));
        let gone = all.remove(leaving).name;
        release(&queue, 3);
        let expected: Vec<_> = ["a", "b", "c"]
            .into_iter()
            .filter(|name| *name != gone)
            .collect();
        assert_eq!(log.take(), expected);
    }
}

#[test]
fn who_goes_first_goes_before_those_who_wait() {
    let (queue, log) = queue();
    let _all = [("a", 1), ("large", 10), ("b", 1)].map(|(name, n)| wait(&queue, &log, name, n));
    release(&queue, 12);
    assert_eq!(log.take(), ["large", "a", "b"]);
}

#[test]
fn a_cancelled_waiter_tells_whether_it_still_waited() {
    let (queue, log) = queue();
    let [mut one, mut two] = ["one", "two"].map(|name| wait(&queue, &log, name, 1));
    release(&queue, 1);
    assert!(!one.waiter.as_mut().leave(), "it was notified");
    assert_eq!(log.take(), ["one", "two"], "and passed that on");
    assert!(!two.waiter.as_mut().leave());
    let mut three = wait(&queue, &log, "three", 2);
    assert!(three.waiter.as_mut().leave());
    assert!(queue.lock().is_empty());
}

#[test]
fn a_waiter_waits_again_after_it_was_ready() {
    let (queue, log) = queue();
    let mut one = wait(&queue, &log, "one", 1);
    for _ in 0..2 {
        release(&queue, 1);
        assert!(one.poll(&log).is_ready());
        assert!(one.poll(&log).is_pending());
    }
}

#[test]
fn all_are_woken_though_some_wakers_panic_and_the_first_panic_is_kept() {
    let (queue, log) = queue();
    let names = ["a", "bad b", "c", "bad d"];
    let all: Vec<_> = names.map(|name| wait(&queue, &log, name, 1)).into();
    let more: Vec<_> = (0..100).map(|_| wait(&queue, &log, "more", 1)).collect();
    let panic = queue.wake_while(|_| true).expect_err("two panicked");
    assert_eq!(panic.message(), Some("bad b"));
    let woken = log.take();
    assert_eq!(woken.len(), 104);
    assert_eq!(woken[..4], names);
    for mut waiting in all.into_iter().chain(more) {
        assert!(waiting.poll(&log).is_ready());
    }
}

#[test]
fn waking_stops_at_the_first_who_is_not_wanted() {
    let (queue, log) = queue();
    let _all = [("a", 1), ("b", 2), ("c", 1)].map(|(name, n)| wait(&queue, &log, name, n));
    assert!(queue.wake_while(|wanted| *wanted == 1).is_ok());
    assert_eq!(log.take(), ["a"]);
}

#[test]
fn more_grants_in_one_turn_than_a_batch_holds_wake_everybody() {
    let (queue, log) = queue();
    let _all: Vec<_> = (0..100).map(|_| wait(&queue, &log, "one", 1)).collect();
    release(&queue, 100);
    assert_eq!(log.take().len(), 100);
}
