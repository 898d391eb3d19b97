//! The loop form, and async closures.

use std::ops::ControlFlow::{Break, Continue};
use std::pin::pin;
use std::task::Poll;

use trunnion_patterns::{Backoff, Budget, Failure, Retry, RetryBudget, RetryStop};

use super::{AT_ONCE, EACH_SECOND, SECOND, seconds, times};
use crate::hand::{HandClock, poll};

async fn push(line: &mut Vec<u8>, enough: usize) -> Result<usize, &'static str> {
    std::future::ready(()).await;
    line.push(1);
    if line.len() < enough {
        Err("more")
    } else {
        Ok(line.len())
    }
}

#[test]
fn a_loop_borrows_between_attempts_and_waits() {
    let clock = HandClock::default();
    let mut line = Vec::new();
    let (result, took) = seconds(&clock, async {
        let mut call = EACH_SECOND.start(&clock);
        loop {
            let pushed = push(&mut line, 3).await;
            match call.check(pushed).await {
                Break(result) => {
                    assert_eq!((call.attempts(), call.waited()), (3, 2 * SECOND));
                    assert_eq!(call.stop(), Some(RetryStop::Done));
                    break result;
                }
                Continue(()) => assert_eq!(call.stop(), None),
            }
        }
    });
    assert_eq!((result, took), (Ok(3), 2));
}

#[test]
fn a_loops_attempts_are_limited_where_it_says_so() {
    let clock = HandClock::default();
    let retry = EACH_SECOND.attempt_timeout(2 * SECOND);
    for (deadline, stop, took) in [
        (None, RetryStop::Attempts, 2 + 1 + 2 + 1 + 2),
        (Some(4), RetryStop::Deadline, 4),
        (Some(3), RetryStop::DeadlineTooClose, 2),
    ] {
        let (ended, passed) = seconds(&clock, async {
            let mut call = retry.start(&clock);
            if let Some(deadline) = deadline {
                call = call.deadline(clock.peek() + deadline * SECOND);
            }
            loop {
                let limited = call.limit(std::future::pending::<Result<(), ()>>()).await;
                if let Break(result) = call.check_limited(limited).await {
                    assert!(result.is_err_and(|failure| failure.is_elapsed()));
                    break call.stop();
                }
            }
        });
        assert_eq!((ended, passed), (Some(stop), took), "{deadline:?}");
    }
}

#[test]
#[should_panic(expected = "an attempt was made after the call was over")]
fn an_attempt_after_the_end_is_a_mistake() {
    let clock = HandClock::default();
    let mut call = AT_ONCE.start(&clock);
    assert!(poll(pin!(call.check(Ok::<_, ()>(1)))).is_ready());
    let _again = poll(pin!(call.check(Ok::<_, ()>(1))));
}

#[test]
fn a_check_that_is_dropped_loses_nothing_but_the_wait() {
    let clock = HandClock::default();
    let mut call = EACH_SECOND.start(&clock);
    assert!(poll(pin!(call.check(Err::<(), _>(1)))).is_pending());
    assert_eq!((call.attempts(), clock.timers_alive()), (1, 0));
    assert_eq!(
        poll(pin!(call.check(Ok::<_, u8>(2)))),
        Poll::Ready(Break(Ok(2)))
    );
}

#[test]
fn an_attempt_after_a_wait_that_was_cut_short_is_counted_and_paid_for() {
    let clock = HandClock::default();
    let budget = RetryBudget::new();
    let retry = EACH_SECOND.budget(&budget);
    let mut call = retry.start(&clock);
    for error in 1..=2 {
        assert!(poll(pin!(call.check(Err::<(), _>(error)))).is_pending());
    }
    assert_eq!(
        poll(pin!(call.check(Err::<(), _>(3)))),
        Poll::Ready(Break(Err(Failure::Op(3))))
    );
    assert_eq!(
        (call.attempts(), call.stop()),
        (3, Some(RetryStop::Attempts))
    );
    assert_eq!(format!("{:.1}", budget.level(&clock)), "0.8");
}

#[test]
fn after_a_wait_that_was_cut_short_the_next_attempt_has_its_own_number() {
    let clock = HandClock::default();
    let retry = EACH_SECOND.max_attempts(times(2));
    let mut call = retry.start(&clock);
    assert!(poll(pin!(call.check(Err::<(), _>("down")))).is_pending());
    let next = call.attempt();
    assert_eq!(
        (call.attempts(), next.number(), next.is_last()),
        (1, 2, true)
    );
    assert_eq!(
        poll(pin!(call.check(Err::<(), _>("down")))),
        Poll::Ready(Break(Err(Failure::Op("down"))))
    );
    assert_eq!((call.attempts(), call.attempt().number()), (2, 2));
}

