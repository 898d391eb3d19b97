//! Each future of a retry, dropped at each of its points.

use std::future::{Future, pending};
use std::ops::ControlFlow::Break;
use std::time::Duration;

use trunnion_core::{CancelToken, Clock, Runtime, Timer};
use trunnion_patterns::{OnError, Retry, RetryRules, timeout};
use trunnion_sim::{Schedule, Sim, SimRuntime, cancel_sweep_in};

use super::{MOMENT, RETRY, times};
use crate::ledger::Ledger;

/// Drops what `make` makes at every point, under a few seeds: no timer waits, and nothing of the budget is held.
fn sweep<F: Future>(least: usize, make: impl Fn(SimRuntime, Ledger, CancelToken) -> F) {
    for seed in 0..16 {
        let sweep = cancel_sweep_in(
            || Sim::new().schedule(Schedule::Random).seed(seed),
            |rt| {
                let ledger = Ledger::default();
                (ledger.clone(), make(rt, ledger, CancelToken::new()))
            },
            |rt, ledger| async move {
                ledger.assert_balanced();
                assert_eq!(rt.next_deadline(), None, "a timer is left");
            },
        );
        assert!(sweep.polls > least, "it waits more than once");
    }
}

async fn down<R: Runtime>(rt: R) -> Result<(), &'static str> {
    rt.yield_now().await;
    rt.sleep(MOMENT).await;
    Err("down")
}

fn paid(ledger: Ledger) -> Retry<RetryRules<OnError, Ledger>> {
    RETRY
        .attempt_timeout(2 * MOMENT)
        .max_attempts(times(4))
        .budget(ledger)
}

#[test]
fn retries_leave_nothing_wherever_they_are_dropped() {
    sweep(5, |rt, ledger, _| async move {
        let retry = paid(ledger);
        let run = retry.run(&rt, |_| down(rt.clone()));
        assert!(
            run.deadline(rt.now() + Duration::from_secs(1))
                .report()
                .await
                .result
                .is_err()
        );
    });
    sweep(5, |rt, ledger, token| async move {
        let retry = paid(ledger);
        let run = retry.run(&rt, |_| down(rt.clone()));
        assert!(run.until_cancelled(&token).await.is_err());
    });
    sweep(5, |rt, ledger, _| async move {
        let retry = paid(ledger);
        let late = retry.run(&rt, |_| pending::<Result<(), ()>>());
        assert!(late.await.is_err());
    });
}

#[test]
fn loops_and_async_closures_leave_nothing_wherever_they_are_dropped() {
    sweep(5, |rt, ledger, token| async move {
        let retry = paid(ledger);
        let mut call = retry.start(&rt);
        loop {
            let limited = call.limit(down(rt.clone())).await;
            let check = call.check_limited(limited).until_cancelled(&token);
            if let Break(result) = check.await {
                break assert!(result.is_err());
            }
        }
    });
    sweep(5, |rt, ledger, _| async move {
        let retry = paid(ledger);
        let mut asked = 0;
        let run = retry.run_mut(&rt, async |_| {
            asked += 1;
            down(rt.clone()).await
        });
        assert!(run.await.is_err());
    });
    sweep(5, |rt, ledger, _| async move {
        let retry = paid(ledger);
        let mut asked = 0;
        let run = retry.run_with(&rt, &mut asked, async |asked: &mut u32, _| {
            *asked += 1;
            down(rt.clone()).await
        });
        assert!(run.await.is_err());
    });
}

#[test]
fn nested_retries_leave_nothing_wherever_they_are_dropped() {
    sweep(5, |rt, ledger, _| async move {
        let (outer, inner) = (paid(ledger.clone()), paid(ledger));
        let run = outer.run(&rt, |attempt| {
            inner.run(&rt, |_| down(rt.clone())).within(attempt)
        });
        assert!(run.await.is_err());
    });
}

#[test]
fn timeouts_with_grace_leave_nothing_wherever_they_are_dropped() {
    sweep(2, |rt, _, token| async move {
        let limited = timeout(&rt, MOMENT, pending::<()>()).grace(MOMENT, &token);
        assert!(limited.await.is_err());
    });
    sweep(2, |rt, _, token| async move {
        let operation = async {
            token.cancelled().await;
            rt.sleep(MOMENT).await;
        };
        let limited = timeout(&rt, MOMENT, operation).grace(2 * MOMENT, &token);
        assert!(limited.await.is_ok());
    });
}
