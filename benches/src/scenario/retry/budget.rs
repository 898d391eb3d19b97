//! A retry whose budget gets a deposit.

use std::future::ready;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use trunnion_core::{Clock, Entropy, Timer};
use trunnion_patterns::{Backoff, Budget, Expense, OnError, Retry, RetryBudget, RetryRules};

use super::super::Scenario;
use super::{HEADLINE, HOSTS, TRUNNION, layers, runtime};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "retry-budget",
    about: "A retry with a budget around an operation that succeeds at once, so that the budget gets a deposit. \
            Ours is empty at first and has room for all of them: each deposit is written.",
    unit: "call",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects,
};

fn subjects(_: Host, started: &Started) -> Vec<Subject> {
    let mut rows = vec![
        Subject::peer("tower", layers::with_budget).note("`TpsBudget`: a lock for each deposit"),
    ];
    if let Some(rt) = runtime(started) {
        rows.push(Subject::ours(TRUNNION, move |iterations| {
            trunnion(rt.clone(), iterations)
        }));
    }
    for name in ["tokio-retry", "tryhard", "backon", "again"] {
        rows.push(Subject::missing(name, "it has no budget"));
    }
    rows.push(Subject::peer("limit", deposits).note("one load and one compare-exchange, no call"));
    rows
}

/// Has room for all deposits.
pub(in crate::scenario) fn empty<R: Clock>(rt: &R) -> RetryBudget {
    const MOST: u32 = 4_000_000;
    let budget = RetryBudget::new().cap(MOST).cost(MOST).reward(0.001);
    assert!(budget.withdraw(Expense::Failure, rt), "it is full");
    budget
}

pub(in crate::scenario) fn retry<B: Budget>(budget: B) -> Retry<RetryRules<OnError, B>> {
    Retry::new(Backoff::exponential(Duration::from_millis(100))).budget(budget)
}

/// The least that a deposit in one word is.
async fn deposits(iterations: u32) -> u64 {
    let word = AtomicU64::new(0);
    for _ in 0..iterations {
        let word = black_box(&word);
        let now = word.load(Relaxed);
        _ = word.compare_exchange(now, now + 1, Relaxed, Relaxed);
    }
    word.into_inner()
}

async fn trunnion<R: Timer + Entropy>(rt: R, iterations: u32) -> u64 {
    let budget = empty(&rt);
    let retry = retry(&budget);
    let mut sum = 0;
    for _ in 0..iterations {
        let call = retry.run(&rt, |_| ready(Ok::<u64, ()>(black_box(1))));
        sum += call.await.unwrap_or(0);
    }
    sum
}
