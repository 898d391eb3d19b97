//! Points in time that nothing crosses.

use std::cell::Cell;
use std::future::{pending, ready};
use std::time::Duration;

use trunnion_core::Instant;
use trunnion_patterns::{Backoff, Classify, Elapsed, Failure, Jitter, Retry, RetryStop, Verdict};

use super::{AT_ONCE, Answers, EACH_SECOND, SECOND, seconds, times};
use crate::hand::HandClock;

#[test]
fn a_wait_that_would_reach_the_deadline_is_not_begun() {
    let clock = HandClock::default();
    let retry = EACH_SECOND.max_attempts(times(100));
    for (deadline, took) in [(1, 0), (2, 1), (3, 2)] {
        let start = clock.peek();
        let run = retry.run(&clock, |_| ready(Err::<(), _>("down")));
        let (report, passed) = seconds(&clock, run.deadline(start + deadline * SECOND).report());
        assert_eq!((report.stop, passed), (RetryStop::DeadlineTooClose, took));
        assert_eq!(
            report.result,
            Err(Failure::Op("down")),
            "the last error is given"
        );
    }
}

#[test]
fn an_attempt_that_needs_longer_than_is_left_is_not_made() {
    let clock = HandClock::default();
    let retry = EACH_SECOND.max_attempts(times(100)).min_attempt(2 * SECOND);
    let run = retry.run(&clock, |_| ready(Err::<(), _>("down")));
    let (report, passed) = seconds(&clock, run.deadline(clock.peek() + 5 * SECOND).report());
    assert_eq!((report.stop, passed), (RetryStop::DeadlineTooClose, 2));
}

#[test]
fn retries_without_a_wait_end_at_the_deadline_too() {
    let clock = HandClock::default();
    let retry = AT_ONCE.max_attempts(times(u32::MAX));
    let run = retry.run(&clock, |_| {
        clock.advance(SECOND);
        ready(Err::<(), _>("down"))
    });
    let (report, _) = seconds(&clock, run.deadline(clock.peek() + 3 * SECOND).report());
    assert_eq!(
        (report.stop, report.attempts),
        (RetryStop::DeadlineTooClose, 3)
    );
}

#[test]
fn an_attempt_under_way_is_dropped_at_the_deadline() {
    let clock = HandClock::default();
    let retry = EACH_SECOND.attempt_timeout(10 * SECOND);
    let run = retry.run(&clock, |_| pending::<Result<(), ()>>());
    let deadline = clock.peek() + 3 * SECOND;
    let (report, passed) = seconds(&clock, run.deadline(deadline).report());
    let Err(Failure::Elapsed(elapsed)) = report.result else {
        panic!("it never ends")
    };
    assert_eq!((elapsed.allowed, elapsed.deadline), (None, Some(deadline)));
    assert_eq!(
        (report.stop, report.attempts, passed),
        (RetryStop::Deadline, 1, 3)
    );
}

#[test]
fn of_an_attempts_end_and_a_deadline_at_the_same_time_the_deadline_counts() {
    let clock = HandClock::default();
    let retry = EACH_SECOND.attempt_timeout(3 * SECOND);
    let run = retry.run(&clock, |_| pending::<Result<(), ()>>());
    let (report, passed) = seconds(&clock, run.deadline(clock.peek() + 3 * SECOND).report());
    assert_eq!((report.stop, passed), (RetryStop::Deadline, 3));
}

#[test]
fn a_deadline_that_is_past_polls_one_attempt_once() {
    let clock = HandClock::default();
    clock.advance(5 * SECOND);
    let past = Instant::ORIGIN + SECOND;
    let run = EACH_SECOND.run(&clock, |_| ready(Ok::<_, ()>(7)));
    assert_eq!(seconds(&clock, run.deadline(past)), (Ok(7), 0));
    let run = EACH_SECOND.run(&clock, |_| pending::<Result<(), ()>>());
    let (report, passed) = seconds(&clock, run.deadline(past).report());
    assert_eq!((report.stop, passed), (RetryStop::Deadline, 0));
}

/// Says of everything that it was never sent.
struct NeverSent;

impl Classify<(), ()> for NeverSent {
    fn classify(&self, _: &Result<(), ()>) -> Verdict {
        Verdict::NeverSent
    }

    fn elapsed(&self, _: &Elapsed) -> Verdict {
        Verdict::NeverSent
    }
}

