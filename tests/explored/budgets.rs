//! What retries may cost.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use trunnion_core::{CancelToken, Clock, Instant, Spawn};
use trunnion_patterns::{
    Backoff, Budget, ConcurrencyBudget, Expense, Fund, Jitter, RatioBudget, Retry,
};
use trunnion_sim::SimRuntime;

use crate::harness::{LATE, Space, explore};
use crate::parts::{Census, Log, MOMENT, after, pass};

const BACKOFF: Backoff = Backoff::fixed(MOMENT);
const DAY: Duration = Duration::from_hours(24);

/// Makes three attempts that fail, and notes those that are retries.
async fn fail<B: Budget>(rt: SimRuntime, budget: Arc<B>, retries: Census) {
    let retry = Retry::new(BACKOFF).max_attempts(NonZeroU32::new(3).unwrap());
    let retry = retry.budget(budget);
    let call = retry.run(&rt, |attempt| {
        let retry = (attempt.number() > 1).then(|| retries.join());
        async move {
            pass(1).await;
            drop(retry);
            Err::<(), _>("down")
        }
    });
    assert!(call.await.is_err());
}

#[test]
fn no_more_retries_are_under_way_than_the_calls_pay_for_and_all_is_given_back() {
    explore(Space::Preemptions(2), LATE, |rt| async move {
        let budget = Arc::new(ConcurrencyBudget::new(0.5).least(1));
        let (retries, token) = (Census::default(), CancelToken::new());
        let calls = [(); 2].map(|()| {
            let call = fail(rt.clone(), Arc::clone(&budget), retries.clone());
            let token = token.clone();
            rt.spawn(async move { token.run_until_cancelled(call).await.is_ok() })
        });
        let cancels = {
            let (nap, token) = (after(&rt, 1, ()), token.clone());
            rt.spawn(async move {
                nap.await;
                token.cancel();
            })
        };
        for call in calls {
            call.await.unwrap();
        }
        cancels.await.unwrap();
        // Half of two calls is one, and one is always paid for.
        assert!(retries.peak() <= 1, "{} at once", retries.peak());
        let left = format!("{budget:?}");
        assert!(
            left.contains("calls: 0") && left.contains("retries: 0"),
            "{left}"
        );
    });
}

#[test]
fn retries_are_a_share_of_what_succeeded() {
    explore(Space::Preemptions(2), LATE, |rt| async move {
        let budget = Arc::new(RatioBudget::new(0.5, DAY).reserve(0));
        let retries = Census::default();
        let good = [(); 2].map(|()| {
            let (rt, budget) = (rt.clone(), Arc::clone(&budget));
            rt.clone().spawn(async move {
                let retry = Retry::new(BACKOFF).budget(budget);
                let call = retry.run(&rt, |_| async { (pass(1).await, Ok::<_, &str>(())).1 });
                call.await.unwrap();
            })
        });
        let bad = rt.spawn(fail(rt.clone(), Arc::clone(&budget), retries.clone()));
        for call in good {
            call.await.unwrap();
        }
        bad.await.unwrap();
        assert!(retries.entered() <= 1, "two successes pay for one retry");
        let paid = retries.entered() == 1;
        let left = budget.withdraw(Expense::Failure, &rt);
        assert_ne!(left, paid, "what was not used is there still, and no more");
    });
}

#[test]
fn requests_pay_too_where_they_are_the_fund() {
    explore(Space::Preemptions(2), LATE, |rt| async move {
        let budget = RatioBudget::new(0.5, DAY).reserve(0).fund(Fund::Request);
        let (budget, retries) = (Arc::new(budget), Census::default());
        let calls =
            [(); 2].map(|()| rt.spawn(fail(rt.clone(), Arc::clone(&budget), retries.clone())));
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(retries.entered(), 1, "two calls pay for one retry");
        assert!(!budget.withdraw(Expense::Failure, &rt));
    });
}

/// What happened to a budget, and when.
#[derive(Clone, Copy)]
enum Entry {
    Success(Instant),
    /// Whether it was paid for.
    Retry(Instant, bool),
}

/// Replays what happened: at most as many retries as successes in the newest ten milliseconds, each counted whole.
fn judge(entries: &[Entry]) {
    let part = |at: Instant| at.as_nanos() / 1_000_000;
    let mut counted: Vec<(u64, i32)> = Vec::new();
    for entry in entries {
        match *entry {
            Entry::Success(at) => counted.push((part(at), 1)),
            Entry::Retry(at, paid) => {
                let kept = counted.iter().filter(|(of, _)| of + 10 > part(at));
                let left: i32 = kept.map(|(_, tokens)| tokens).sum();
                assert_eq!(paid, left >= 1, "{left} are left at {at:?}");
                if paid {
                    counted.push((part(at), -1));
                }
            }
        }
    }
}

#[test]
fn what_succeeded_is_forgotten_after_a_while() {
    explore(Space::Preemptions(2), LATE, |rt| async move {
        let budget = Arc::new(RatioBudget::new(1.0, 10 * MOMENT).reserve(0));
        let entries = Log::default();
        let succeeds = [0, 7].map(|at| {
            let (nap, rt, budget, entries) = (
                after(&rt, at, ()),
                rt.clone(),
                Arc::clone(&budget),
                entries.clone(),
            );
            rt.clone().spawn(async move {
                nap.await;
                budget.succeeded(&rt);
                entries.add(Entry::Success(rt.now()));
            })
        });
        let asks = {
            let (rt, budget, entries) = (rt.clone(), Arc::clone(&budget), entries.clone());
            rt.clone().spawn(async move {
                for _ in 0..3 {
                    after(&rt, 7, ()).await;
                    let paid = budget.withdraw(Expense::Failure, &rt);
                    entries.add(Entry::Retry(rt.now(), paid));
                }
            })
        };
        for task in succeeds {
            task.await.unwrap();
        }
        asks.await.unwrap();
        judge(&entries.take());
    });
}

#[test]
fn a_call_in_the_form_of_a_loop_pays_as_any_other() {
    use std::ops::ControlFlow::{Break, Continue};

    explore(Space::Preemptions(2), LATE, |rt| async move {
        let budget = Arc::new(ConcurrencyBudget::new(0.0).least(1));
        let (attempts, retries) = (Arc::new(AtomicU32::new(0)), Census::default());
        let calls = [(); 2].map(|()| {
            let (rt, budget) = (rt.clone(), Arc::clone(&budget));
            let (attempts, retries) = (Arc::clone(&attempts), retries.clone());
            rt.clone().spawn(async move {
                let exact = BACKOFF.jitter(Jitter::None);
                let retry = Retry::new(exact).max_attempts(NonZeroU32::new(2).unwrap());
                let retry = retry.budget(budget);
                let (mut call, mut own, start) = (retry.start(&rt), 0, rt.now());
                let result = loop {
                    own += 1;
                    attempts.fetch_add(1, Relaxed);
                    let member = (own > 1).then(|| retries.join());
                    pass(1).await;
                    drop(member);
                    match call.check(Err::<(), _>("down")).await {
                        Break(result) => break result,
                        Continue(()) => assert!(rt.now() - start >= MOMENT, "it has waited"),
                    }
                };
                assert!(result.is_err() && own <= 2, "{own} attempts");
                own
            })
        });
        let mut all = 0;
        for call in calls {
            all += call.await.unwrap();
        }
        assert_eq!(all, attempts.load(Relaxed));
        assert!(retries.peak() <= 1 && retries.entered() >= 1);
        let left = format!("{budget:?}");
        assert!(
            left.contains("calls: 0") && left.contains("retries: 0"),
            "{left}"
        );
    });
}
