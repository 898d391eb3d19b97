//! Observers.

use std::cell::{Cell, RefCell};
use std::future::ready;

use trunnion_patterns::{Failure, RetryObserver, RetryStop, Retrying, Stopped, Verdict};

use super::{Answers, EACH_SECOND, SECOND, seconds, times};
use crate::hand::{HandClock, poll};

#[derive(Default)]
struct Log(RefCell<Vec<String>>);

impl RetryObserver<u8, &str> for &Log {
    fn retrying(&self, retrying: &Retrying<'_, u8, &str>) {
        self.0.borrow_mut().push(retrying.to_string());
    }

    fn stopped(&self, stopped: &Stopped<'_, u8, &str>) {
        let Stopped {
            attempts,
            waited,
            stop,
            outcome,
            ..
        } = stopped;
        let outcome = outcome
            .as_ref()
            .map(|outcome| outcome.as_ref().ok().copied());
        self.0
            .borrow_mut()
            .push(format!("{attempts} {waited:?} {stop}: {outcome:?}"));
    }
}

#[test]
fn an_observer_hears_each_retry_and_the_end() {
    let (clock, log) = (HandClock::default(), Log::default());
    let retry = EACH_SECOND.observe(&log);
    let answers = Answers::new([Err("down"), Err("slow"), Ok(7)]);
    let (result, _) = seconds(&clock, retry.run(&clock, |_| answers.next()));
    assert_eq!(result, Ok(7));
    assert_eq!(
        *log.0.borrow(),
        [
            "attempt 1 failed (down): again in 1s",
            "attempt 2 failed (slow): again in 1s",
            "3 2s the result is as it is to be: Some(Some(7))"
        ]
    );
}

#[test]
fn an_observer_is_not_told_of_what_is_sent_again_at_once_nor_of_a_call_that_is_dropped() {
    let (clock, log) = (HandClock::default(), Log::default());
    let verdicts = Cell::new(vec![Verdict::Done, Verdict::NeverSent]);
    let next = |_: &Result<u8, &str>| {
        let mut left = verdicts.take();
        let verdict = left.pop().expect("it is not asked that often");
        verdicts.set(left);
        verdict
    };
    let answers = Answers::new([Err("closed"), Ok(7)]);
    let retry = EACH_SECOND.classify(next).observe(&log);
    let (result, took) = seconds(&clock, retry.run(&clock, |_| answers.next()));
    assert_eq!((result, took), (Ok(7), 0));
    let told = ["1 0ns the result is as it is to be: Some(Some(7))"];
    assert_eq!(log.0.take(), told);

    let answers = Answers::new([Err("down")]);
    let retry = EACH_SECOND.observe(&log);
    let mut run = Box::pin(retry.run(&clock, |_| answers.next()));
    assert!(poll(run.as_mut()).is_pending());
    drop(run);
    assert_eq!(log.0.take(), ["attempt 1 failed (down): again in 1s"]);
}

#[test]
fn an_observer_hears_of_late_attempts() {
    let clock = HandClock::default();
    let heard = RefCell::new(Vec::new());
    let retry = EACH_SECOND
        .max_attempts(times(2))
        .attempt_timeout(SECOND)
        .observe(|retrying: &Retrying<'_, (), ()>| {
            let late = matches!(retrying.outcome, Err(Failure::Elapsed(_)));
            heard.borrow_mut().push((retrying.attempt, late));
        });
    let run = retry.run(&clock, |_| std::future::pending::<Result<(), ()>>());
    assert!(seconds(&clock, run).0.is_err());
    assert_eq!(*heard.borrow(), [(1, true)]);
}

#[test]
fn reasons_read_as_sentences() {
    let hint = RetryStop::HintTooLong(61 * SECOND);
    assert_eq!(hint.to_string(), "the service asks for a wait of 61s");
    for stop in [
        RetryStop::Permanent,
        RetryStop::Attempts,
        RetryStop::Deadline,
        RetryStop::DeadlineTooClose,
        RetryStop::Budget,
        RetryStop::Refused,
        RetryStop::Cancelled,
    ] {
        assert!(!stop.to_string().is_empty() && !stop.to_string().ends_with('.'));
    }
}

#[test]
fn what_is_kept_of_a_call_is_shown() {
    let clock = HandClock::default();
    let run = EACH_SECOND.run(&clock, |_| ready(Ok::<_, ()>(())));
    let shown = format!("{run:?} {EACH_SECOND:?}");
    assert!(
        shown.contains("number: 1") && shown.contains("max_attempts: 3"),
        "{shown}"
    );
}
