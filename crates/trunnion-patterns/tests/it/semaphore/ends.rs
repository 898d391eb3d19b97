//! Closing, draining and dropping.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context, Waker};

use trunnion_patterns::{AcquireError, Semaphore, TryAcquireError};

use super::{Waiting, assert_whole, now, ready};

#[test]
fn a_refused_acquire_that_is_polled_again_begins_anew() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire_many(2).expect("they are free");
    let mut waiting = Waiting::new(semaphore.acquire_many(2));
    semaphore.set_limit(1);
    assert!(ready(&mut waiting).is_err());
    semaphore.set_limit(2);
    assert!(waiting.poll().is_pending());
    drop(held);
    assert_eq!(ready(&mut waiting).expect("it is open").count(), 2);
    assert_whole(&semaphore);
}

#[test]
fn a_close_refuses_who_waits_and_who_comes_and_keeps_what_was_granted() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().expect("it is free");
    let mut granted = Waiting::new(semaphore.acquire());
    let mut waiting: Vec<_> = (0..100)
        .map(|_| Waiting::new(semaphore.acquire()))
        .collect();
    drop(held);
    semaphore.close();
    assert!(waiting.iter().all(|waiting| waiting.wakes() == 1));
    for waiting in &mut waiting {
        assert_eq!(
            ready(waiting).expect_err("it is refused"),
            AcquireError::Closed
        );
    }
    assert_eq!(
        now(semaphore.acquire_owned()).expect_err("it is refused"),
        AcquireError::Closed
    );
    assert_eq!(
        semaphore.try_acquire().expect_err("it is refused"),
        TryAcquireError::Closed
    );
    let permit = ready(&mut granted).expect("it was granted before");
    assert_eq!(semaphore.stats().held, 1);
    drop(permit);
    semaphore.close();
    assert_whole(&semaphore);
}

#[test]
fn a_grant_that_is_dropped_after_the_close_comes_back() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().expect("it is free");
    let granted = Waiting::new(semaphore.acquire());
    let refused = Waiting::new(semaphore.acquire());
    drop(held);
    semaphore.close();
    drop(refused);
    drop(granted);
    assert_whole(&semaphore);
}

#[test]
fn drained_waits_until_all_permits_are_back() {
    let semaphore = Semaphore::new(3);
    now(semaphore.drained());
    let mut held = semaphore.try_acquire_many(2).expect("they are free");
    let mut drained = Waiting::new(semaphore.drained());
    let mut other = Waiting::new(semaphore.drained());
    drop(held.split(1));
    assert!(drained.poll().is_pending());
    drop(held);
    assert_eq!((drained.wakes(), other.wakes()), (1, 1));
    ready(&mut drained);
    let again = semaphore.try_acquire().expect("it is free");
    assert!(other.poll().is_pending(), "one is out");
    drop(again);
    ready(&mut other);
}

#[test]
fn drained_counts_grants_that_nobody_has_taken() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().expect("it is free");
    let granted = Waiting::new(semaphore.acquire());
    drop(held);
    semaphore.close();
    let mut drained = Waiting::new(semaphore.drained());
    drop(granted);
    assert_eq!(drained.wakes(), 1);
    ready(&mut drained);
}

#[test]
fn a_dropped_drained_leaves_nothing() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire_many(2).expect("they are free");
    let drained = Waiting::new(semaphore.drained());
    let waker = Arc::clone(&drained.waker);
    drop(drained);
    assert_eq!(Arc::strong_count(&waker), 1, "the waker is kept");
    drop(held);
    assert_eq!(waker.0.load(SeqCst), 0);
    assert_whole(&semaphore);
}

#[test]
fn an_owned_permit_keeps_its_semaphore() {
    let semaphore = Semaphore::new(1);
    let permit = now(semaphore.acquire_owned()).expect("it is free");
    let mut waiting = Waiting::new(semaphore.clone().acquire_owned());
    drop(semaphore);
    drop(permit);
    assert_eq!(waiting.wakes(), 1);
    drop(ready(&mut waiting));
}

#[test]
#[should_panic(expected = "polled after it gave its result")]
fn an_owned_acquire_is_polled_to_its_end_once() {
    let semaphore = Semaphore::new(1);
    let mut acquire = pin!(semaphore.acquire_owned());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(acquire.as_mut().poll(&mut cx).is_ready());
    let _ = acquire.poll(&mut cx);
}
