//! Four questions to a semaphore, polled by hand: asserted of ours, printed of peers (`cargo test -p trunnion-tests --test it probes --
//! --nocapture`).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use crate::waits::Waits;

type Boxed<T> = Pin<Box<dyn Future<Output = T>>>;

/// A semaphore whose permits own what they need.
trait Probed {
    const NAME: &str;
    type Permit: 'static;

    fn new(permits: usize) -> Self;
    fn try_acquire(&self) -> Option<Self::Permit>;
    fn acquire(&self) -> Boxed<Self::Permit>;
    /// `None` where there are no weights.
    fn acquire_two(&self) -> Option<Boxed<Self::Permit>>;
}

struct Ours(trunnion_patterns::Semaphore);

impl Probed for Ours {
    const NAME: &str = "trunnion";
    type Permit = trunnion_patterns::OwnedPermit;

    fn new(permits: usize) -> Self {
        Self(trunnion_patterns::Semaphore::new(permits))
    }

    fn try_acquire(&self) -> Option<Self::Permit> {
        self.0.try_acquire_owned().ok()
    }

    fn acquire(&self) -> Boxed<Self::Permit> {
        let acquire = self.0.acquire_owned();
        Box::pin(async { acquire.await.expect("it is open") })
    }

    fn acquire_two(&self) -> Option<Boxed<Self::Permit>> {
        let acquire = self.0.acquire_many_owned(2);
        Some(Box::pin(async { acquire.await.expect("it is open") }))
    }
}

struct Tokio(Arc<tokio::sync::Semaphore>);

impl Probed for Tokio {
    const NAME: &str = "tokio";
    type Permit = tokio::sync::OwnedSemaphorePermit;

    fn new(permits: usize) -> Self {
        Self(Arc::new(tokio::sync::Semaphore::new(permits)))
    }

    fn try_acquire(&self) -> Option<Self::Permit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }

    fn acquire(&self) -> Boxed<Self::Permit> {
        let acquire = Arc::clone(&self.0).acquire_owned();
        Box::pin(async { acquire.await.expect("it is open") })
    }

    fn acquire_two(&self) -> Option<Boxed<Self::Permit>> {
        let acquire = Arc::clone(&self.0).acquire_many_owned(2);
        Some(Box::pin(async { acquire.await.expect("it is open") }))
    }
}

struct AsyncLock(Arc<async_lock::Semaphore>);

impl Probed for AsyncLock {
    const NAME: &str = "async-lock";
    type Permit = async_lock::SemaphoreGuardArc;

    fn new(permits: usize) -> Self {
        Self(Arc::new(async_lock::Semaphore::new(permits)))
    }

    fn try_acquire(&self) -> Option<Self::Permit> {
        self.0.try_acquire_arc()
    }

    fn acquire(&self) -> Boxed<Self::Permit> {
        Box::pin(self.0.acquire_arc())
    }

    fn acquire_two(&self) -> Option<Boxed<Self::Permit>> {
        None
    }
}

/// Two permits that are out, and two who wait.
struct Case<S: Probed> {
    semaphore: S,
    held: Vec<S::Permit>,
    first: Waits<'static, S::Permit>,
    second: Waits<'static, S::Permit>,
}

impl<S: Probed> Case<S> {
    fn new() -> Self {
        let semaphore = S::new(2);
        let held = (0..2).filter_map(|_| semaphore.try_acquire()).collect();
        let first = Waits::new(semaphore.acquire());
        let second = Waits::new(semaphore.acquire());
        Self {
            semaphore,
            held,
            first,
            second,
        }
    }
}

/// P1: do two releases wake both?
fn two_releases_wake_two<S: Probed>() -> bool {
    let mut case = Case::<S>::new();
    case.held.clear();
    case.first.is_woken() && case.second.is_woken()
}

/// P2: is the next one woken when the woken one is dropped?
fn a_dropped_one_wakes_the_next<S: Probed>() -> bool {
    let mut case = Case::<S>::new();
    case.held.pop();
    drop(case.first);
    case.second.is_woken()
}

/// P3: can who does not wait take what was given to who waited?
fn a_try_steals<S: Probed>() -> bool {
    let mut case = Case::<S>::new();
    case.held.pop();
    case.semaphore.try_acquire().is_some()
}

/// P4: does a small request pass a large one that came first?
fn a_small_one_passes<S: Probed>() -> Option<bool> {
    let semaphore = S::new(2);
    let mut held: Vec<_> = (0..2).filter_map(|_| semaphore.try_acquire()).collect();
    let _large = Waits::new(semaphore.acquire_two()?);
    held.pop();
    let mut small = semaphore.acquire();
    Some(
        small
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_ready(),
    )
}

/// The answers to all four.
type Answers = (bool, bool, bool, Option<bool>);

#[expect(clippy::print_stdout, reason = "the comparison is printed")]
fn ask<S: Probed>() -> Answers {
    let answers = (
        two_releases_wake_two::<S>(),
        a_dropped_one_wakes_the_next::<S>(),
        a_try_steals::<S>(),
        a_small_one_passes::<S>(),
    );
    let (both, next, steals, passes) = answers;
    let passes = passes.map_or_else(|| String::from("no weights"), |passes| passes.to_string());
    println!(
        "{:10} | two releases wake two: {both} | a dropped one wakes the next: {next} | a try steals: {steals} | \
         a small one passes: {passes}",
        S::NAME
    );
    answers
}

#[test]
fn probes_of_ours_and_of_peers() {
    assert_eq!(ask::<Ours>(), (true, true, false, Some(false)));
    ask::<Tokio>();
    ask::<AsyncLock>();
}
