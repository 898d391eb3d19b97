//! Budgets against reference models, over random scripts.

use std::cell::Cell;
use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;
use trunnion_core::{Clock, Instant};
use trunnion_patterns::{
    Budget, ConcurrencyBudget, Expense, Fund, GrpcThrottle, RatioBudget, RetryBudget,
};

#[derive(Default)]
struct HandClock(Cell<u64>);

impl Clock for HandClock {
    fn now(&self) -> Instant {
        Instant::from_nanos(self.0.get() * 1_000_000)
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Begin(u32),
    /// Ends a call, if one is under way.
    End,
    Succeed(u32),
    Fail,
    Withdraw(Expense),
    /// Gives back the oldest that is held, or lets its attempt begin and end.
    Refund,
    Spend,
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let expense = prop_oneof![
        Just(Expense::Failure),
        Just(Expense::Timeout),
        Just(Expense::Throttled)
    ];
    let step = prop_oneof![
        2 => (1..20_u32).prop_map(Step::Begin),
        6 => Just(Step::End),
        3 => (1..20_u32).prop_map(Step::Succeed),
        2 => Just(Step::Fail),
        6 => expense.prop_map(Step::Withdraw),
        2 => Just(Step::Refund),
        2 => Just(Step::Spend),
        2 => (1..5_000_u64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..200)
}

/// What is held by callers, in the order of withdrawal.
type Held = VecDeque<Expense>;

/// Runs a script on a budget and a model at once: each withdrawal has the same answer.
fn compare<B: Budget>(
    budget: &B,
    script: &[Step],
    mut model: impl FnMut(Step, u64, Option<Expense>) -> Option<bool>,
) -> Result<(), TestCaseError> {
    let (clock, mut held, mut calls) = (HandClock::default(), Held::new(), 0_u32);
    for step in script.iter().copied() {
        let now = clock.0.get();
        let step = if matches!(step, Step::End) && calls == 0 {
            Step::Wait(0)
        } else {
            step
        };
        let (settled, answer) = match step {
            Step::Begin(times) => {
                calls += times;
                (0..times).for_each(|_| budget.begin(&clock));
                (None, None)
            }
            Step::End => {
                calls -= 1;
                budget.end();
                (None, None)
            }
            Step::Succeed(times) => {
                (0..times).for_each(|_| budget.succeeded(&clock));
                (None, None)
            }
            Step::Fail => {
                budget.failed();
                (None, None)
            }
            Step::Withdraw(expense) => {
                let paid = budget.withdraw(expense, &clock);
                held.extend(paid.then_some(expense));
                (None, Some(paid))
            }
            Step::Refund => {
                let expense = held.pop_front();
                if let Some(expense) = expense {
                    budget.refund(expense);
                }
                (expense, None)
            }
            Step::Spend => {
                let expense = held.pop_front();
                if expense.is_some() {
                    budget.release();
                }
                (expense, None)
            }
            Step::Wait(millis) => {
                clock.0.set(now + millis);
                (None, None)
            }
        };
        let wanted = model(step, now, settled);
        prop_assert_eq!(answer, wanted, "{:?} at {} ms", step, now);
        prop_assert!((0.0..=1.0).contains(&budget.level(&clock)));
    }
    Ok(())
}

const COST: fn(Expense) -> u64 = |expense| match expense {
    Expense::Throttled => 2_000,
    Expense::Timeout => 7_000,
    _ => 5_000,
};

proptest! {
    /// A bucket of thousandths, into which one thousandth falls each millisecond.
    #[test]
    fn the_bucket_of_successes_is_that_of_the_model(script in steps(), trickles: bool) {
        let rate = if trickles { 1.0 } else { 0.0 };
        let budget = RetryBudget::new().cap(20).cost(5).timeout_cost(7).throttle_cost(2).reward(0.3).trickle(rate);
        let (mut tokens, mut credited) = (20_000_u64, 0);
        compare(&budget, &script, |step, now, settled| match step {
            Step::Succeed(times) => {
                for _ in 0..times {
                    tokens = (tokens + 300).min(20_000);
                }
                None
            }
            Step::Withdraw(expense) => {
                let with = if trickles { (tokens + now - credited).min(20_000) } else { tokens };
                let paid = with >= COST(expense);
                if paid {
                    (tokens, credited) = (with - COST(expense), now);
                }
                Some(paid)
            }
            Step::Refund => {
                tokens = (tokens + settled.map_or(0, COST)).min(20_000);
                None
            }
            _ => None,
        })?;
    }

    /// Retries are at most `cap / cost + reward / cost * successes`, whatever happens.
    #[test]
    fn amplification_is_bounded(script in steps()) {
        let budget = RetryBudget::new().trickle(0.0);
        let clock = HandClock::default();
        let (mut retries, mut successes) = (0_u32, 0);
        for step in script {
            match step {
                Step::Succeed(times) => {
                    (0..times).for_each(|_| budget.succeeded(&clock));
                    successes += times;
                }
                _ => retries += u32::from(budget.withdraw(Expense::Failure, &clock)),
            }
            prop_assert!(10 * retries <= 100 + successes);
        }
    }

    /// gRPC A6, in thousandths as there.
    #[test]
    fn the_throttle_is_that_of_the_proposal(script in steps(), most in 1..1_000_u16, ratio in 0..2_000_u64) {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let throttle = GrpcThrottle::new(most, ratio as f64 / 1e3);
        let most = u64::from(most) * 1_000;
        let mut tokens = most;
        compare(&throttle, &script, |step, _, _| match step {
            Step::Succeed(times) => {
                tokens = (tokens + u64::from(times) * ratio).min(most);
                None
            }
            Step::Fail => {
                tokens = tokens.saturating_sub(1_000);
                None
            }
            Step::Withdraw(_) => Some(tokens > most / 2),
            _ => None,
        })?;
    }

    /// A log of what came when; what is older than ten tenths of the while is gone.
    #[test]
    fn the_window_is_that_of_the_model(script in steps(), percent in 0..=100_u8, reserve in 0..5_u32, requests: bool) {
        let fund = if requests { Fund::Request } else { Fund::Success };
        let budget = RatioBudget::new(f64::from(percent) / 100.0, Duration::from_secs(1)).reserve(reserve).fund(fund);
        let mut log: Vec<(u64, i64)> = Vec::new();
        let mut newest = 0;
        compare(&budget, &script, |step, now, settled| {
            let part = now / 100;
            match step {
                Step::Begin(times) | Step::Succeed(times) => {
                    if requests != matches!(step, Step::Begin(_)) {
                        return None;
                    }
                    log.push((part, i64::from(times) * i64::from(percent) * 10));
                    newest = part;
                    None
                }
                Step::Withdraw(_) => {
                    newest = part;
                    let fresh = log.iter().filter(|(at, _)| at + 10 > part);
                    let sum: i64 = fresh.map(|(_, tokens)| tokens).sum();
                    let paid = sum + i64::from(reserve) * 1_000 >= 1_000;
                    if paid {
                        log.push((part, -1_000));
                    }
                    Some(paid)
                }
                Step::Refund => {
                    log.extend(settled.map(|_| (newest, 1_000)));
                    None
                }
                _ => None,
            }
        })?;
    }

    /// Places for retries.
    #[test]
    fn the_places_are_those_of_the_model(script in steps(), least in 0..5_u32) {
        let budget = ConcurrencyBudget::new(0.2).least(least);
        let (mut calls, mut taken) = (0_u32, 0);
        compare(&budget, &script, |step, _, settled| match step {
            Step::Begin(times) => {
                calls += times;
                None
            }
            Step::End => {
                calls -= 1;
                None
            }
            Step::Withdraw(_) => {
                let paid = taken < (calls / 5).max(least);
                taken += u32::from(paid);
                Some(paid)
            }
            Step::Refund | Step::Spend => {
                taken -= u32::from(settled.is_some());
                None
            }
            _ => None,
        })?;
    }
}
