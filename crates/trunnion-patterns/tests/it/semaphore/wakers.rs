//! Wakers, and giving way.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use trunnion_patterns::{Acquire, AcquireOwned, OwnedPermit, Permit, Semaphore};

use super::{Counted, Waiting, assert_whole, ready};

#[test]
fn a_waker_may_use_the_semaphore_that_wakes_it() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire_owned().expect("it is free");
    let inside = semaphore.clone();
    let mut waiting = Waiting::woken_by(semaphore.acquire_owned(), move || {
        assert_eq!(inside.stats().granted_unclaimed, 1);
        assert!(inside.try_acquire().is_err());
        inside.set_limit(2);
        drop(inside.try_acquire());
    });
    assert!(waiting.poll().is_pending());
    drop(held);
    assert_eq!(waiting.wakes(), 1);
    drop(ready(&mut waiting));
    assert_whole(&semaphore);
}

#[test]
fn a_waker_that_panics_loses_nothing() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire_many(2).expect("they are free");
    let mut bad = Waiting::woken_by(semaphore.acquire(), || resume_unwind(Box::new("bad")));
    assert!(bad.poll().is_pending());
    let mut good = Waiting::new(semaphore.acquire());
    drop(held);
    assert_eq!((bad.wakes(), good.wakes()), (1, 1));
    drop((ready(&mut bad), ready(&mut good)));
    assert_whole(&semaphore);
}

#[test]
fn those_behind_one_that_leaves_are_served_in_batches() {
    for granted in [false, true] {
        let semaphore = Semaphore::new(41);
        let mut held = semaphore.try_acquire_many(41).expect("they are free");
        let wanted = if granted { 40 } else { 41 };
        let leaving = Waiting::new(semaphore.acquire_many(wanted));
        let most = Arc::new(AtomicUsize::new(0));
        let mut behind = Vec::new();
        for _ in 0..40 {
            let (inside, most) = (semaphore.clone(), Arc::clone(&most));
            let look = move || {
                most.fetch_max(inside.stats().waiting, SeqCst);
            };
            behind.push(Waiting::woken_by(semaphore.acquire(), look));
        }
        assert!(behind.iter_mut().all(|waiting| waiting.poll().is_pending()));
        drop(held.split(40));
        drop(leaving);
        assert!(behind.iter().all(|waiting| waiting.wakes() == 1));
        assert_eq!(
            most.load(SeqCst),
            40 - 32,
            "the lock is held for 32 at most"
        );
    }
}

#[test]
fn only_the_last_waker_is_woken() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().expect("it is free");
    let mut waiting = Waiting::new(semaphore.acquire());
    let old = std::mem::replace(
        &mut waiting.waker,
        Arc::new(Counted(AtomicUsize::new(0), Box::new(|| ()))),
    );
    assert!(waiting.poll().is_pending());
    drop(held);
    assert_eq!((old.0.load(SeqCst), waiting.wakes()), (0, 1));
}

#[test]
fn an_acquire_that_never_waits_gives_way_now_and_then() {
    let semaphore = Semaphore::new(1);
    let mut pending = 0;
    for _ in 0..258 {
        let mut acquire = Waiting::woken_by(semaphore.acquire(), || ());
        if acquire.poll().is_pending() {
            assert_eq!(acquire.wakes(), 1, "it wakes itself");
            pending += 1;
            drop(ready(&mut acquire));
        }
    }
    assert_eq!(pending, 2);
    // What sheds load asks this way, and is never told to come again.
    assert!((0..300).all(|_| semaphore.try_acquire().is_ok()));
}

#[test]
fn all_can_go_to_another_thread() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<(Semaphore, Permit<'_>, OwnedPermit)>();
    is_shared::<(Acquire<'_>, AcquireOwned)>();
}

#[test]
fn all_show_themselves() {
    let semaphore = Semaphore::new(2);
    let permit = semaphore.try_acquire().expect("it is free");
    assert!(format!("{semaphore:?}").contains("held: 1"));
    assert!(format!("{permit:?}").contains("count: 1"));
    assert!(format!("{:?}", semaphore.acquire()).contains("Acquire"));
    assert!(format!("{:?}", semaphore.drained()).contains("Drained"));
}
