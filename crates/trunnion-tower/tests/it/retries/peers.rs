//! What tower's own retry and limits do wrong, or leave to their users.

use std::cell::RefCell;
use std::collections::HashSet;
use std::future::ready;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use tower::{Layer, Service, ServiceExt};
use trunnion_core::Clock;
use trunnion_patterns::{Backoff, Retry, each, gather};
use trunnion_sim::run;
use trunnion_tower::{ConcurrencyLimitLayer, RetryLayer, TimeoutLayer};

use super::{SECOND, times};
use crate::server::server;

/// tower's `ExponentialBackoffMaker` gives each of its backoffs the same random numbers.
#[test]
fn calls_of_one_layer_do_not_come_back_together() {
    run(|rt| async move {
        let instants = Rc::new(RefCell::new(Vec::new()));
        let (clock, seen) = (rt.clone(), Rc::clone(&instants));
        let down = server(move |(): ()| {
            seen.borrow_mut().push(clock.now());
            ready(Err::<(), _>("down"))
        });
        let retry = Retry::new(Backoff::exponential(SECOND)).max_attempts(times(2));
        let service = RetryLayer::new(rt, retry).layer(down);
        gather(each((0..10).map(|_| service.clone().oneshot(())))).await;
        let instants = instants.borrow();
        let distinct: HashSet<_> = instants.iter().map(|at| format!("{at:?}")).collect();
        assert_eq!(
            distinct.len(),
            1 + 10,
            "the first attempts, and each retry alone"
        );
    });
}

/// tower's jitter never draws below the first delay's floor, and at the cap always the cap.
#[test]
fn the_first_wait_is_spread_over_its_whole_range() {
    run(|rt| async move {
        let retry = Retry::new(Backoff::exponential(SECOND)).max_attempts(times(2));
        let service =
            RetryLayer::new(rt.clone(), retry).layer(server(|(): ()| ready(Err::<(), _>(()))));
        let mut short = 0;
        for _ in 0..100 {
            let start = rt.now();
            assert!(service.clone().oneshot(()).await.is_err());
            let waited = rt.now() - start;
            assert!(waited <= SECOND);
            short += u32::from(waited < SECOND / 2);
        }
        assert!((25..=75).contains(&short), "{short}");
    });
}

/// tower's rate limit is one of each clone; its concurrency limit one of each service that a layer makes.
#[test]
fn services_of_one_layer_share_the_limit() {
    run(|_| async {
        let layer = ConcurrencyLimitLayer::new(NonZeroUsize::MIN);
        let mut first = layer.layer(server(|(): ()| ready(Ok::<_, ()>(()))));
        let mut second = layer.clone().layer(server(|(): ()| ready(Ok::<_, ()>(()))));
        first.ready().await.expect("it is");
        let mut cx = Context::from_waker(Waker::noop());
        assert!(second.poll_ready(&mut cx).is_pending());
    });
}

/// A slot that tower reserved in `poll_ready` is leaked unless a call follows; its users have only the drop.
#[test]
fn a_reservation_that_is_not_used_can_be_given_up() {
    run(|_| async {
        let layer = ConcurrencyLimitLayer::new(NonZeroUsize::MIN);
        let mut service = layer.layer(server(|(): ()| ready(Ok::<_, ()>(()))));
        service.ready().await.expect("it is");
        let mut other = service.clone();
        service.release();
        assert!(other.ready().await.is_ok(), "nobody waits for ever");
        drop(other);
        assert_eq!(layer.semaphore().available(), 1);
    });
}

/// tower's timeout boxes the service's error, so that one must guess what is inside.
#[test]
fn the_error_of_a_service_keeps_its_type_under_a_timeout() {
    run(|rt| async move {
        let layer = TimeoutLayer::new(rt, Duration::ZERO);
        let mut service = layer.layer(server(|(): ()| ready(Err::<(), u8>(7))));
        let response = service.ready().await.expect("it is").call(());
        assert_eq!(
            response.await.map_err(trunnion_patterns::Failure::into_op),
            Err(Some(7))
        );
    });
}
