//! Retries and timeouts with grace: on every runtime, in many schedules, and dropped at every point.

mod sweeps;

use std::future::pending;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use trunnion_core::{BlockOn, CancelKind, CancelToken, Clock, Spawn, Timer, YieldNow};
use trunnion_patterns::{
    Backoff, Budget, ConcurrencyBudget, Expense, Failure, Jitter, Retry, RetryBudget, RetryStop,
    timeout,
};
use trunnion_sim::{Schedule, Sim};

use crate::runtimes::{SEEDS, everywhere};

const MOMENT: Duration = Duration::from_millis(1);
const RETRY: Retry = Retry::new(Backoff::fixed(MOMENT).jitter(Jitter::None));

fn times(attempts: u32) -> NonZeroU32 {
    NonZeroU32::new(attempts).expect("not zero")
}

#[test]
fn an_operation_is_tried_until_it_succeeds() {
    everywhere(|rt| async move {
        let start = rt.now();
        let run = RETRY.run(&rt, |attempt| {
            let rt = rt.clone();
            async move {
                rt.yield_now().await;
                if attempt.number() < 3 {
                    Err("down")
                } else {
                    Ok(attempt.number())
                }
            }
        });
        let report = run.report().await;
        assert_eq!((report.result, report.first_error), (Ok(3), Some("down")));
        assert!(rt.now() - start >= 2 * MOMENT);
    });
}

#[test]
fn a_late_attempt_is_gone_before_the_next() {
    everywhere(|rt| async move {
        let alive = Arc::new(AtomicU32::new(0));
        let retry = RETRY.attempt_timeout(MOMENT);
        let run = retry.run(&rt, |_| {
            assert_eq!(alive.fetch_add(1, SeqCst), 0, "the last one is there");
            let gone = Gone(Arc::clone(&alive));
            async move {
                let _gone = gone;
                pending::<Result<(), ()>>().await
            }
        });
        let report = run.report().await;
        assert!(report.result.is_err_and(|failure| failure.is_elapsed()));
        assert_eq!((report.attempts, alive.load(SeqCst)), (3, 0));
    });
}

struct Gone(Arc<AtomicU32>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn a_deadline_is_never_slept_into() {
    everywhere(|rt| async move {
        let deadline = rt.now() + 20 * MOMENT;
        let retry = Retry::new(Backoff::fixed(Duration::from_hours(1)));
        let run = retry.run(&rt, |_| async { Err::<(), _>("down") });
        let report = run.deadline(deadline).report().await;
        assert_eq!(report.result, Err(Failure::Op("down")));
        assert_eq!(report.attempts, 1);
        // Full jitter may draw a wait that is short enough, once in 180,000 times.
        assert_eq!(report.stop, RetryStop::DeadlineTooClose);
    });
}

#[test]
fn a_cancellation_wakes_a_call_that_waits_for_an_hour() {
    everywhere(|rt| async move {
        let token = CancelToken::new();
        let retry = Retry::new(Backoff::fixed(Duration::from_hours(1)).jitter(Jitter::None));
        let (inner, seen) = (rt.clone(), token.clone());
        let task = rt.spawn(async move {
            let run = retry.run(&inner, |_| async { Err::<(), _>("down") });
            run.until_cancelled(&seen).await
        });
        rt.sleep(MOMENT).await;
        token.cancel_with(CancelKind::Shutdown);
        match task.await.expect("it ends") {
            Err(Failure::Cancelled { reason, last }) => {
                assert_eq!(reason.kind(), CancelKind::Shutdown);
                // The task may not have begun before the cancellation.
                assert!(matches!(last, Some("down") | None));
            }
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn many_calls_of_many_threads_share_one_budget() {
    everywhere(|rt| async move {
        let budget = Arc::new(RetryBudget::new().trickle(0.0));
        let asked = Arc::new(AtomicU32::new(0));
        let tasks: Vec<_> = (0..30)
            .map(|_| {
                let (rt, budget, asked) = (rt.clone(), Arc::clone(&budget), Arc::clone(&asked));
                rt.clone().spawn(async move {
                    let retry = Retry::new(Backoff::fixed(Duration::ZERO))
                        .max_attempts(times(4))
                        .budget(budget);
                    let run = retry.run(&rt, |_| {
                        asked.fetch_add(1, SeqCst);
                        let turn = rt.yield_now();
                        async move {
                            turn.await;
                            Err::<(), _>(())
                        }
                    });
                    run.await.is_err()
                })
            })
            .collect();
        for task in tasks {
            assert!(task.await.expect("it ends"));
        }
        assert_eq!(asked.load(SeqCst), 30 + 10, "ten retries for all of them");
        assert!(budget.level(&rt) <= 0.0);
    });
}

#[test]
fn an_operation_that_stops_when_it_is_asked_ends_within_its_grace() {
    everywhere(|rt| async move {
        let token = CancelToken::new();
        let operation = async {
            token.cancelled().await;
            rt.yield_now().await;
            "so far"
        };
        let limited = timeout(&rt, MOMENT, operation).grace(Duration::from_mins(1), &token);
        assert_eq!(limited.await, Ok("so far"));
        let stubborn = timeout(&rt, MOMENT, pending::<()>()).grace(MOMENT, &token);
        assert!(stubborn.await.is_err());
    });
}

/// A result that races the end of its attempt, the deadline and the cancellation: each call has one outcome, and the budget is whole.
#[test]
fn results_timeouts_deadlines_and_cancellations_race() {
    for seed in 0..SEEDS {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        let rt = sim.handle();
        sim.block_on(async {
            let (token, budget) = (CancelToken::new(), RetryBudget::new().trickle(0.0));
            let places = ConcurrencyBudget::new(0.0).least(2);
            let canceller = {
                let (rt, token) = (rt.clone(), token.clone());
                rt.clone().spawn(async move {
                    rt.sleep(3 * MOMENT).await;
                    token.cancel()
                })
            };
            let retry = RETRY
                .attempt_timeout(MOMENT)
                .max_attempts(times(5))
                .budget(&budget);
            let held = RETRY.budget(&places).max_attempts(times(5));
            let run = retry.run(&rt, |_| {
                let rt = rt.clone();
                async move {
                    rt.sleep(MOMENT).await;
                    rt.yield_now().await;
                    Err::<(), _>("down")
                }
            });
            let run = run
                .deadline(rt.now() + 3 * MOMENT)
                .until_cancelled(&token)
                .report();
            let other = held.run(&rt, |_| async { Err::<(), _>("down") });
            let (report, other) =
                trunnion_patterns::gather((run, other.until_cancelled(&token))).await;
            assert!(canceller.await.is_ok() && other.is_err());
            assert!(report.result.is_err(), "seed {seed}");
            let retries = report.attempts.saturating_sub(1);
            let left = (0..20)
                .filter(|_| budget.withdraw(Expense::Failure, &rt))
                .count();
            assert_eq!(
                left,
                10 - usize::try_from(retries).unwrap_or(0),
                "seed {seed}: {:?}",
                report.stop
            );
            let free = (0..20)
                .filter(|_| places.withdraw(Expense::Failure, &rt))
                .count();
            assert_eq!(free, 2, "seed {seed}");
        });
    }
}
