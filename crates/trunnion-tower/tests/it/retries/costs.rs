//! What is asked of the runtime, and what of the budget.

use std::cell::Cell;
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Waker};

use tower::{Layer, Service, ServiceExt};
use trunnion_core::{Clock, Timer};
use trunnion_patterns::{Budget, Expense, RetryBudget};
use trunnion_sim::run;
use trunnion_tower::RetryLayer;

use super::{RETRY, SECOND, failing};
use crate::counted::Counted;
use crate::server::server;

fn is_ready<F: Future>(future: F) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    pin!(future).poll(&mut cx).is_ready()
}

#[test]
fn a_response_that_is_ready_at_once_asks_nothing_of_the_runtime() {
    run(|rt| async move {
        let (rt, asked) = (Counted::new(rt), Rc::default());
        let retry = RETRY.attempt_timeout(SECOND).budget(RetryBudget::new());
        let mut service = RetryLayer::new(rt.clone(), retry).layer(server(failing(0, &asked)));
        assert!(is_ready(service.ready().await.expect("it is").call(7)));
        assert_eq!((asked.get(), rt.counts()), (1, (0, 0, 0)));
    });
}

#[test]
fn a_response_without_limits_waits_without_a_timer() {
    run(|rt| async move {
        let rt = Counted::new(rt);
        let silent = server(|(): ()| pending::<Result<(), ()>>());
        let mut service = RetryLayer::new(rt.clone(), RETRY).layer(silent);
        assert!(!is_ready(service.ready().await.expect("it is").call(())));
        assert_eq!(rt.counts(), (0, 0, 0));
    });
}

#[test]
fn a_limit_costs_one_clock_read_and_one_timer_for_all_polls() {
    run(|rt| async move {
        let counted = Counted::new(rt.clone());
        let silent = server(|(): ()| pending::<Result<(), ()>>());
        let retry = RETRY.attempt_timeout(SECOND);
        let mut service = RetryLayer::new(counted.clone(), retry).layer(silent);
        let mut response = pin!(service.ready().await.expect("it is").call(()));
        for _ in 0..3 {
            assert!(!is_ready(response.as_mut()));
            rt.sleep(SECOND / 9).await;
        }
        assert_eq!(counted.counts(), (1, 1, 0));
    });
}

#[test]
fn an_attempt_whose_call_panics_is_not_paid_for() {
    run(|rt| async move {
        let (asked, budget) = (Rc::new(Cell::new(0)), RetryBudget::new().trickle(0.0));
        let count = Rc::clone(&asked);
        let layer = RetryLayer::new(rt.clone(), RETRY.budget(&budget));
        let mut service = layer.layer(server(move |(): ()| {
            count.set(count.get() + 1);
            assert!(count.get() < 2, "it breaks");
            ready(Err::<(), _>(()))
        }));
        let mut response = Box::pin(service.ready().await.expect("it is").call(()));
        assert!(!is_ready(response.as_mut()));
        rt.sleep(SECOND).await;
        let polled = catch_unwind(AssertUnwindSafe(|| is_ready(response.as_mut())));
        assert!(polled.is_err());
        drop(response);
        assert_eq!(asked.get(), 2);
        assert!(budget.level(&rt) >= 1.0, "{}", budget.level(&rt));
    });
}

/// Is asked for the attempts under way when the budget hears that one, or the call, is over.
struct Watched(Rc<Cell<u32>>);

impl Budget for Watched {
    fn succeeded<C: Clock + ?Sized>(&self, _: &C) {}

    fn withdraw<C: Clock + ?Sized>(&self, _: Expense, _: &C) -> bool {
        true
    }

    fn refund(&self, _: Expense) {}

    fn release(&self) {
        assert_eq!(self.0.get(), 0, "the attempt is over");
    }

    fn end(&self) {
        assert_eq!(self.0.get(), 0, "the call is over");
    }

    fn level<C: Clock + ?Sized>(&self, _: &C) -> f32 {
        1.0
    }
}

struct UnderWay(Rc<Cell<u32>>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[test]
fn a_call_that_is_dropped_drops_its_attempt_before_the_budget_hears_of_it() {
    run(|rt| async move {
        let attempts = Rc::new(Cell::new(0));
        let retry = RETRY.budget(Watched(Rc::clone(&attempts)));
        let inside = Rc::clone(&attempts);
        let mut service = RetryLayer::new(rt, retry).layer(server(move |(): ()| {
            inside.set(inside.get() + 1);
            let under_way = UnderWay(Rc::clone(&inside));
            async move {
                let _under_way = under_way;
                pending::<Result<(), ()>>().await
            }
        }));
        let response = Box::pin(service.ready().await.expect("it is").call(()));
        assert_eq!(attempts.get(), 1);
        drop(response);
        assert_eq!(attempts.get(), 0);
    });
}
