//! Trying again.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use trunnion_core::{CancelToken, Clock, Spawn};
use trunnion_patterns::{Backoff, Budget, Failure, Retry, RetryBudget};

use crate::harness::{LATE, Space, explore};
use crate::parts::{Census, Fault, MOMENT, after, pass};

const BACKOFF: Backoff = Backoff::fixed(MOMENT);

#[test]
fn calls_end_with_a_success_or_after_so_many_attempts() {
    explore(Space::All, LATE, |rt| async move {
        let tries = Arc::new(AtomicU32::new(0));
        let calls = [(); 2].map(|()| {
            let (rt, tries) = (rt.clone(), Arc::clone(&tries));
            rt.clone().spawn(async move {
                let retry = Retry::new(BACKOFF).max_attempts(NonZeroU32::new(2).unwrap());
                let own = AtomicU32::new(0);
                let answer = retry.run(&rt, |_| {
                    own.fetch_add(1, Relaxed);
                    let nth = tries.fetch_add(1, Relaxed);
                    async move { (pass(1).await, if nth < 2 { Err("down") } else { Ok(nth) }).1 }
                });
                let answer: Result<u32, Failure<Fault>> = answer.await;
                let own = own.load(Relaxed);
                (own, answer.is_ok())
            })
        });
        let mut all = 0;
        for call in calls {
            let (own, good) = call.await.unwrap();
            assert!(own == 2 || (own == 1 && good), "{own} attempts");
            all += own;
        }
        assert_eq!(all, tries.load(Relaxed));
    });
}

#[test]
fn a_budget_pays_for_each_retry_once() {
    explore(Space::All, LATE, |rt| async move {
        let (budget, attempts) = (
            Arc::new(RetryBudget::new().cap(20).trickle(0.0)),
            Census::default(),
        );
        let calls = [(); 2].map(|()| {
            let (rt, budget, attempts) = (rt.clone(), Arc::clone(&budget), attempts.clone());
            rt.clone().spawn(async move {
                let retry = Retry::new(BACKOFF).max_attempts(NonZeroU32::new(3).unwrap());
                let retry = retry.budget(budget);
                let call = retry.run(&rt, |_| attempts.steps(0, Err::<(), _>("down")));
                call.await.is_err()
            })
        });
        for call in calls {
            assert!(call.await.unwrap());
        }
        assert_eq!(
            (attempts.entered(), attempts.alive()),
            (2 + 2, 0),
            "two calls, and what the budget pays"
        );
        assert!(budget.level(&rt) < 0.01);
    });
}

#[test]
fn a_budget_gets_back_what_a_call_that_is_dropped_has_not_used() {
    explore(Space::All, LATE, |rt| async move {
        let budget = Arc::new(RetryBudget::new().cap(40).trickle(0.0));
        let attempts = Census::default();
        let (token, stopped) = (CancelToken::new(), CancelToken::new());
        let calls = {
            let (rt, budget, attempts, token) = (
                rt.clone(),
                Arc::clone(&budget),
                attempts.clone(),
                token.clone(),
            );
            rt.clone().spawn(async move {
                let retry = Retry::new(BACKOFF)
                    .max_attempts(NonZeroU32::new(4).unwrap())
                    .budget(budget);
                let call = retry.run(&rt, |_| attempts.steps(1, Err::<(), _>("down")));
                call.until_cancelled(&token).await
            })
        };
        let cancels = {
            let nap = after(&rt, 1, ());
            rt.spawn(async move {
                nap.await;
                token.cancel()
            })
        };
        drop(calls.await.unwrap().unwrap_err());
        cancels.await.unwrap();
        drop(stopped);
        assert_eq!(attempts.alive(), 0);
        let paid = (1.0 - budget.level(&rt)) * 4.0;
        let mut retries = 0.0;
        (1..attempts.entered()).for_each(|_| retries += 1.0);
        assert!((paid - retries).abs() < 0.01, "{paid} for {retries}");
    });
}

#[test]
fn a_deadline_ends_a_call_and_its_attempt() {
    explore(Space::All, LATE, |rt| async move {
        let (attempts, start) = (Census::default(), rt.now());
        let retry = Retry::new(BACKOFF).attempt_timeout(2 * MOMENT);
        let call = retry.run(&rt, |_| attempts.endless::<Result<(), Fault>>());
        let failed = call.deadline(start + 4 * MOMENT).await.unwrap_err();
        assert!(matches!(failed, Failure::Elapsed(_)), "{failed}");
        assert_eq!(attempts.alive(), 0);
        assert!((1..=2).contains(&attempts.entered()));
    });
}
