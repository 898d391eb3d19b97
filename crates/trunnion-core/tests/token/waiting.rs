//! The futures of a token.

use std::future::{Future, pending, poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::wakes::{Wakes, poll};
use trunnion_core::{CancelKind, CancelToken, Cancelled, CancelledOwned};

#[test]
fn waiters_are_woken_and_see_the_reason() {
    let token = CancelToken::new();
    let child = token.child();
    let (one, two) = (Wakes::new(), Wakes::new());
    let mut first = pin!(token.cancelled());
    let mut second = Box::pin(child.clone().cancelled_owned());
    assert!(poll(first.as_mut(), &one).is_pending());
    assert!(poll(second.as_mut(), &two).is_pending());
    token.cancel_with(CancelKind::Shutdown);
    assert_eq!((one.count(), two.count()), (1, 1));
    for future in [poll(first, &one), poll(second.as_mut(), &two)] {
        assert!(matches!(future, Poll::Ready(reason) if reason.kind() == CancelKind::Shutdown));
    }
}

#[test]
fn only_the_last_waker_is_woken_and_all_are_given_back() {
    let token = CancelToken::new();
    let (old, new) = (Wakes::new(), Wakes::new());
    let mut future = Box::pin(token.cancelled());
    assert!(poll(future.as_mut(), &old).is_pending());
    assert!(poll(future.as_mut(), &new).is_pending());
    assert_eq!(Arc::strong_count(&old), 1);
    token.cancel();
    assert_eq!((old.count(), new.count()), (0, 1));
    drop(future);
    assert_eq!(Arc::strong_count(&new), 1);
}

#[test]
fn dropped_waiters_leave_nothing() {
    let token = CancelToken::new();
    let wakes = Wakes::new();
    let mut futures: Vec<_> = (0..5).map(|_| Box::pin(token.cancelled())).collect();
    for future in &mut futures {
        assert!(poll(future.as_mut(), &wakes).is_pending());
    }
    for index in [2, 0, 2] {
        drop(futures.remove(index));
    }
    assert_eq!(Arc::strong_count(&wakes), 3);
    token.cancel();
    assert_eq!(wakes.count(), 2);
    drop(futures);
    assert_eq!(Arc::strong_count(&wakes), 1);
}

#[test]
fn more_waiters_than_one_batch_holds_are_all_woken() {
    let token = CancelToken::new();
    let wakes = Wakes::new();
    let mut futures: Vec<_> = (0..100)
        .map(|_| Box::pin(token.cancelled_owned()))
        .collect();
    for future in &mut futures {
        assert!(poll(future.as_mut(), &wakes).is_pending());
    }
    token.cancel();
    assert_eq!(wakes.count(), 100);
}

#[test]
fn a_shields_waiter_sleeps_through_the_cancellation() {
    let token = CancelToken::new();
    let shield = token.shield();
    let (plain, shielded) = (Wakes::new(), Wakes::new());
    let (mut behind, mut before) = (pin!(shield.cancelled()), pin!(token.cancelled()));
    assert!(poll(behind.as_mut(), &shielded).is_pending());
    assert!(poll(before.as_mut(), &plain).is_pending());
    token.cancel();
    assert_eq!((plain.count(), shielded.count()), (1, 0));
    assert!(poll(behind.as_mut(), &shielded).is_pending());
    token.kill(CancelKind::GraceExpired);
    assert_eq!((plain.count(), shielded.count()), (1, 1));
    assert!(poll(behind, &shielded).is_ready());
}

/// A waker that cancels something else, asks its own token and panics.
struct Meddler(CancelToken, CancelToken);

impl Wake for Meddler {
    fn wake(self: Arc<Self>) {
        assert!(self.0.is_cancelled() && self.0.child().is_cancelled());
        self.1.cancel();
    }
}

#[test]
fn a_waker_may_use_the_token_that_wakes_it() {
    let (token, other) = (CancelToken::new(), CancelToken::new());
    let waker = Waker::from(Arc::new(Meddler(token.clone(), other.clone())));
    let mut future = pin!(token.cancelled());
    assert!(
        future
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    token.cancel();
    assert!(other.is_cancelled());
}

#[test]
fn run_until_cancelled_never_polls_once_cancelled() {
    let token = CancelToken::new();
    token.cancel();
    let owned = Arc::new(());
    let inside = Arc::clone(&owned);
    let work = async move {
        drop(inside);
        unreachable!("it is never polled")
    };
    let wakes = Wakes::new();
    let mut run = Box::pin(token.run_until_cancelled::<_>(work));
    let outcome: Poll<Result<(), _>> = poll(run.as_mut(), &wakes);
    assert!(matches!(outcome, Poll::Ready(Err(_))));
    assert_eq!(Arc::strong_count(&owned), 1, "what it owns is dropped");
}

#[test]
fn run_until_cancelled_keeps_a_value_that_is_ready_in_the_same_instant() {
    let token = CancelToken::new();
    let wakes = Wakes::new();
    let mut polls = 0;
    let work = poll_fn(|_| {
        polls += 1;
        if polls == 2 {
            Poll::Ready(7)
        } else {
            Poll::Pending
        }
    });
    let mut run = pin!(token.run_until_cancelled(work));
    assert!(poll(run.as_mut(), &wakes).is_pending());
    token.cancel();
    assert!(matches!(poll(run, &wakes), Poll::Ready(Ok(7))));
}

#[test]
fn run_until_cancelled_drops_what_is_still_pending() {
    let token = CancelToken::new();
    let wakes = Wakes::new();
    let mut run = Box::pin(token.run_until_cancelled(pending::<()>()));
    assert!(poll(run.as_mut(), &wakes).is_pending());
    token.cancel_with(CancelKind::Deadline);
    assert_eq!(wakes.count(), 1);
    assert!(matches!(
        poll(run.as_mut(), &wakes),
        Poll::Ready(Err(reason)) if reason.kind() == CancelKind::Deadline
    ));
    drop(run);
    assert_eq!(Arc::strong_count(&wakes), 1);
}

#[test]
fn checkpoints_stop_the_cancelled_and_give_way_now_and_then() {
    let token = CancelToken::new();
    let wakes = Wakes::new();
    let mut gave_way = 0;
    for _ in 0..1_000 {
        let mut checkpoint = pin!(token.checkpoint());
        if poll(checkpoint.as_mut(), &wakes).is_pending() {
            gave_way += 1;
            assert!(matches!(poll(checkpoint, &wakes), Poll::Ready(Ok(()))));
        }
    }
    assert!((7..=8).contains(&gave_way), "{gave_way}");
    assert_eq!(wakes.count(), gave_way);
    token.cancel();
    assert!(matches!(
        poll(pin!(token.checkpoint()), &wakes),
        Poll::Ready(Err(_))
    ));
}

#[test]
fn a_checkpoint_that_gave_way_sees_the_cancellation() {
    let token = CancelToken::new();
    let wakes = Wakes::new();
    loop {
        let mut checkpoint = pin!(token.checkpoint());
        if poll(checkpoint.as_mut(), &wakes).is_pending() {
            token.cancel();
            assert!(matches!(poll(checkpoint, &wakes), Poll::Ready(Err(_))));
            return;
        }
    }
}

#[test]
fn the_futures_may_be_sent_and_shared() {
    fn both<T: Send + Sync>(_: &T) {}
    let token = CancelToken::new();
    both(&token);
    both::<Cancelled<'_>>(&token.cancelled());
    both::<CancelledOwned>(&token.cancelled_owned());
    both(&token.checkpoint());
    both(&token.run_until_cancelled(ready(())));
    both(&token.guard());
    both(&token.on_cancel(|_| ()));
}
