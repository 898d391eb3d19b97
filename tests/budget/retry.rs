//! What retries allocate, and how large they are.

use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use trunnion_core::Timer;
use trunnion_patterns::{
    Attempt, Backoff, Budget, Expense, Retry, RetryBudget, RetryPolicy, RetryRun, timeout,
};
use trunnion_tokio::Tokio;

use crate::{HOUR, count, tokio};

static BUDGET: RetryBudget = RetryBudget::new();

fn poll<F: Future>(future: F) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    pin!(future).poll(&mut cx).is_ready()
}

#[test]
fn a_retry_allocates_nothing_unless_its_runtimes_sleep_does() {
    let (owner, failures) = (tokio(), 2);
    let rt = owner.handle();
    let retry = Retry::new(Backoff::fixed(Duration::ZERO))
        .attempt_timeout(HOUR)
        .budget(&BUDGET);
    let calls = count(|| {
        assert!(poll(retry.run(&rt, |_| ready(Ok::<_, ()>(1)))));
        BUDGET.refund(Expense::Failure);
        let fails = |attempt: Attempt| {
            ready(if attempt.number() <= failures {
                Err(())
            } else {
                Ok(())
            })
        };
        // Every 129th turn is given to others, and the call is dropped then.
        let _ = poll(retry.run(&rt, fails).report());
        BUDGET.refund(Expense::Failure);
    });
    assert_eq!(calls, 0);
}

/// The bytes that a call adds to operation, its future and the sleep.
fn added<P, F, Fut>(_: RetryRun<'_, Tokio, P, F, Fut>) -> usize
where
    P: RetryPolicy,
    Fut: Future,
{
    type Sleep = <Tokio as Timer>::Sleep;
    let whole = size_of::<RetryRun<'_, Tokio, P, F, Fut>>();
    whole - size_of::<F>() - size_of::<Fut>() - size_of::<Sleep>()
}

#[test]
fn a_call_is_at_most_64_bytes_larger_than_its_parts() {
    let owner = tokio();
    let rt = owner.handle();
    let retry = Retry::new(Backoff::fixed(HOUR));
    let small = added(retry.run(&rt, |_| ready(Ok::<u64, ()>(1))));
    assert!(small <= 64, "{small}");
    let paid = retry.budget(&BUDGET);
    let paid = added(paid.run(&rt, |_| ready(Ok::<u64, ()>(1))));
    assert!(paid <= 64, "{paid}");
    let large = added(retry.run(&rt, |_| async {
        let text = [1_u8; 1_000];
        ready(()).await;
        Ok::<u8, ()>(text[7])
    }));
    assert!(large <= 64, "{large}");
}

#[test]
fn a_timeout_with_grace_of_what_is_ready_touches_neither_timer_nor_heap() {
    let owner = tokio();
    let (rt, token) = (owner.handle(), trunnion_core::CancelToken::new());
    let counted = count(|| assert!(poll(timeout(&rt, HOUR, ready(1)).grace(HOUR, &token))));
    assert_eq!(counted, 0);
}

#[test]
fn budgets_are_small() {
    assert_eq!(size_of::<RetryBudget>(), 32);
    assert_eq!(size_of::<trunnion_patterns::GrpcThrottle>(), 16);
    assert_eq!(size_of::<trunnion_patterns::ConcurrencyBudget>(), 16);
    assert_eq!(size_of::<Retry>(), size_of::<Backoff>() + 72);
}
