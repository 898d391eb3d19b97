//! What a further attempt's service needs before it is called.

use std::cell::Cell;
use std::future::{pending, ready};
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::task::Poll;

use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use trunnion_core::{Clock, Spawn, Timer};
use trunnion_patterns::{AcquireError, Budget, Failure, OnFailure, RetryBudget};
use trunnion_sim::run;
use trunnion_tower::{ConcurrencyLimitLayer, FlattenLayer, RetryLayer};

use super::{RETRY, SECOND, failing, times};
use crate::server::{gated, server};

#[test]
fn an_error_of_readiness_is_what_the_attempt_came_to() {
    run(|rt| async move {
        let (asked, polls) = (Rc::default(), Rc::new(Cell::new(0)));
        let seen = Rc::clone(&polls);
        let flaky = gated(failing(1, &asked), move || {
            seen.set(seen.get() + 1);
            Poll::Ready(if seen.get() == 2 {
                Err("not ready")
            } else {
                Ok(())
            })
        });
        let service = RetryLayer::new(rt, RETRY).layer(flaky);
        assert_eq!(service.oneshot(7).await, Ok(7));
        assert_eq!((asked.get(), polls.get()), (2, 3));
    });
}

#[test]
fn an_attempt_that_is_given_up_unready_costs_the_budget_nothing() {
    run(|rt| async move {
        let (asked, budget) = (Rc::default(), RetryBudget::new().trickle(0.0));
        let polls = Cell::new(0);
        let once = gated(failing(9, &asked), || {
            polls.set(polls.get() + 1);
            match polls.get() {
                1 => Poll::Ready(Ok(())),
                _ => Poll::Pending,
            }
        });
        let retry = RETRY.attempt_timeout(SECOND).budget(&budget);
        let (service, start) = (RetryLayer::new(rt.clone(), retry).layer(once), rt.now());
        assert!(service.oneshot(7).await.is_err_and(|f| f.is_elapsed()));
        assert_eq!((asked.get(), rt.now() - start), (1, 4 * SECOND));
        assert!(budget.level(&rt) >= 1.0, "{}", budget.level(&rt));
    });
}

#[test]
fn no_permit_is_held_between_attempts() {
    run(|rt| async move {
        let (limit, asked) = (ConcurrencyLimitLayer::new(NonZeroUsize::MIN), Rc::default());
        let service = ServiceBuilder::new()
            .layer(RetryLayer::new(rt.clone(), RETRY))
            .layer(limit.clone())
            .service(server(failing(1, &asked)));
        let seen = async {
            rt.sleep(SECOND / 2).await;
            limit.semaphore().available()
        };
        let (answer, free) = trunnion_patterns::gather((service.oneshot(7), seen)).await;
        assert_eq!((answer, free), (Ok(7), 1));
    });
}

#[test]
fn an_attempt_that_is_given_up_while_it_waits_keeps_no_place_in_the_line() {
    run(|rt| async move {
        let (limit, asked) = (ConcurrencyLimitLayer::new(NonZeroUsize::MIN), Rc::default());
        let retry = RETRY.attempt_timeout(SECOND).classify(OnFailure);
        let service = ServiceBuilder::new()
            .layer(RetryLayer::new(rt.clone(), retry))
            .layer(limit.clone())
            .service(server(failing(1, &asked)));
        let semaphore = limit.semaphore();
        let others = async {
            // Between the first attempt and the second another takes the permit, and keeps it for two attempts.
            rt.sleep(SECOND / 2).await;
            let permit = semaphore.try_acquire().expect("it is free");
            rt.sleep(SECOND).await;
            assert_eq!(semaphore.stats().waiting, 1, "the second attempt");
            rt.sleep(SECOND).await;
            assert_eq!(semaphore.stats().waiting, 0, "the call waits elsewhere");
            drop(permit);
            assert_eq!(semaphore.stats().granted_unclaimed, 0);
            assert!(semaphore.try_acquire().is_ok());
        };
        let (answer, ()) = trunnion_patterns::gather((service.oneshot(7), others)).await;
        assert_eq!((answer, asked.get()), (Ok(7), 2));
    });
}

#[test]
fn a_limit_that_is_closed_ends_the_call() {
    run(|rt| async move {
        let (limit, asked) = (ConcurrencyLimitLayer::new(NonZeroUsize::MIN), Rc::default());
        let retry = RETRY.max_attempts(times(99)).classify(OnFailure);
        let service = ServiceBuilder::new()
            .layer(FlattenLayer)
            .layer(RetryLayer::new(rt.clone(), retry))
            .layer(limit.clone())
            .service(server(failing(99, &asked)));
        let close = async {
            rt.sleep(SECOND / 2).await;
            limit.semaphore().close();
        };
        let (answer, ()) = trunnion_patterns::gather((service.oneshot(7), close)).await;
        assert_eq!(answer, Err(Failure::Refused(AcquireError::Closed)));
        assert_eq!(asked.get(), 1);
    });
}

#[test]
fn a_response_can_be_spawned_where_its_parts_can() {
    run(|rt| async move {
        let service = ServiceBuilder::new()
            .layer(RetryLayer::new(rt.clone(), RETRY))
            .layer(ConcurrencyLimitLayer::new(NonZeroUsize::MIN))
            .layer(trunnion_tower::TimeoutLayer::new(rt.clone(), SECOND))
            .service(server(|n: u32| ready(Ok::<_, ()>(n))));
        let mut service = service;
        let response = service.ready().await.expect("it is").call(7);
        assert_eq!(rt.spawn(response).await.expect("it ends"), Ok(7));
    });
}

#[test]
fn the_ready_service_makes_the_first_attempt() {
    run(|rt| async move {
        // With one permit, a clone could not become ready while the service holds it.
        let limit = ConcurrencyLimitLayer::new(NonZeroUsize::MIN);
        let mut service = RetryLayer::new(rt, RETRY)
            .layer(limit.layer(server(|(): ()| pending::<Result<(), ()>>())));
        let response = service.ready().await.expect("it is").call(());
        let stats = limit.semaphore().stats();
        assert_eq!((stats.held, stats.waiting), (1, 0));
        drop(response);
        assert_eq!(limit.semaphore().available(), 1);
    });
}
