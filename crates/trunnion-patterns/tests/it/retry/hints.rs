//! When the service says when.

use std::future::ready;
use std::time::Duration;

use trunnion_patterns::{Backoff, Failure, Hint, Hints, Jitter, Retry, RetryStop, Verdict};

use super::{SECOND, seconds, times};
use crate::hand::HandClock;

/// Ends in how many seconds of waiting, and why, when each answer carries `hint`.
fn waits(hints: Hints, hint: Hint) -> (RetryStop, u64) {
    let clock = HandClock::default();
    let retry = Retry::new(Backoff::fixed(2 * SECOND).jitter(Jitter::None))
        .max_attempts(times(2))
        .hints(hints)
        .classify(move |_: &Result<(), &str>| Verdict::Throttled(hint));
    let run = retry.run(&clock, |_| ready(Err("busy")));
    let (report, _) = seconds(&clock, run.report());
    assert_eq!(
        report.result,
        Err(Failure::Op("busy")),
        "the hint's error is given"
    );
    assert!(report.attempts <= 2);
    (report.stop, report.waited.as_secs())
}

const fn after(seconds: u64) -> Hint {
    Hint::After(Duration::from_secs(seconds))
}

#[test]
fn at_least_never_comes_earlier_than_asked_nor_than_the_delay() {
    // The hand's numbers are the highest: a tenth, at most a second, comes on top.
    let rule = Hints::at_least();
    assert_eq!(waits(rule, Hint::Unsaid), (RetryStop::Attempts, 2));
    assert_eq!(waits(rule, after(1)), (RetryStop::Attempts, 2));
    assert_eq!(waits(rule, after(5)), (RetryStop::Attempts, 5));
    assert_eq!(waits(rule, after(20)), (RetryStop::Attempts, 21));
    assert_eq!(waits(rule, after(60)), (RetryStop::Attempts, 61));
}

#[test]
fn a_hint_above_the_cap_ends_the_call_and_is_told() {
    let years = after(10 * 365 * 86_400);
    for rule in [Hints::at_least(), Hints::exact()] {
        for hint in [after(61), years, Hint::After(Duration::MAX)] {
            let Hint::After(wanted) = hint else {
                unreachable!()
            };
            let told = RetryStop::HintTooLong(wanted.min(Duration::from_nanos(u64::MAX)));
            assert_eq!(waits(rule, hint), (told, 0));
        }
        assert_eq!(
            waits(rule.cap(100 * SECOND), after(99)).0,
            RetryStop::Attempts
        );
    }
}

#[test]
fn exact_bounded_and_ignored_hints() {
    assert_eq!(waits(Hints::exact(), after(1)).1, 1);
    assert_eq!(waits(Hints::exact(), after(30)).1, 30);
    let bounded = Hints::bounded(5 * SECOND);
    assert_eq!(
        [after(1), after(4), after(1_000)].map(|hint| waits(bounded, hint).1),
        [2, 4, 7]
    );
    assert_eq!(waits(Hints::bounded(Duration::MAX), Hint::Unsaid).1, 2);
    assert_eq!(waits(Hints::ignore(), after(30)).1, 2);
    assert_eq!(
        waits(Hints::ignore(), Hint::Never),
        (RetryStop::Attempts, 2)
    );
}

#[test]
fn a_service_that_says_never_is_left_alone() {
    for rule in [Hints::default(), Hints::exact(), Hints::bounded(SECOND)] {
        assert_eq!(waits(rule, Hint::Never), (RetryStop::Refused, 0));
    }
}

#[test]
fn a_hint_beyond_the_deadline_ends_the_call_at_once() {
    let clock = HandClock::default();
    let retry = Retry::new(Backoff::fixed(SECOND))
        .classify(|_: &Result<(), &str>| Verdict::Unavailable(after(30)));
    let run = retry.run(&clock, |_| ready(Err("busy")));
    let (report, took) = seconds(&clock, run.deadline(clock.peek() + 29 * SECOND).report());
    assert_eq!((report.stop, took), (RetryStop::DeadlineTooClose, 0));
}

#[test]
fn seconds_are_read_as_headers_have_them() {
    assert_eq!(Hint::seconds(" 7 "), after(7));
    assert_eq!(Hint::seconds("0"), after(0));
    assert_eq!(Hint::seconds("99999999999999999999"), after(u64::MAX));
    assert_eq!(Hint::seconds("-3"), Hint::Never);
    for text in ["", "-", "1.5", "+1", "--1", "Wed, 21 Oct 2015 07:28:00 GMT"] {
        assert_eq!(Hint::seconds(text), Hint::Unsaid, "{text}");
    }
}
