//! Timeouts.

mod grace;

use std::future::{pending, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use trunnion_core::{Clock, Instant, RealClock, Timer};
use trunnion_patterns::{Timeout, timeout, timeout_at};

use crate::hand::{HandClock, Remote, Wakes, poll};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_ready_future_reads_no_clock_and_makes_no_timer() {
    let clock = HandClock::default();
    assert_eq!(
        poll(pin!(timeout(&clock, SECOND, ready(1)))),
        Poll::Ready(Ok(1))
    );
    assert_eq!(
        poll(pin!(timeout_at(&clock, Instant::ORIGIN, ready(2)))),
        Poll::Ready(Ok(2))
    );
    assert_eq!((clock.reads(), clock.timers_made()), (0, 0));
}

#[test]
fn a_pending_future_reads_the_clock_once_and_makes_one_timer() {
    let clock = HandClock::default();
    let mut limited = pin!(timeout(&clock, SECOND, pending::<()>()));
    for _ in 0..3 {
        assert!(poll(limited.as_mut()).is_pending());
    }
    assert_eq!((clock.reads(), clock.timers_made()), (1, 1));
}

#[test]
fn a_deadline_reads_no_clock() {
    let clock = HandClock::default();
    let mut limited = pin!(timeout_at(&clock, clock.peek() + SECOND, pending::<()>()));
    assert!(poll(limited.as_mut()).is_pending());
    assert_eq!((clock.reads(), clock.timers_made()), (0, 1));
}

#[test]
fn the_duration_counts_from_the_first_poll() {
    let clock = HandClock::default();
    let mut limited = pin!(timeout(&clock, SECOND, pending::<()>()));
    clock.advance(10 * SECOND);
    assert!(poll(limited.as_mut()).is_pending());
    clock.advance(Duration::from_nanos(999_999_999));
    assert!(poll(limited.as_mut()).is_pending(), "one nanosecond early");
    clock.advance(Duration::from_nanos(1));
    let Poll::Ready(Err(elapsed)) = poll(limited) else {
        panic!("still pending at its deadline");
    };
    assert_eq!(elapsed.allowed, Some(SECOND));
    assert_eq!(elapsed.deadline, Some(Instant::ORIGIN + 11 * SECOND));
}

#[test]
fn a_deadline_counts_from_nothing() {
    let clock = HandClock::default();
    let mut limited = pin!(timeout_at(&clock, clock.peek() + SECOND, pending::<()>()));
    clock.advance(SECOND);
    let Poll::Ready(Err(elapsed)) = poll(limited.as_mut()) else {
        panic!("still pending at its deadline");
    };
    assert_eq!(elapsed.allowed, None);
    assert_eq!(elapsed.deadline, Some(Instant::ORIGIN + SECOND));
}

#[test]
fn a_value_ready_in_the_instant_of_expiry_is_kept() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    let mut limited = pin!(timeout(&clock, SECOND, remote.operation()));
    assert!(poll(limited.as_mut()).is_pending());
    clock.advance(5 * SECOND);
    remote.finish();
    assert_eq!(poll(limited), Poll::Ready(Ok("done")));
}

#[test]
fn a_zero_timeout_polls_once_so_that_what_is_ready_succeeds() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    let zero = Duration::ZERO;
    assert_eq!(
        poll(pin!(timeout(&clock, zero, ready(7)))),
        Poll::Ready(Ok(7))
    );
    assert!(matches!(
        poll(pin!(timeout(&clock, zero, remote.operation()))),
        Poll::Ready(Err(_))
    ));
    assert_eq!(remote.polls(), 1);
    assert_eq!((clock.reads(), clock.timers_made()), (0, 0));
}

#[test]
fn a_past_deadline_polls_once_so_that_what_is_ready_succeeds() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    clock.advance(SECOND);
    let past = Instant::ORIGIN;
    assert_eq!(
        poll(pin!(timeout_at(&clock, past, ready(7)))),
        Poll::Ready(Ok(7))
    );
    assert!(matches!(
        poll(pin!(timeout_at(&clock, past, remote.operation()))),
        Poll::Ready(Err(_))
    ));
    assert_eq!(remote.polls(), 1);
}

#[test]
fn the_longest_duration_never_expires() {
    let clock = HandClock::default();
    clock.advance(SECOND);
    let mut limited = pin!(timeout(&clock, Duration::MAX, pending::<()>()));
    assert!(poll(limited.as_mut()).is_pending());
    clock.advance(Duration::MAX);
    assert!(poll(limited).is_pending());
}

#[test]
fn each_poll_polls_the_future_exactly_once() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    let mut limited = pin!(timeout(&clock, SECOND, remote.operation()));
    for polls in 1..=3 {
        assert!(poll(limited.as_mut()).is_pending());
        assert_eq!(remote.polls(), polls);
    }
    clock.advance(SECOND);
    assert!(poll(limited).is_ready());
    assert_eq!(remote.polls(), 4);
}

