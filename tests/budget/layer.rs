//! What layers of tower allocate, and how large their futures are.

use std::future::{Future, Ready, pending, ready};
use std::num::NonZeroUsize;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tower::{Layer, Service};
use trunnion_core::Timer;
use trunnion_patterns::{Backoff, Retry, RetryBudget};
use trunnion_smol::SmolGlobal;
use trunnion_tokio::Tokio;
use trunnion_tower::{
    ConcurrencyLimitFuture, ConcurrencyLimitLayer, ConcurrencyLimitService, RetryLayer,
    TimeoutFuture, TimeoutLayer,
};

use crate::{HOUR, TIMES, count, tokio};

static BUDGET: RetryBudget = RetryBudget::new();

/// Answers at once.
#[derive(Clone)]
struct Echo;

impl Service<u64> for Echo {
    type Response = u64;
    type Error = ();
    type Future = Ready<Result<u64, ()>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u64) -> Self::Future {
        // An odd request fails, and so does its retry.
        ready(if request.is_multiple_of(2) {
            Ok(request)
        } else {
            Err(())
        })
    }
}

fn ask<S: Service<u64>>(service: &mut S, request: u64) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready());
    pin!(service.call(request)).poll(&mut cx).is_ready()
}

#[test]
fn a_request_through_the_layers_allocates_nothing() {
    let owner = tokio();
    let rt = owner.handle();
    let retry = Retry::new(Backoff::fixed(HOUR)).attempt_timeout(HOUR);
    let retries = RetryLayer::new(rt.clone(), retry.budget(&BUDGET));
    let limit = ConcurrencyLimitLayer::new(NonZeroUsize::MIN);
    let limited = limit.layer(TimeoutLayer::new(rt, HOUR).layer(Echo));
    let mut service = retries.layer(limited);
    assert_eq!(count(|| assert!(ask(&mut service, 2))), 0);
}

#[test]
fn a_retry_without_a_wait_allocates_nothing() {
    let owner = tokio();
    let retry = Retry::new(Backoff::fixed(std::time::Duration::ZERO));
    let mut service = RetryLayer::new(owner.handle(), retry).layer(Echo);
    // Every 129th turn is given to others, and the call is dropped then.
    assert_eq!(count(|| _ = ask(&mut service, 1)), 0);
}

#[test]
fn a_service_that_waits_allocates_once_for_all_its_waits() {
    let limit = ConcurrencyLimitLayer::new(NonZeroUsize::MIN);
    let mut service = limit.layer(Echo);
    let mut cx = Context::from_waker(Waker::noop());
    let mut granted = 0;
    let counted = count(|| {
        let held = limit.semaphore().try_acquire().expect("it is free");
        assert!(service.poll_ready(&mut cx).is_pending());
        drop(held);
        // Every 129th turn is given to others.
        while service.poll_ready(&mut cx).is_pending() {}
        granted += u64::from(pin!(service.call(2)).poll(&mut cx).is_ready());
    });
    assert_eq!((counted, granted), (1, TIMES));
}

#[test]
fn futures_and_services_are_as_small_as_their_parts_allow() {
    type Sleep<R> = <R as Timer>::Sleep;
    type Never = std::future::Pending<Result<u64, ()>>;
    const WORD: usize = size_of::<usize>();
    let _: fn() -> Never = pending;
    assert_eq!(size_of::<ConcurrencyLimitFuture<Never>>(), 3 * WORD);
    assert_eq!(size_of::<ConcurrencyLimitService<()>>(), 4 * WORD);
    let added = |whole: usize, sleep: usize| whole - sleep;
    let smol = size_of::<TimeoutFuture<SmolGlobal, Never>>();
    assert!(added(smol, size_of::<Sleep<SmolGlobal>>()) <= 40, "{smol}");
    let tokio = size_of::<TimeoutFuture<Tokio, Never>>();
    let parts = size_of::<Sleep<Tokio>>() + size_of::<Tokio>();
    assert!(added(tokio, parts) <= 40, "{tokio}");
    assert_eq!(size_of::<RetryLayer<Tokio>>(), 3 * WORD);
}

#[test]
fn the_response_of_a_retry_is_at_most_80_bytes_larger_than_its_parts() {
    type Sleep = <Tokio as Timer>::Sleep;
    fn of<S: Service<u64>>(_: &S) -> usize {
        size_of::<S::Future>()
    }
    let owner = tokio();
    let retry = Retry::new(Backoff::fixed(HOUR));
    let whole = of(&RetryLayer::new(owner.handle(), retry).layer(Echo));
    let parts = size_of::<Sleep>() + size_of::<u64>() + size_of::<Ready<Result<u64, ()>>>();
    assert!(whole - parts <= 80, "{}", whole - parts);
}
