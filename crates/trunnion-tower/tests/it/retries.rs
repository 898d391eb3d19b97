//! Requests that are tried again.

mod costs;
mod peers;
mod readiness;

use std::cell::Cell;
use std::future::{Ready, pending, ready};
use std::num::NonZeroU32;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use tower::{Layer, Service, ServiceExt};
use trunnion_core::{CancelKind, CancelReason, Clock, Timer};
use trunnion_patterns::{
    Backoff, Budget, Failure, Hint, Jitter, OnFailure, Retry, RetryBudget, Verdict,
};
use trunnion_sim::run;
use trunnion_tower::RetryLayer;

use crate::server::server;

const SECOND: Duration = Duration::from_secs(1);
const RETRY: Retry = Retry::new(Backoff::fixed(SECOND).jitter(Jitter::None));

/// Counts requests, and fails the first `failures`.
fn failing(
    failures: u32,
    asked: &Rc<Cell<u32>>,
) -> impl FnMut(u32) -> Ready<Result<u32, &'static str>> + Clone + use<> {
    let asked = Rc::clone(asked);
    move |request| {
        asked.set(asked.get() + 1);
        ready(if asked.get() <= failures {
            Err("down")
        } else {
            Ok(request)
        })
    }
}

fn times(attempts: u32) -> NonZeroU32 {
    NonZeroU32::new(attempts).expect("not zero")
}

#[test]
fn a_request_is_tried_until_it_succeeds() {
    run(|rt| async move {
        let (asked, start) = (Rc::default(), rt.now());
        let layer = RetryLayer::new(rt.clone(), RETRY);
        let service = layer.layer(server(failing(2, &asked)));
        assert_eq!(service.oneshot(7).await, Ok(7));
        assert_eq!((asked.get(), rt.now() - start), (3, 2 * SECOND));
    });
}

#[test]
fn the_last_error_is_given_when_all_attempts_failed() {
    run(|rt| async move {
        let asked = Rc::default();
        let service = RetryLayer::new(rt, RETRY).layer(server(failing(9, &asked)));
        assert_eq!(service.oneshot(7).await, Err(Failure::Op("down")));
        assert_eq!(asked.get(), 3);
    });
}

#[test]
fn a_late_attempt_is_gone_before_the_wait() {
    struct Under(Rc<Cell<u32>>);
    impl Drop for Under {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }
    run(|rt| async move {
        let (alive, start) = (Rc::new(Cell::new(0)), rt.now());
        let inside = Rc::clone(&alive);
        let retry = RETRY.attempt_timeout(SECOND).observe({
            let alive = Rc::clone(&alive);
            move |_: &trunnion_patterns::Retrying<'_, (), ()>| assert_eq!(alive.get(), 0)
        });
        let service = RetryLayer::new(rt.clone(), retry).layer(server(move |(): ()| {
            inside.set(inside.get() + 1);
            let under = Under(Rc::clone(&inside));
            async move {
                let _under = under;
                pending::<Result<(), ()>>().await
            }
        }));
        let failure = service.oneshot(()).await.expect_err("it is silent");
        assert!(failure.is_elapsed());
        assert_eq!(rt.now() - start, 5 * SECOND, "three attempts and two waits");
    });
}

#[test]
fn a_call_ends_at_its_deadline_and_no_wait_reaches_it() {
    run(|rt| async move {
        let (asked, start) = (Rc::default(), rt.now());
        let layer = RetryLayer::new(rt.clone(), RETRY.max_attempts(times(99)));
        let layer = layer.deadline_after(SECOND * 5 / 2);
        let service = layer.layer(server(failing(99, &asked)));
        assert_eq!(service.oneshot(7).await, Err(Failure::Op("down")));
        assert_eq!((asked.get(), rt.now() - start), (3, 2 * SECOND));

        let start = rt.now();
        let silent = layer.layer(server(|(): ()| pending::<Result<(), ()>>()));
        assert!(silent.oneshot(()).await.is_err_and(|f| f.is_elapsed()));
        assert_eq!(rt.now() - start, SECOND * 5 / 2);
    });
}

#[test]
fn hints_of_the_service_are_followed() {
    run(|rt| async move {
        let start = rt.now();
        let retry = RETRY.classify(|result: &Result<u32, &str>| match result {
            Ok(_) => Verdict::Done,
            Err(_) => Verdict::Throttled(Hint::After(10 * SECOND)),
        });
        let asked = Rc::default();
        let service = RetryLayer::new(rt.clone(), retry).layer(server(failing(1, &asked)));
        assert_eq!(service.oneshot(7).await, Ok(7));
        assert!((10 * SECOND..=11 * SECOND).contains(&(rt.now() - start)));
    });
}

