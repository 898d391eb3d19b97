//! The semaphore, polled by hand.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

use trunnion_core::panic::catch;
use trunnion_patterns::{
    Acquire, AcquireError, AcquireOwned, OwnedPermit, Permit, Semaphore, TryAcquireError,
};

/// Counts its wakes, and then does what it is told.
struct Counted(AtomicUsize, Box<dyn Fn() + Send + Sync>);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
        (self.1)();
    }
}

/// A future and its own waker.
struct Waiting<F> {
    future: Pin<Box<F>>,
    waker: Arc<Counted>,
}

impl<F: Future> Waiting<F> {
    fn woken_by(future: F, then: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            future: Box::pin(future),
            waker: Arc::new(Counted(AtomicUsize::new(0), Box::new(then))),
        }
    }

    /// Makes one that waits.
    #[track_caller]
    fn new(future: F) -> Self {
        let mut waiting = Self::woken_by(future, || ());
        assert!(waiting.poll().is_pending(), "it does not wait");
        waiting
    }

    fn poll(&mut self) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(&self.waker));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    fn wakes(&self) -> usize {
        self.waker.0.load(SeqCst)
    }
}

#[track_caller]
fn ready<F: Future>(waiting: &mut Waiting<F>) -> F::Output {
    match waiting.poll() {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

#[track_caller]
fn now<F: Future>(future: F) -> F::Output {
    ready(&mut Waiting::woken_by(future, || ()))
}

/// Asserts that all permits are free, and that nobody waits.
#[track_caller]
fn assert_whole(semaphore: &Semaphore) {
    let stats = semaphore.stats();
    assert_eq!(stats.available, stats.limit, "{stats:?}");
    let rest = (stats.held, stats.debt, stats.assigned, stats.waiting);
    assert_eq!(rest, (0, 0, 0, 0), "{stats:?}");
    assert_eq!(stats.granted_unclaimed, 0, "{stats:?}");
}

#[test]
fn permits_go_out_and_come_back() {
    let semaphore = Semaphore::new(3);
    let one = now(semaphore.acquire()).expect("it is free");
    let two = now(semaphore.acquire_many_owned(2)).expect("they are free");
    assert_eq!((one.count(), two.count(), semaphore.available()), (1, 2, 0));
    let error = semaphore.try_acquire().unwrap_err();
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
        semaphore.try_acquire().unwrap_err(),
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
fn more_than_the_limit_is_refused_at_once() {
    let semaphore = Semaphore::new(2);
    let (wanted, limit) = (3, 2);
    let refused = AcquireError::ExceedsLimit { wanted, limit };
    assert_eq!(now(semaphore.acquire_many(3)).unwrap_err(), refused);
    assert_eq!(now(semaphore.acquire_many_owned(3)).unwrap_err(), refused);
    assert_eq!(semaphore.try_acquire_many(3).unwrap_err(), refused.into());
    let held = semaphore.try_acquire_many(2).expect("they are free");
    assert_eq!(now(semaphore.acquire_many(3)).unwrap_err(), refused);
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
    assert_eq!(now(semaphore.acquire()).unwrap_err(), refused);
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
        semaphore.try_acquire_many(0).unwrap_err(),
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
    assert_eq!(ready(&mut large).unwrap_err(), refused);
    drop((ready(&mut first), ready(&mut last)));
    assert_whole(&semaphore);
}

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
        assert_eq!(ready(waiting).unwrap_err(), AcquireError::Closed);
    }
    assert_eq!(
        now(semaphore.acquire_owned()).unwrap_err(),
        AcquireError::Closed
    );
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
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
        ready(&mut large).unwrap_err(),
        refused,
        "there will never be so many"
    );
    semaphore.set_limit(3);
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
#[should_panic(expected = "polled after it gave its result")]
fn an_owned_acquire_is_polled_to_its_end_once() {
    let semaphore = Semaphore::new(1);
    let mut acquire = pin!(semaphore.acquire_owned());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(acquire.as_mut().poll(&mut cx).is_ready());
    let _ = acquire.poll(&mut cx);
}

#[test]
fn all_can_go_to_another_thread() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<(Semaphore, Permit<'_>, OwnedPermit)>();
    is_shared::<(Acquire<'_>, AcquireOwned)>();
    fn is_plain<T: Unpin + std::panic::UnwindSafe>() {}
    is_plain::<(OwnedPermit, Semaphore)>();
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