#[test]
fn what_was_never_sent_is_not_sent_again_at_the_deadline() {
    let clock = HandClock::default();
    let made = Cell::new(0);
    let retry = EACH_SECOND.classify(NeverSent);
    let run = retry.run(&clock, |_| {
        made.set(made.get() + 1);
        pending::<Result<(), ()>>()
    });
    let run = run.deadline(clock.peek() + SECOND).report();
    assert_eq!(seconds(&clock, run).0.stop, RetryStop::Deadline);
    assert_eq!(made.get(), 1);
}

#[test]
fn what_was_never_sent_is_not_sent_again_where_there_is_no_time_for_it() {
    let clock = HandClock::default();
    let answers = Answers::new([Err::<(), _>(())]);
    let retry = EACH_SECOND.min_attempt(SECOND).classify(NeverSent);
    let run = retry.run(&clock, |_| answers.next());
    let run = run.deadline(clock.peek() + SECOND).report();
    assert_eq!(seconds(&clock, run).0.stop, RetryStop::DeadlineTooClose);
}

#[test]
fn a_retry_inside_an_attempt_only_shrinks_the_deadline() {
    let clock = HandClock::default();
    let outer = EACH_SECOND
        .attempt_timeout(4 * SECOND)
        .max_attempts(times(1));
    let at = |seconds: u32| Instant::ORIGIN + seconds * SECOND;
    for (own, inherited) in [(None, 4), (Some(2), 2), (Some(9), 4)] {
        let clock = clock.clone();
        let mut seen = None;
        let run = outer.run(&clock, |attempt| {
            let inner = EACH_SECOND.run(&clock, |inner| {
                seen = inner.deadline();
                ready(Ok::<_, ()>(()))
            });
            let inner = match own {
                Some(own) => inner.deadline(at(own)),
                None => inner,
            };
            let result = seconds(&clock, inner.within(attempt)).0;
            ready(result.map_err(drop))
        });
        assert!(seconds(&clock, run.deadline(at(7))).0.is_ok());
        assert_eq!(seen, Some(at(inherited)), "{own:?}");
    }
}

#[test]
fn a_nested_retry_gives_up_inside_the_time_of_the_attempt_around_it() {
    let clock = HandClock::default();
    let inner = EACH_SECOND.max_attempts(times(50));
    let outer = EACH_SECOND
        .attempt_timeout(4 * SECOND)
        .max_attempts(times(2));
    let mut asked = 0;
    let run = outer.run(&clock, |attempt| {
        let nested = inner.run(&clock, |_| {
            asked += 1;
            ready(Err::<(), _>("down"))
        });
        // The borrow of `asked` ends with the attempt: its count is taken after each.
        let (report, _) = seconds(&clock, nested.within(attempt).report());
        assert_eq!(report.stop, RetryStop::DeadlineTooClose);
        ready(report.result)
    });
    let (result, _) = seconds(&clock, run);
    assert_eq!(
        result.map_err(|failure| failure.map_op(Failure::into_op)),
        Err(Failure::Op(Some("down")))
    );
    assert_eq!(asked, 2 * 4);
}

#[test]
fn a_clock_that_stands_still_ends_after_all_attempts() {
    let clock = HandClock::default();
    let retry = AT_ONCE.max_attempts(times(5));
    let run = retry.run(&clock, |_| ready(Err::<(), _>(())));
    let (report, _) = seconds(&clock, run.deadline(clock.peek() + SECOND).report());
    assert_eq!((report.stop, report.attempts), (RetryStop::Attempts, 5));
}

#[test]
fn delays_and_deadlines_of_centuries_neither_overflow_nor_end() {
    let clock = HandClock::default();
    clock.advance(SECOND);
    let century = Retry::new(
        Backoff::fixed(Duration::MAX)
            .uncapped()
            .jitter(Jitter::None),
    );
    let run = century.run(&clock, |_| ready(Err::<(), _>(())));
    let (report, _) = seconds(
        &clock,
        run.deadline(Instant::from_nanos(u64::MAX - 1)).report(),
    );
    assert_eq!(report.stop, RetryStop::DeadlineTooClose);
    let limited = century.attempt_timeout(Duration::MAX);
    let mut run = std::pin::pin!(limited.run(&clock, |_| ready(Err::<(), _>(()))));
    assert!(crate::hand::poll(run.as_mut()).is_pending());
    clock.advance(Duration::MAX);
    assert!(crate::hand::poll(run).is_pending(), "it waits for ever");
}
