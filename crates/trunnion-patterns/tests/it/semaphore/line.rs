//! Who is served, and when.

use trunnion_core::panic::catch;
use trunnion_patterns::{Semaphore, TryAcquireError};

use super::{Waiting, assert_whole, now, ready};

#[test]
fn permits_go_out_and_come_back() {
    let semaphore = Semaphore::new(3);
    let one = now(semaphore.acquire()).expect("it is free");
    let two = now(semaphore.acquire_many_owned(2)).expect("they are free");
    assert_eq!((one.count(), two.count(), semaphore.available()), (1, 2, 0));
    let error = semaphore.try_acquire().expect_err("it is refused");
    assert_eq!(error, TryAcquireError::NoPermits);
    drop(one);
    drop(two);
    assert_whole(&semaphore);
}

#[test]
fn who_came_first_is_served_first() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().expect("it is free");
    let mut first = Waiting::new(semaphore.acquire());
    let mut second = Waiting::new(semaphore.acquire());
    drop(held);
    assert_eq!((first.wakes(), second.wakes()), (1, 0));
    assert!(second.poll().is_pending(), "it is not its turn");
    drop(ready(&mut first));
    assert_eq!(second.wakes(), 1);
    drop(ready(&mut second));
    assert_whole(&semaphore);
}

#[test]
fn the_place_is_taken_at_the_first_poll() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().expect("it is free");
    let mut made_first = Waiting::woken_by(semaphore.acquire(), || ());
    let mut polled_first = Waiting::new(semaphore.acquire());
    assert!(made_first.poll().is_pending());
    drop(held);
    assert!(polled_first.poll().is_ready());
    assert!(made_first.poll().is_ready(), "the permit was dropped");
}

#[test]
fn a_small_request_does_not_pass_a_large_one() {
    let semaphore = Semaphore::new(3);
    let held = semaphore.try_acquire_many(2).expect("they are free");
    let mut large = Waiting::new(semaphore.acquire_many(3));
    let mut small = Waiting::new(semaphore.acquire());
    assert_eq!(
        semaphore.try_acquire().expect_err("it is refused"),
        TryAcquireError::NoPermits
    );
    drop(held);
    assert_eq!((large.wakes(), small.wakes()), (1, 0));
    drop(ready(&mut large));
    drop(ready(&mut small));
    assert_whole(&semaphore);
}

#[test]
fn a_large_request_that_leaves_lets_the_small_ones_go() {
    let semaphore = Semaphore::new(3);
    let held = semaphore.try_acquire().expect("it is free");
    let large = Waiting::new(semaphore.acquire_many(3));
    let mut small = [(); 3].map(|()| Waiting::new(semaphore.acquire()));
    drop(large);
    assert_eq!(small.each_ref().map(Waiting::wakes), [1, 1, 0]);
    drop(held);
    let permits = small
        .each_mut()
        .map(|small| ready(small).expect("it is open"));
    drop(permits);
    assert_whole(&semaphore);
}

#[test]
fn what_comes_back_at_once_serves_all_that_fit() {
    let semaphore = Semaphore::new(100);
    let held = semaphore.try_acquire_many(100).expect("they are free");
    let mut all: Vec<_> = (0..101)
        .map(|_| Waiting::new(semaphore.acquire()))
        .collect();
    drop(held);
    assert!(all[..100].iter().all(|waiting| waiting.wakes() == 1));
    assert_eq!(all[100].wakes(), 0);
    let permits: Vec<_> = all[..100].iter_mut().map(ready).collect();
    assert_eq!(semaphore.stats().held, 100);
    drop(permits);
    drop(ready(&mut all[100]));
    assert_whole(&semaphore);
}

#[test]
fn a_grant_that_is_dropped_goes_to_the_next() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire_many(2).expect("they are free");
    let granted = Waiting::new(semaphore.acquire_many(2));
    let mut rest = [(); 2].map(|()| Waiting::new(semaphore.acquire_owned()));
    drop(held);
    let stats = semaphore.stats();
    assert_eq!(
        (stats.granted_unclaimed, stats.assigned, stats.held),
        (1, 2, 0)
    );
    assert_eq!(stats.waiting, 2);
    drop(granted);
    assert_eq!(rest.each_ref().map(Waiting::wakes), [1, 1]);
    let permits = rest.each_mut().map(ready);
    assert_eq!(semaphore.stats().held, 2);
    drop(permits);
    assert_whole(&semaphore);
}

#[test]
fn permits_are_split_and_merged() {
    let semaphore = Semaphore::new(5);
    let mut permit = semaphore.try_acquire_many(4).expect("they are free");
    let mut three = permit.split(3).expect("it holds four");
    assert_eq!((permit.count(), three.count()), (1, 3));
    assert!(permit.split(2).is_none() && permit.count() == 1);
    three.merge(permit);
    assert_eq!((three.count(), semaphore.available()), (4, 1));
    let nothing = three.split(4).expect("it holds four");
    drop(three);
    assert_eq!(semaphore.available(), 1);
    drop(nothing);
    assert_whole(&semaphore);
}

#[test]
fn permits_of_different_semaphores_are_not_merged() {
    let (one, other) = (Semaphore::new(1), Semaphore::new(1));
    let mut permit = one.try_acquire_owned().expect("it is free");
    let foreign = other.try_acquire_owned().expect("it is free");
    let panic = catch(|| permit.merge(foreign)).expect_err("they are not the same");
    assert!(
        panic.to_string().contains("different semaphores"),
        "{panic}"
    );
    assert_whole(&other);
    drop(permit);
    assert_whole(&one);
}
