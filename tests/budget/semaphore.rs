//! What semaphores allocate, and how large their futures are.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use allocation_counter::measure;
use trunnion_patterns::{OwnedPermit, Permit, Semaphore};

use crate::{TIMES, count};

#[test]
fn a_semaphore_is_one_allocation() {
    assert_eq!(measure(|| drop(Semaphore::new(1))).count_total, 1);
    assert_eq!(size_of::<Semaphore>(), size_of::<usize>());
    let semaphore = Semaphore::new(1);
    assert_eq!(count(|| drop(semaphore.clone())), 0);
}

#[test]
fn permits_and_their_futures_are_small() {
    let semaphore = Semaphore::new(1);
    assert_eq!(size_of_val(&semaphore.acquire()), 56);
    assert_eq!(size_of_val(&semaphore.acquire_many(2)), 56);
    assert_eq!(size_of_val(&semaphore.acquire_owned()), 64);
    assert_eq!(size_of_val(&semaphore.drained()), 56);
    assert_eq!(size_of::<Permit<'_>>(), 16);
    assert_eq!(size_of::<OwnedPermit>(), 16);
}

#[test]
fn a_free_permit_allocates_nothing() {
    let semaphore = Semaphore::new(3);
    let mut cx = Context::from_waker(Waker::noop());
    let counted = count(|| {
        let _polled = pin!(semaphore.acquire_many(2)).poll(&mut cx).is_ready();
        let _polled = pin!(semaphore.acquire_owned()).poll(&mut cx).is_ready();
        assert!(semaphore.try_acquire().is_ok());
        assert!(semaphore.try_acquire_many_owned(2).is_ok());
        assert!(semaphore.try_acquire_many(4).is_err());
        semaphore.set_limit(2);
        semaphore.set_limit(3);
        assert_eq!(semaphore.stats().available, 3);
    });
    assert_eq!(counted, 0);
}

#[test]
fn waiting_leaving_and_handing_over_allocate_nothing() {
    let semaphore = Semaphore::new(1);
    let waker = Waker::from(Arc::new(Nothing));
    let mut cx = Context::from_waker(&waker);
    let mut handed = 0;
    let counted = count(|| {
        let Ok(held) = semaphore.try_acquire() else {
            return;
        };
        let mut first = pin!(semaphore.acquire());
        let mut second = pin!(semaphore.acquire_owned());
        let mut drained = pin!(semaphore.drained());
        // One that gives way instead of waiting is in line at the next poll.
        while semaphore.stats().waiting < 2 {
            assert!(first.as_mut().poll(&mut cx).is_pending());
            assert!(second.as_mut().poll(&mut cx).is_pending());
        }
        assert!(drained.as_mut().poll(&mut cx).is_pending());
        assert!(pin!(semaphore.acquire()).poll(&mut cx).is_pending());
        drop(held);
        assert!(first.poll(&mut cx).is_ready());
        assert!(second.poll(&mut cx).is_ready());
        assert!(drained.poll(&mut cx).is_ready());
        handed += 1;
    });
    assert_eq!((counted, handed), (0, TIMES));
}

struct Nothing;

impl std::task::Wake for Nothing {
    fn wake(self: Arc<Self>) {}
}