#[test]
fn an_answer_that_is_not_yet_one_can_be_tried_again() {
    run(|rt| async move {
        let retry = RETRY.classify(|result: &Result<u32, ()>| match result {
            Ok(0) => Verdict::Transient,
            _ => Verdict::Done,
        });
        let left = Rc::new(Cell::new(3));
        let service = RetryLayer::new(rt, retry).layer(server(move |(): ()| {
            left.set(left.get() - 1);
            ready(Ok(if left.get() > 0 { 0 } else { 9 }))
        }));
        assert_eq!(service.oneshot(()).await, Ok(9));
    });
}

#[test]
fn a_request_that_never_left_is_sent_again_even_by_the_only_attempt() {
    run(|rt| async move {
        let (asked, start) = (Rc::default(), rt.now());
        let budget = RetryBudget::new().trickle(0.0);
        let retry = RETRY
            .max_attempts(NonZeroU32::MIN)
            .budget(&budget)
            .classify(|result: &Result<u32, &str>| match result {
                Ok(_) => Verdict::Done,
                Err(_) => Verdict::NeverSent,
            });
        let service = RetryLayer::new(rt.clone(), retry).layer(server(failing(1, &asked)));
        assert_eq!(service.oneshot(7).await, Ok(7));
        assert_eq!((asked.get(), rt.now()), (2, start));
        assert!(budget.level(&rt) >= 1.0, "unpaid");
    });
}

#[test]
fn a_cancellation_inside_is_not_tried_again() {
    run(|rt| async move {
        let asked = Rc::new(Cell::new(0));
        let count = Rc::clone(&asked);
        let service =
            RetryLayer::new(rt, RETRY.classify(OnFailure)).layer(server(move |(): ()| {
                count.set(count.get() + 1);
                let reason = CancelReason::new(CancelKind::Shutdown);
                ready(Err::<(), _>(Failure::<&str>::Cancelled {
                    reason,
                    last: None,
                }))
            }));
        let failure = service.oneshot(()).await.expect_err("it is cancelled");
        assert!(failure.flatten().is_cancelled());
        assert_eq!(asked.get(), 1);
    });
}

#[test]
fn all_clones_pay_from_one_budget() {
    run(|rt| async move {
        let (asked, retry) = (Rc::default(), RETRY.max_attempts(times(9)));
        let layer = RetryLayer::new(rt, retry.budget(RetryBudget::new().trickle(0.0)));
        let first = layer.layer(server(failing(999, &asked)));
        let second = layer.clone().layer(server(failing(999, &asked)));
        assert!(first.clone().oneshot(1).await.is_err());
        assert!(first.oneshot(1).await.is_err() && second.oneshot(1).await.is_err());
        assert_eq!(asked.get(), 3 + 10, "ten retries for all of them");
    });
}

#[test]
fn a_call_that_is_dropped_pays_only_for_attempts_that_began() {
    run(|rt| async move {
        let (asked, budget) = (Rc::default(), RetryBudget::new().trickle(0.0));
        let layer = RetryLayer::new(rt.clone(), RETRY.budget(&budget));
        let mut service = layer.layer(server(failing(9, &asked)));
        let response = service.ready().await.expect("it is").call(7);
        let limited = trunnion_patterns::timeout(&rt, SECOND / 2, response).await;
        assert!(limited.is_err());
        assert_eq!(asked.get(), 1);
        assert!(budget.level(&rt) >= 1.0);
        assert_eq!(rt.next_deadline(), None);
    });
}

#[test]
fn a_response_that_is_there_leaves_no_timer_though_its_future_is_kept() {
    run(|rt| async move {
        let clock = rt.clone();
        let slow = server(move |(): ()| {
            let sleep = clock.sleep(SECOND / 2);
            async move {
                sleep.await;
                Ok::<_, ()>(1)
            }
        });
        let layer = RetryLayer::new(rt.clone(), RETRY.attempt_timeout(SECOND));
        let mut service = layer.layer(slow);
        let mut response = pin!(service.ready().await.expect("it is").call(()));
        assert_eq!(response.as_mut().await, Ok(1));
        assert_eq!(rt.next_deadline(), None);
    });
}

#[test]
#[should_panic(expected = "the response was polled after it gave its result")]
fn a_response_gives_its_result_once() {
    run(|rt| async move {
        let asked = Rc::default();
        let mut service = RetryLayer::new(rt, RETRY).layer(server(failing(0, &asked)));
        let mut response = pin!(service.ready().await.expect("it is").call(7));
        let _answer = response.as_mut().await;
        let _again = response.as_mut().await;
    });
}
