//! How often, how long, and what an attempt knows.

use std::future::{pending, ready};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use trunnion_core::{CancelToken, Timer};
use trunnion_patterns::{Backoff, Failure, Jitter, OnFailure, Retry, RetryStop, Verdict};

use super::{AT_ONCE, Answers, EACH_SECOND, SECOND, seconds, times};
use crate::hand::{HandClock, Remote, poll};

#[test]
fn a_success_at_once_reads_no_clock_makes_no_timer_and_draws_no_number() {
    let clock = HandClock::default();
    let retry = Retry::new(Backoff::exponential(SECOND)).attempt_timeout(SECOND);
    let answers = Answers::<_, ()>::new([Ok(7)]);
    let done = poll(pin!(retry.run(&clock, |_| answers.next())));
    assert_eq!(done, Poll::Ready(Ok(7)));
    assert_eq!(
        (clock.reads(), clock.timers_made(), clock.draws()),
        (0, 0, 0)
    );
}

#[test]
fn a_delay_of_zero_touches_neither_clock_nor_timer() {
    let clock = HandClock::default();
    let answers = Answers::new([Err(1), Err(2), Ok(3)]);
    let done = poll(pin!(AT_ONCE.run(&clock, |_| answers.next())));
    assert_eq!((done, answers.asked()), (Poll::Ready(Ok(3)), 3));
    assert_eq!(
        (clock.reads(), clock.timers_made(), clock.draws()),
        (0, 0, 0)
    );
}

#[test]
fn the_last_error_is_given_when_all_attempts_are_made() {
    let clock = HandClock::default();
    let answers = Answers::<(), _>::new([Err(1), Err(2), Err(3)]);
    let (result, took) = seconds(&clock, EACH_SECOND.run(&clock, |_| answers.next()));
    assert_eq!((result, took), (Err(Failure::Op(3)), 2));
    assert_eq!(clock.timers_made(), 1, "one timer is moved");
    assert_eq!(clock.timers_alive(), 0);
}

#[test]
fn attempts_are_numbered_and_the_last_knows_it() {
    let clock = HandClock::default();
    let retry = AT_ONCE.max_attempts(times(4)).attempt_timeout(SECOND);
    let mut seen = Vec::new();
    let run = retry.run(&clock, |attempt| {
        seen.push((attempt.number(), attempt.is_last()));
        assert_eq!(
            (attempt.deadline(), attempt.timeout()),
            (None, Some(SECOND))
        );
        ready(Err::<(), _>(()))
    });
    assert!(poll(pin!(run)).is_ready());
    assert_eq!(seen, [(1, false), (2, false), (3, false), (4, true)]);
}

#[test]
fn one_attempt_is_no_retry() {
    let clock = HandClock::default();
    let retry = EACH_SECOND.max_attempts(times(1));
    let answers = Answers::<(), _>::new([Err(1)]);
    let report = poll(pin!(retry.run(&clock, |_| answers.next()).report()));
    let Poll::Ready(report) = report else {
        panic!("it does not wait")
    };
    assert_eq!((report.attempts, report.stop), (1, RetryStop::Attempts));
    assert_eq!(report.first_error, None);
}

#[test]
fn the_most_attempts_that_can_be_written_do_not_overflow() {
    let clock = HandClock::default();
    let retry = Retry::new(
        Backoff::linear(Duration::MAX)
            .jitter(Jitter::None)
            .cap(SECOND),
    )
    .max_attempts(times(u32::MAX));
    let mut left = 200_000;
    let mut run = pin!(retry.run(&clock, |_| {
        left -= 1;
        ready(if left > 0 { Err(left) } else { Ok("done") })
    }));
    while poll(run.as_mut()).is_pending() {
        clock.advance(SECOND);
    }
    assert_eq!(left, 0);
}

#[test]
fn an_operation_that_always_fails_at_once_gives_way() {
    let clock = HandClock::default();
    let retry = AT_ONCE.max_attempts(times(u32::MAX));
    let mut run = pin!(retry.run(&clock, |_| ready(Err::<(), _>(()))));
    assert!(poll(run.as_mut()).is_pending());
    assert!(poll(run.as_mut()).is_pending());
}

#[test]
fn a_successful_answer_can_be_tried_again_and_the_last_one_is_given() {
    let clock = HandClock::default();
    let retry = EACH_SECOND.classify(|result: &Result<u32, ()>| match result {
        Ok(progress) if *progress < 100 => Verdict::Transient,
        _ => Verdict::Done,
    });
    let run = |answers: [u32; 3]| {
        let answers = Answers::new(answers.map(Ok));
        seconds(&clock, retry.run(&clock, |_| answers.next()).report()).0
    };
    let report = run([10, 100, 0]);
    assert_eq!((report.result, report.attempts), (Ok(100), 2));
    let report = run([10, 20, 30]);
    assert_eq!((report.result, report.stop), (Ok(30), RetryStop::Attempts));
}

#[test]
fn only_errors_that_are_asked_for_are_tried_again() {
    let clock = HandClock::default();
    let retry = EACH_SECOND.retry_if(|error: &u16| *error >= 500);
    let answers = Answers::<(), _>::new([Err(503), Err(404)]);
    let (report, took) = seconds(&clock, retry.run(&clock, |_| answers.next()).report());
    assert_eq!((report.stop, took), (RetryStop::Permanent, 1));
    assert_eq!(report.result, Err(Failure::Op(404)));
    assert_eq!((report.first_error, report.waited), (Some(503), SECOND));
}

