//! At most so many requests under way.

use std::future::{Future, pending, ready};
use std::num::NonZeroUsize;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tower::{Layer, Service, ServiceExt};
use trunnion_core::{Spawn, YieldNow};
use trunnion_patterns::{AcquireError, Failure, Semaphore};
use trunnion_tower::ConcurrencyLimitLayer;

use crate::server::{gated, server};

fn one() -> ConcurrencyLimitLayer {
    ConcurrencyLimitLayer::new(NonZeroUsize::MIN)
}

fn poll<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn who_calls_sees_that_the_service_is_busy() {
    let layer = one();
    let mut service = layer.layer(server(|(): ()| pending::<Result<(), ()>>()));
    assert!(poll(|cx| service.poll_ready(cx)).is_ready());
    let response = service.call(());
    assert!(poll(|cx| service.poll_ready(cx)).is_pending());
    assert_eq!(layer.semaphore().stats().waiting, 1);
    drop(response);
    assert!(poll(|cx| service.poll_ready(cx)).is_ready());
    assert_eq!(layer.semaphore().stats().waiting, 0);
}

#[test]
fn to_be_ready_twice_takes_one_permit() {
    let layer = one();
    let mut service = layer.layer(server(|(): ()| ready(Ok::<_, ()>(()))));
    assert!(poll(|cx| service.poll_ready(cx)).is_ready());
    assert!(poll(|cx| service.poll_ready(cx)).is_ready());
    assert_eq!(layer.semaphore().stats().held, 1);
}

#[test]
fn a_clone_shares_the_limit_and_carries_neither_permit_nor_place() {
    let layer = one();
    let mut first = layer.layer(server(|(): ()| ready(Ok::<_, ()>(()))));
    assert!(poll(|cx| first.poll_ready(cx)).is_ready());
    let mut second = first.clone();
    assert!(poll(|cx| second.poll_ready(cx)).is_pending());
    let third = second.clone();
    let mut other = layer.layer(server(|(): ()| ready(Ok::<_, ()>(()))));
    assert!(poll(|cx| other.poll_ready(cx)).is_pending(), "of one layer");
    assert_eq!(layer.semaphore().stats().waiting, 2, "no third");
    drop((first, second, third, other));
    assert_eq!(layer.semaphore().available(), 1);
}

#[test]
#[should_panic(expected = "await `ready` first")]
fn a_clone_of_a_ready_service_is_not_ready() {
    let mut service = one().layer(server(|(): ()| ready(Ok::<_, ()>(()))));
    assert!(poll(|cx| service.poll_ready(cx)).is_ready());
    let _response = service.clone().call(());
}

#[test]
fn the_permit_is_back_when_the_response_is_there_though_its_future_is_kept() {
    let layer = one();
    let mut service = layer.layer(server(|(): ()| ready(Ok::<_, ()>(1))));
    assert!(poll(|cx| service.poll_ready(cx)).is_ready());
    let mut response = pin!(service.call(()));
    assert_eq!(layer.semaphore().available(), 0);
    assert_eq!(poll(|cx| response.as_mut().poll(cx)), Poll::Ready(Ok(1)));
    assert_eq!(layer.semaphore().available(), 1);
}

#[test]
fn the_response_is_gone_before_its_permit_is_back() {
    struct Seen(Semaphore);
    impl Drop for Seen {
        fn drop(&mut self) {
            assert_eq!(self.0.available(), 0, "another may have begun");
        }
    }
    let layer = one();
    let mut service = layer.layer(server(|seen: Seen| async move {
        let _seen = seen;
        if true {
            pending().await
        } else {
            Ok::<(), ()>(())
        }
    }));
    assert!(poll(|cx| service.poll_ready(cx)).is_ready());
    let response = service.call(Seen(layer.semaphore().clone()));
    drop(response);
    assert_eq!(layer.semaphore().available(), 1);
}

#[test]
fn what_a_ready_service_reserved_can_be_released() {
    let layer = one();
    let mut ready_one = layer.layer(server(|(): ()| ready(Ok::<_, ()>(()))));
    assert!(poll(|cx| ready_one.poll_ready(cx)).is_ready());
    let mut waiting = ready_one.clone();
    assert!(poll(|cx| waiting.poll_ready(cx)).is_pending());
    ready_one.release();
    assert_eq!(layer.semaphore().stats().granted_unclaimed, 1);
    waiting.release();
    let stats = layer.semaphore().stats();
    assert_eq!((stats.available, stats.granted_unclaimed), (1, 0));
    assert!(
        poll(|cx| waiting.poll_ready(cx)).is_ready(),
        "it can wait again"
    );
}

#[test]
fn a_service_that_cannot_become_ready_keeps_no_permit() {
    let layer = one();
    let broken = gated(|(): ()| ready(Ok(())), || Poll::Ready(Err("broken")));
    let mut service = layer.layer(broken);
    let refused = poll(|cx| service.poll_ready(cx));
    assert_eq!(refused, Poll::Ready(Err(Failure::Op("broken"))));
    assert_eq!(layer.semaphore().available(), 1);
}

#[test]
fn a_closed_limit_refuses_who_waits_and_who_comes() {
    let layer = one();
    let mut service = layer.layer(server(|(): ()| pending::<Result<(), ()>>()));
    assert!(poll(|cx| service.poll_ready(cx)).is_ready());
    let _response = service.call(());
    let mut waiting = service.clone();
    assert!(poll(|cx| waiting.poll_ready(cx)).is_pending());
    layer.semaphore().close();
    let closed = Poll::Ready(Err(Failure::Refused(AcquireError::Closed)));
    assert_eq!(poll(|cx| waiting.poll_ready(cx)), closed);
    assert_eq!(poll(|cx| service.poll_ready(cx)), closed);
    assert_eq!(poll(|cx| waiting.poll_ready(cx)), closed, "and again");
}

#[test]
fn a_limit_that_was_lowered_to_nothing_says_so() {
    let semaphore = Semaphore::new(1);
    let layer = ConcurrencyLimitLayer::with_semaphore(semaphore.clone());
    let mut service = layer.layer(server(|(): ()| ready(Ok::<_, ()>(()))));
    semaphore.set_limit(0);
    let Poll::Ready(Err(Failure::Refused(error))) = poll(|cx| service.poll_ready(cx)) else {
        panic!("nobody can be served")
    };
    assert_eq!(
        error,
        AcquireError::ExceedsLimit {
            wanted: 1,
            limit: 0
        }
    );
    semaphore.set_limit(1);
    assert!(poll(|cx| service.poll_ready(cx)).is_ready());
}

#[test]
fn requests_are_served_in_the_order_in_which_they_came() {
    trunnion_sim::run(|rt| async move {
        let order = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let (seen, turn) = (std::sync::Arc::clone(&order), rt.clone());
        let service = one().layer(server(move |n: u32| {
            seen.lock().expect("nobody panics").push(n);
            let turn = turn.yield_now();
            async move {
                turn.await;
                Ok::<_, ()>(())
            }
        }));
        let mut tasks = Vec::new();
        for n in 0..20 {
            tasks.push(rt.spawn(service.clone().oneshot(n)));
            rt.yield_now().await;
        }
        for task in tasks {
            assert_eq!(task.await.expect("it ends"), Ok(()));
        }
        let order = order.lock().expect("nobody panics");
        assert_eq!(*order, (0..20).collect::<Vec<_>>());
    });
}