#[test]
#[should_panic(expected = "the check was polled after it gave its result")]
fn a_check_that_said_to_continue_says_it_once() {
    let clock = HandClock::default();
    let mut call = AT_ONCE.start(&clock);
    let mut check = pin!(call.check(Err::<(), _>(())));
    assert_eq!(poll(check.as_mut()), Poll::Ready(Continue(())));
    let _again = poll(check);
}

#[test]
#[should_panic(expected = "the check was polled after it gave its result")]
fn a_check_breaks_once() {
    let clock = HandClock::default();
    let mut call = AT_ONCE.start(&clock);
    let mut check = pin!(call.check(Ok::<_, ()>(1)));
    assert!(poll(check.as_mut()).is_ready());
    let _again = poll(check);
}

#[test]
fn what_is_ready_at_once_reads_no_clock_whatever_limits_it() {
    let clock = HandClock::default();
    let retry = EACH_SECOND.attempt_timeout(SECOND);
    let limited = || retry.start(&clock).deadline(clock.peek() + 9 * SECOND);
    let (call, ok) = (limited(), std::future::ready(Ok::<_, ()>(1)));
    assert_eq!(poll(pin!(call.limit(ok))), Poll::Ready(Ok(Ok(1))));
    let run = limited().run_mut(async |_| Ok::<_, ()>(2));
    assert_eq!(poll(pin!(run)), Poll::Ready(Ok(2)));
    let mut state = 3;
    let run = limited().run_with(&mut state, async |state: &mut u32, _| Ok::<_, ()>(*state));
    assert_eq!(poll(pin!(run)), Poll::Ready(Ok(3)));
    assert_eq!((clock.reads(), clock.timers_made()), (0, 0));
}

#[test]
fn an_attempt_ends_with_its_timeout_or_the_deadline_whatever_comes_first() {
    let clock = HandClock::default();
    for (timeout, deadline) in [(1, 3), (3, 1)] {
        let start = clock.peek();
        let retry = EACH_SECOND.attempt_timeout(timeout * SECOND);
        let call = retry.start(&clock).deadline(start + deadline * SECOND);
        let pending = std::future::pending::<Result<(), ()>>();
        let (limited, passed) = seconds(&clock, call.limit(pending));
        let elapsed = limited.expect_err("it is late");
        assert_eq!((passed, elapsed.deadline), (1, Some(start + SECOND)));
        assert_eq!(elapsed.allowed, (timeout == 1).then_some(SECOND));
    }
    assert_eq!(clock.reads(), 2, "once for each");
}

#[test]
fn an_async_closure_without_limits_makes_no_timer() {
    let clock = HandClock::default();
    let mut run = pin!(AT_ONCE.run_mut(&clock, async |_| {
        std::future::pending::<Result<(), ()>>().await
    }));
    assert!(poll(run.as_mut()).is_pending());
    assert_eq!((clock.reads(), clock.timers_made()), (0, 0));
}

#[test]
fn an_async_closure_borrows_what_it_captures() {
    let clock = HandClock::default();
    let mut line = Vec::new();
    let run = EACH_SECOND.run_mut(&clock, async |attempt| {
        assert_eq!(attempt.number(), u32::try_from(line.len()).unwrap_or(0) + 1);
        push(&mut line, 2).await
    });
    assert_eq!(seconds(&clock, run), (Ok(2), 1));
    assert_eq!(line.len(), 2);
}

#[test]
fn an_async_closure_gets_the_state_each_time() {
    let clock = HandClock::default();
    let mut line = Vec::new();
    let retry = EACH_SECOND.max_attempts(times(2)).attempt_timeout(SECOND);
    let run = retry.run_with(&clock, &mut line, async |line: &mut Vec<u8>, _| {
        push(line, 9).await
    });
    assert_eq!(seconds(&clock, run), (Err(Failure::Op("more")), 1));
    let run = retry.run_with(&clock, &mut line, async |_: &mut Vec<u8>, _| {
        std::future::pending::<Result<(), ()>>().await
    });
    assert!(
        seconds(&clock, run)
            .0
            .is_err_and(|failure| failure.is_elapsed())
    );
    assert_eq!(line.len(), 2);
}

#[test]
fn loops_that_always_fail_at_once_give_way() {
    let clock = HandClock::default();
    let retry = Retry::new(Backoff::fixed(std::time::Duration::ZERO)).max_attempts(times(u32::MAX));
    let mut run = pin!(retry.run_mut(&clock, async |_| Err::<(), _>(())));
    assert!(poll(run.as_mut()).is_pending());
    assert!(poll(run).is_pending());
}