#[test]
fn an_attempt_that_is_late_is_dropped_and_tried_again() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    let retry = EACH_SECOND.attempt_timeout(3 * SECOND);
    let run = retry.run(&clock, |_| {
        let operation = remote.operation();
        async move { Ok::<_, ()>(operation.await) }
    });
    let (report, took) = seconds(&clock, run.report());
    let Err(Failure::Elapsed(elapsed)) = report.result else {
        panic!("it never ends")
    };
    assert_eq!(
        (elapsed.allowed, took),
        (Some(3 * SECOND), 3 + 1 + 3 + 1 + 3)
    );
    assert_eq!((remote.drops(), clock.timers_made()), (3, 1));
}

#[test]
fn a_value_in_the_instant_of_an_attempts_end_is_kept() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    let retry = EACH_SECOND.attempt_timeout(SECOND);
    let mut run = pin!(retry.run(&clock, |_| {
        let operation = remote.operation();
        async move { Ok::<_, ()>(operation.await) }
    }));
    assert!(poll(run.as_mut()).is_pending());
    clock.advance(SECOND);
    remote.finish();
    assert_eq!(poll(run), Poll::Ready(Ok("done")));
}

#[test]
fn attempts_of_no_time_are_polled_once_each() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    let retry = AT_ONCE.attempt_timeout(Duration::ZERO);
    let run = retry.run(&clock, |_| {
        let operation = remote.operation();
        async move { Ok::<_, ()>(operation.await) }
    });
    let Poll::Ready(Err(failure)) = poll(pin!(run)) else {
        panic!("it has no time")
    };
    assert!(failure.is_elapsed());
    assert_eq!((remote.polls(), remote.drops()), (3, 3));
}

#[test]
fn a_late_attempt_can_be_the_last() {
    struct NotLate;
    impl trunnion_patterns::Classify<(), ()> for NotLate {
        fn classify(&self, _: &Result<(), ()>) -> Verdict {
            Verdict::Transient
        }
        fn elapsed(&self, _: &trunnion_patterns::Elapsed) -> Verdict {
            Verdict::Permanent
        }
    }
    let clock = HandClock::default();
    let retry = EACH_SECOND.attempt_timeout(SECOND).classify(NotLate);
    let run = retry.run(&clock, |_| pending::<Result<(), ()>>());
    let (report, took) = seconds(&clock, run.report());
    assert_eq!((report.stop, took), (RetryStop::Permanent, 1));
}

#[test]
fn what_was_never_sent_is_sent_again_once_uncounted_and_at_once() {
    let clock = HandClock::default();
    let retry = EACH_SECOND.classify(|_: &Result<(), ()>| Verdict::NeverSent);
    let answers = Answers::<(), ()>::new([Err(()); 4]);
    let (report, took) = seconds(&clock, retry.run(&clock, |_| answers.next()).report());
    assert_eq!((report.attempts, answers.asked(), took), (3, 4, 2));
}

#[test]
fn a_cancelled_failure_inside_is_not_tried_again() {
    let clock = HandClock::default();
    let retry = EACH_SECOND.classify(OnFailure);
    let cancelled = Failure::Cancelled {
        reason: trunnion_core::CancelKind::Shutdown.into(),
        last: None,
    };
    let answers = Answers::<(), Failure<()>>::new([Err(Failure::Op(())), Err(cancelled)]);
    let (report, _) = seconds(&clock, retry.run(&clock, |_| answers.next()).report());
    assert_eq!((report.attempts, report.stop), (2, RetryStop::Permanent));
}

#[test]
fn a_result_that_is_there_leaves_no_timer_though_its_future_is_kept() {
    trunnion_sim::run(|rt| async move {
        let retry = EACH_SECOND.max_attempts(times(1)).attempt_timeout(SECOND);
        for result in [Ok(1), Err(2)] {
            let mut run = pin!(retry.run(&rt, |_| {
                let sleep = rt.sleep(SECOND / 2);
                async move {
                    sleep.await;
                    result
                }
            }));
            assert_eq!(run.as_mut().await.ok(), result.ok());
            assert_eq!(rt.next_deadline(), None);
        }
        let token = CancelToken::new();
        let run = EACH_SECOND.run(&rt, |_| ready(Err::<(), _>(())));
        let mut run = pin!(run.until_cancelled(&token));
        assert!(poll(run.as_mut()).is_pending());
        assert!(rt.next_deadline().is_some());
        token.cancel();
        assert!(poll(run.as_mut()).is_ready());
        assert_eq!(rt.next_deadline(), None);
    });
}

#[test]
#[should_panic(expected = "polled after it gave its result")]
fn polling_it_again_after_its_result_panics() {
    let clock = HandClock::default();
    let mut run = pin!(AT_ONCE.run(&clock, |_| ready(Ok::<_, ()>(()))));
    assert!(poll(run.as_mut()).is_ready());
    let _again = poll(run);
}

#[test]
fn nothing_runs_before_it_is_polled() {
    let clock = HandClock::default();
    let answers = Answers::<(), ()>::new([Ok(())]);
    drop(AT_ONCE.run(&clock, |_| answers.next()));
    assert_eq!(answers.asked(), 0);
}