#[test]
fn nothing_is_polled_before_the_timeout_is() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    drop(timeout(&clock, SECOND, remote.operation()));
    assert_eq!((remote.polls(), remote.drops(), clock.reads()), (0, 1, 0));
}

#[test]
fn both_the_future_and_the_timer_wake_the_task() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    let wakes = Arc::new(Wakes::default());
    let mut limited = pin!(timeout(&clock, SECOND, remote.operation()));
    assert!(wakes.poll(limited.as_mut()).is_pending());
    clock.advance(SECOND);
    assert_eq!(wakes.count(), 1);
    remote.finish();
    assert_eq!(wakes.count(), 2);
    assert_eq!(poll(limited), Poll::Ready(Ok("done")));
}

#[test]
fn dropping_it_at_every_await_point_drops_future_and_timer() {
    for polls in 0..4 {
        let (clock, remote) = (HandClock::default(), Remote::default());
        let mut limited = Box::pin(timeout(&clock, SECOND, remote.operation()));
        for _ in 0..polls {
            assert!(poll(limited.as_mut()).is_pending());
            clock.advance(SECOND / 8);
        }
        drop(limited);
        assert_eq!(
            (remote.drops(), clock.timers_alive()),
            (1, 0),
            "after {polls} polls"
        );
    }
}

#[test]
fn future_and_timer_are_gone_before_the_result_is_given() {
    for in_time in [true, false] {
        let (clock, remote) = (HandClock::default(), Remote::default());
        let mut limited = pin!(timeout(&clock, SECOND, remote.operation()));
        assert!(poll(limited.as_mut()).is_pending());
        if in_time {
            remote.finish();
        }
        clock.advance(SECOND);
        assert_eq!(
            poll(limited.as_mut()).map(|result| result.is_ok()),
            Poll::Ready(in_time)
        );
        assert_eq!((remote.drops(), clock.timers_alive()), (1, 0));
    }
}

#[test]
fn an_operation_passed_by_reference_outlives_its_timeout() {
    let (clock, remote) = (HandClock::default(), Remote::default());
    let mut operation = pin!(remote.operation());
    let first = timeout(&clock, Duration::ZERO, operation.as_mut());
    assert!(matches!(poll(pin!(first)), Poll::Ready(Err(_))));
    remote.finish();
    assert_eq!(poll(operation), Poll::Ready("done"));
}

#[test]
fn the_inner_of_two_equal_timeouts_reports_and_the_outer_passes_it_on() {
    let clock = HandClock::default();
    let at = clock.peek() + SECOND;
    let mut nested = pin!(timeout_at(
        &clock,
        at,
        timeout_at(&clock, at, pending::<()>())
    ));
    assert!(poll(nested.as_mut()).is_pending());
    clock.advance(SECOND);
    assert!(matches!(poll(nested), Poll::Ready(Ok(Err(_)))));
}

#[test]
#[should_panic(expected = "polled after it gave its result")]
fn polling_it_again_after_its_result_panics() {
    let clock = HandClock::default();
    let mut limited = pin!(timeout(&clock, SECOND, ready(())));
    assert!(poll(limited.as_mut()).is_ready());
    let _again = poll(limited);
}

#[test]
fn the_error_says_how_long_was_allowed() {
    let clock = HandClock::default();
    let half = Duration::from_millis(500);
    let mut limited = pin!(timeout(&clock, half, pending::<()>()));
    assert!(poll(limited.as_mut()).is_pending());
    clock.advance(half);
    let Poll::Ready(Err(elapsed)) = poll(limited) else {
        panic!("still pending at its deadline");
    };
    assert_eq!(elapsed.to_string(), "timed out after 500ms");
    let error: Box<dyn std::error::Error + Send + Sync> = elapsed.into();
    assert!(error.source().is_none());
}

/// A timer without state, for what is checked at compile time.
#[derive(Clone, Copy)]
struct Never;

impl Clock for Never {
    fn now(&self) -> Instant {
        RealClock.now()
    }
}

impl Timer for Never {
    type Sleep = NeverSleep;

    fn sleep_until(&self, deadline: Instant) -> NeverSleep {
        NeverSleep(deadline)
    }

    fn granularity(&self) -> Duration {
        Duration::ZERO
    }
}

struct NeverSleep(Instant);

impl Future for NeverSleep {
    type Output = ();

    fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl trunnion_core::Sleep for NeverSleep {
    fn reset(mut self: std::pin::Pin<&mut Self>, deadline: Instant) {
        self.0 = deadline;
    }

    fn deadline(&self) -> Instant {
        self.0
    }

    fn is_elapsed(&self) -> bool {
        false
    }
}

#[test]
fn it_is_send_when_its_parts_are_and_static_inside_a_block_that_owns_the_timer() {
    fn spawnable<T: Send + 'static>(_: &T) {}
    fn send<T: Send>() {}
    send::<Timeout<'_, Never, std::future::Ready<()>>>();
    let timer = Never;
    spawnable(&async move { timeout(&timer, SECOND, ready(())).await });
}
