//! Stopping at once.

use std::cell::Cell;
use std::future::{pending, ready};
use std::ops::ControlFlow::Break;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use trunnion_core::{CancelKind, CancelToken};
use trunnion_patterns::{Attempt, Budget, Failure, GrpcThrottle, RetryStop};

use super::{AT_ONCE, Answers, EACH_SECOND, SECOND, times};
use crate::hand::{HandClock, Remote, Wakes, poll};

fn is_cancelled<T: std::fmt::Debug, E: std::fmt::Debug>(
    result: Result<T, Failure<E>>,
    kind: CancelKind,
) -> Option<E> {
    match result {
        Err(Failure::Cancelled { reason, last }) if reason.kind() == kind => last,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_that_is_cancelled_before_keeps_the_operation_from_running() {
    let (clock, token) = (HandClock::default(), CancelToken::new());
    token.cancel_with(CancelKind::Shutdown);
    let answers = Answers::<(), ()>::new([Ok(())]);
    let run = EACH_SECOND.run(&clock, |_| answers.next());
    let Poll::Ready(report) = poll(pin!(run.until_cancelled(&token).report())) else {
        panic!("it does not begin")
    };
    assert_eq!(is_cancelled(report.result, CancelKind::Shutdown), None);
    assert_eq!(
        (report.stop, report.attempts, answers.asked()),
        (RetryStop::Cancelled, 0, 0)
    );
}

#[test]
fn a_call_that_waits_wakes_at_once_and_keeps_the_last_error() {
    let (clock, token) = (HandClock::default(), CancelToken::new());
    let run = EACH_SECOND.run(&clock, |_| ready(Err::<(), _>("down")));
    let mut run = pin!(run.until_cancelled(&token).report());
    let wakes = Arc::new(Wakes::default());
    assert!(wakes.poll(run.as_mut()).is_pending());
    token.cancel();
    assert_eq!(wakes.count(), 1);
    let Poll::Ready(report) = wakes.poll(run) else {
        panic!("it is cancelled")
    };
    assert_eq!(
        is_cancelled(report.result, CancelKind::Requested),
        Some("down")
    );
    assert_eq!((report.stop, report.attempts), (RetryStop::Cancelled, 1));
}

#[test]
fn an_attempt_under_way_is_dropped() {
    let (clock, token, remote) = (HandClock::default(), CancelToken::new(), Remote::default());
    let run = EACH_SECOND.run(&clock, |_| {
        let operation = remote.operation();
        async move { Ok::<_, ()>(operation.await) }
    });
    let mut run = pin!(run.until_cancelled(&token));
    assert!(poll(run.as_mut()).is_pending());
    token.cancel();
    let Poll::Ready(result) = poll(run) else {
        panic!("it is cancelled")
    };
    assert_eq!(is_cancelled(result, CancelKind::Requested), None);
    assert_eq!(remote.drops(), 1);
}

/// Fails with its number, and is pending from attempt `silent` on.
async fn falls_silent(attempt: Attempt, silent: u32) -> Result<(), u32> {
    if attempt.number() >= silent {
        pending::<()>().await;
    }
    Err(attempt.number())
}

#[test]
fn a_call_that_is_cancelled_in_a_later_attempt_keeps_the_error_of_the_one_before() {
    for (silent, first_error) in [(2, None), (3, Some(1)), (4, Some(1))] {
        let (clock, token) = (HandClock::default(), CancelToken::new());
        let retry = AT_ONCE.max_attempts(times(9));
        let run = retry.run(&clock, |attempt| falls_silent(attempt, silent));
        let mut run = pin!(run.until_cancelled(&token).report());
        assert!(poll(run.as_mut()).is_pending());
        token.cancel();
        let Poll::Ready(report) = poll(run) else {
            panic!("it is cancelled")
        };
        let last = is_cancelled(report.result, CancelKind::Requested);
        assert_eq!(last, Some(silent - 1));
        assert_eq!((report.attempts, report.first_error), (silent, first_error));
    }
}

#[test]
fn a_late_attempt_in_the_instant_of_the_cancellation_keeps_the_error_before_it() {
    let (clock, token) = (HandClock::default(), CancelToken::new());
    let retry = AT_ONCE.attempt_timeout(SECOND);
    let run = retry.run(&clock, |attempt| falls_silent(attempt, 2));
    let mut run = pin!(run.until_cancelled(&token));
    assert!(poll(run.as_mut()).is_pending());
    clock.advance(SECOND);
    token.cancel();
    let Poll::Ready(result) = poll(run) else {
        panic!("it is cancelled")
    };
    assert_eq!(is_cancelled(result, CancelKind::Requested), Some(1));
}

#[test]
fn the_first_error_is_told_by_a_call_that_could_be_cancelled_and_was_not() {
    for failures in 0..4_u32 {
        let (clock, token) = (HandClock::default(), CancelToken::new());
        let retry = AT_ONCE.max_attempts(times(9));
        let run = retry.run(&clock, |attempt| {
            let number = attempt.number();
            ready(if number <= failures {
                Err(number)
            } else {
                Ok(())
            })
        });
        let Poll::Ready(report) = poll(pin!(run.until_cancelled(&token).report())) else {
            panic!("it does not wait")
        };
        assert_eq!(report.result, Ok(()));
        assert_eq!(report.first_error, (failures > 0).then_some(1));
    }
}

#[test]
fn a_value_in_the_instant_of_the_cancellation_is_kept() {
    let (clock, token, remote) = (HandClock::default(), CancelToken::new(), Remote::default());
    let run = EACH_SECOND.run(&clock, |_| {
        let operation = remote.operation();
        async move { Ok::<_, ()>(operation.await) }
    });
    let mut run = pin!(run.until_cancelled(&token));
    assert!(poll(run.as_mut()).is_pending());
    token.cancel();
    remote.finish();
    assert_eq!(poll(run), Poll::Ready(Ok("done")));
}

#[test]
fn an_operation_that_fails_because_of_the_token_is_not_tried_again_and_costs_the_budget_nothing() {
    let (clock, token) = (HandClock::default(), CancelToken::new());
    let throttle = GrpcThrottle::new(10, 0.1);
    let asked = Cell::new(0);
    let retry = AT_ONCE.budget(&throttle).max_attempts(times(100));
    let run = retry.run(&clock, |_| {
        asked.set(asked.get() + 1);
        token.cancel();
        ready(Err::<(), _>("stopped"))
    });
    let Poll::Ready(result) = poll(pin!(run.until_cancelled(&token))) else {
        panic!("it is cancelled")
    };
    assert_eq!(is_cancelled(result, CancelKind::Requested), Some("stopped"));
    assert_eq!(asked.get(), 1);
    assert!(throttle.level(&clock) >= 1.0, "{}", throttle.level(&clock));
}

#[test]
fn no_attempt_begins_when_the_wait_and_the_token_end_together() {
    let (clock, token) = (HandClock::default(), CancelToken::new());
    let answers = Answers::<(), _>::new([Err("down"); 2]);
    let run = EACH_SECOND.run(&clock, |_| answers.next());
    let mut run = pin!(run.until_cancelled(&token));
    assert!(poll(run.as_mut()).is_pending());
    clock.advance(SECOND);
    token.cancel();
    let Poll::Ready(result) = poll(run) else {
        panic!("it is cancelled")
    };
    assert_eq!(is_cancelled(result, CancelKind::Requested), Some("down"));
    assert_eq!(answers.asked(), 1);
}

#[test]
fn a_loop_stops_too() {
    let (clock, token) = (HandClock::default(), CancelToken::new());
    let mut call = EACH_SECOND.start(&clock);
    let mut check = pin!(call.check(Err::<(), _>("down")).until_cancelled(&token));
    assert!(poll(check.as_mut()).is_pending());
    token.cancel();
    let Poll::Ready(Break(result)) = poll(check) else {
        panic!("it is cancelled")
    };
    assert_eq!(is_cancelled(result, CancelKind::Requested), Some("down"));
    assert_eq!(call.stop(), Some(RetryStop::Cancelled));
}

#[test]
fn a_shielded_token_does_not_stop_it() {
    let (clock, token) = (HandClock::default(), CancelToken::new());
    let shield = token.shield();
    let run = EACH_SECOND.run(&clock, |_| pending::<Result<(), ()>>());
    let mut run = pin!(run.until_cancelled(&shield));
    token.cancel();
    assert!(poll(run.as_mut()).is_pending());
    token.kill(CancelKind::GraceExpired);
    assert!(poll(run).is_ready());
}
