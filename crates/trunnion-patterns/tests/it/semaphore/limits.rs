//! Limits, debts, and what is beyond them.

use trunnion_patterns::{AcquireError, Semaphore, TryAcquireError};

use super::{Waiting, assert_whole, now, ready};

#[test]
fn more_than_the_limit_is_refused_at_once() {
    let semaphore = Semaphore::new(2);
    let (wanted, limit) = (3, 2);
    let refused = AcquireError::ExceedsLimit { wanted, limit };
    assert_eq!(
        now(semaphore.acquire_many(3)).expect_err("it is refused"),
        refused
    );
    assert_eq!(
        now(semaphore.acquire_many_owned(3)).expect_err("it is refused"),
        refused
    );
    assert_eq!(
        semaphore.try_acquire_many(3).expect_err("it is refused"),
        refused.into()
    );
    let held = semaphore.try_acquire_many(2).expect("they are free");
    assert_eq!(
        now(semaphore.acquire_many(3)).expect_err("it is refused"),
        refused
    );
    let text = refused.to_string();
    assert!(text.contains('3') && text.contains('2'), "{text}");
    drop(held);
    assert_whole(&semaphore);
}

#[test]
fn the_largest_numbers_overflow_nothing() {
    let semaphore = Semaphore::new(usize::MAX);
    assert_eq!(semaphore.limit(), Semaphore::MAX_PERMITS);
    assert!(now(semaphore.acquire_many(usize::MAX)).is_err());
    assert!(semaphore.try_acquire_many(usize::MAX).is_err());
    assert!(
        semaphore
            .try_acquire_many(Semaphore::MAX_PERMITS + 1)
            .is_err()
    );
    let all = semaphore
        .try_acquire_many(Semaphore::MAX_PERMITS)
        .expect("they are free");
    semaphore.set_limit(0);
    assert_eq!(semaphore.stats().debt, Semaphore::MAX_PERMITS);
    semaphore.set_limit(usize::MAX);
    assert_eq!(semaphore.available(), 0);
    drop(all);
    assert_whole(&semaphore);
}

#[test]
fn a_semaphore_without_permits_refuses_until_it_has_some() {
    let semaphore = Semaphore::new(0);
    let refused = AcquireError::ExceedsLimit {
        wanted: 1,
        limit: 0,
    };
    assert_eq!(
        now(semaphore.acquire()).expect_err("it is refused"),
        refused
    );
    assert_eq!(
        now(semaphore.acquire_many(0))
            .expect("none is free")
            .count(),
        0
    );
    now(semaphore.drained());
    semaphore.set_limit(1);
    drop(now(semaphore.acquire()).expect("it is free"));
    assert_whole(&semaphore);
}

#[test]
fn none_is_had_at_once_whoever_waits() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().expect("it is free");
    let waiting = Waiting::new(semaphore.acquire());
    assert_eq!(now(semaphore.acquire_many(0)).expect("none").count(), 0);
    assert_eq!(semaphore.try_acquire_many(0).expect("none").count(), 0);
    semaphore.set_limit(0);
    assert_eq!(now(semaphore.acquire_many(0)).expect("none").count(), 0);
    drop((held, waiting));
    semaphore.close();
    assert_eq!(
        semaphore.try_acquire_many(0).expect_err("it is refused"),
        TryAcquireError::Closed
    );
}

#[test]
fn a_raised_limit_serves_who_waits() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().expect("it is free");
    let mut waiting = [(); 3].map(|()| Waiting::new(semaphore.acquire()));
    semaphore.set_limit(3);
    assert_eq!(waiting.each_ref().map(Waiting::wakes), [1, 1, 0]);
    drop(held);
    drop(waiting.each_mut().map(ready));
    assert_whole(&semaphore);
}

#[test]
fn a_lowered_limit_is_a_debt_that_is_repaid_first() {
    let semaphore = Semaphore::new(5);
    let mut held = semaphore.try_acquire_many(4).expect("they are free");
    semaphore.set_limit(2);
    let stats = semaphore.stats();
    assert_eq!(
        (stats.limit, stats.debt, stats.available, stats.held),
        (2, 2, 0, 4)
    );
    let mut waiting = Waiting::new(semaphore.acquire());
    drop(held.split(2));
    assert_eq!((waiting.wakes(), semaphore.stats().debt), (0, 0));
    drop(held.split(1));
    assert_eq!(waiting.wakes(), 1);
    drop(ready(&mut waiting));
    drop(held);
    assert_whole(&semaphore);
}

#[test]
fn who_waits_for_more_than_a_lowered_limit_is_refused_when_it_is_the_first() {
    let semaphore = Semaphore::new(4);
    let held = semaphore.try_acquire_many(4).expect("they are free");
    let mut first = Waiting::new(semaphore.acquire());
    let mut large = Waiting::new(semaphore.acquire_many(3));
    let mut last = Waiting::new(semaphore.acquire());
    semaphore.set_limit(2);
    assert_eq!((first.wakes(), large.wakes()), (0, 0));
    drop(held);
    assert_eq!([first.wakes(), large.wakes(), last.wakes()], [1, 1, 1]);
    let refused = AcquireError::ExceedsLimit {
        wanted: 3,
        limit: 2,
    };
    assert_eq!(ready(&mut large).expect_err("it is refused"), refused);
    drop((ready(&mut first), ready(&mut last)));
    assert_whole(&semaphore);
}

#[test]
fn drained_waits_for_a_debt_and_not_for_what_is_forgotten() {
    let semaphore = Semaphore::new(3);
    let mut held = semaphore.try_acquire_many(3).expect("they are free");
    let mut drained = Waiting::new(semaphore.drained());
    semaphore.set_limit(1);
    assert_eq!(drained.wakes(), 0);
    held.split(2).expect("it holds three").forget();
    assert_eq!(drained.wakes(), 0);
    held.forget();
    assert_eq!((drained.wakes(), semaphore.limit()), (1, 0));
    ready(&mut drained);
}

#[test]
fn forgotten_permits_lower_the_limit() {
    let semaphore = Semaphore::new(3);
    let mut large = {
        let two = semaphore.try_acquire_many(2).expect("they are free");
        let large = Waiting::new(semaphore.acquire_many(3));
        two.forget();
        large
    };
    assert_eq!(semaphore.limit(), 1);
    let refused = AcquireError::ExceedsLimit {
        wanted: 3,
        limit: 1,
    };
    assert_eq!(
        ready(&mut large).expect_err("it is refused"),
        refused,
        "there will never be so many"
    );
    semaphore.set_limit(3);
    assert_whole(&semaphore);
}
