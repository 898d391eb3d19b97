//! Timeouts that ask before they drop.

use std::future::ready;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use trunnion_core::{CancelKind, CancelToken, Instant};
use trunnion_patterns::timeout;

use super::SECOND;
use crate::hand::{HandClock, Remote, poll};

#[test]
fn with_grace_a_ready_future_reads_no_clock_and_cancels_nothing() {
    let (clock, token) = (HandClock::default(), CancelToken::new());
    let limited = timeout(&clock, SECOND, ready(1)).grace(SECOND, &token);
    assert_eq!(poll(pin!(limited)), Poll::Ready(Ok(1)));
    assert_eq!((clock.reads(), clock.timers_made()), (0, 0));
    assert!(!token.is_cancelled());
}

#[test]
fn the_token_is_cancelled_at_the_deadline_and_the_future_dropped_after_the_grace() {
    let (clock, remote, token) = (HandClock::default(), Remote::default(), CancelToken::new());
    let mut limited = pin!(timeout(&clock, 2 * SECOND, remote.operation()).grace(SECOND, &token));
    assert!(poll(limited.as_mut()).is_pending());
    clock.advance(Duration::from_nanos(1_999_999_999));
    assert!(poll(limited.as_mut()).is_pending());
    assert!(!token.is_cancelled(), "one nanosecond early");
    clock.advance(Duration::from_nanos(1));
    assert!(poll(limited.as_mut()).is_pending());
    assert_eq!(
        token.reason().map(|reason| reason.kind()),
        Some(CancelKind::Deadline)
    );
    clock.advance(Duration::from_nanos(999_999_999));
    assert!(poll(limited.as_mut()).is_pending(), "one nanosecond early");
    assert_eq!(remote.drops(), 0);
    clock.advance(Duration::from_nanos(1));
    let Poll::Ready(Err(elapsed)) = poll(limited.as_mut()) else {
        panic!("the grace is over")
    };
    assert_eq!(elapsed.allowed, Some(2 * SECOND));
    assert_eq!(
        elapsed.deadline,
        Some(Instant::ORIGIN + 2 * SECOND),
        "the timeout's, not the grace's"
    );
    assert_eq!(
        (remote.drops(), clock.timers_made(), clock.timers_alive()),
        (1, 1, 0)
    );
}

#[test]
fn an_operation_that_stops_when_it_is_asked_ends_in_the_same_poll_with_its_value() {
    let (clock, token) = (HandClock::default(), CancelToken::new());
    let operation = async {
        token.cancelled().await;
        "so far"
    };
    let mut limited = pin!(timeout(&clock, SECOND, operation).grace(Duration::ZERO, &token));
    assert!(poll(limited.as_mut()).is_pending());
    clock.advance(SECOND);
    assert_eq!(poll(limited), Poll::Ready(Ok("so far")));
    assert_eq!(clock.timers_alive(), 0);
}

#[test]
fn a_value_within_the_grace_is_given() {
    let (clock, remote, token) = (HandClock::default(), Remote::default(), CancelToken::new());
    let mut limited = pin!(timeout(&clock, SECOND, remote.operation()).grace(SECOND, &token));
    assert!(poll(limited.as_mut()).is_pending());
    clock.advance(SECOND);
    assert!(poll(limited.as_mut()).is_pending());
    clock.advance(SECOND);
    remote.finish();
    assert_eq!(
        poll(limited),
        Poll::Ready(Ok("done")),
        "also in its last instant"
    );
}

#[test]
fn a_grace_of_nothing_asks_and_polls_once_more() {
    let (clock, remote, token) = (HandClock::default(), Remote::default(), CancelToken::new());
    let limited = timeout(&clock, Duration::ZERO, remote.operation()).grace(Duration::ZERO, &token);
    assert!(matches!(poll(pin!(limited)), Poll::Ready(Err(_))));
    assert!(token.is_cancelled());
    assert_eq!((remote.polls(), remote.drops()), (2, 1));
}

#[test]
fn a_late_poll_still_leaves_the_operation_one_poll_to_stop() {
    let (clock, token) = (HandClock::default(), CancelToken::new());
    let operation = async {
        token.cancelled().await;
        "so far"
    };
    let mut limited = pin!(timeout(&clock, SECOND, operation).grace(SECOND, &token));
    assert!(poll(limited.as_mut()).is_pending());
    clock.advance(60 * SECOND);
    assert_eq!(poll(limited), Poll::Ready(Ok("so far")));
}

#[test]
fn the_grace_counts_from_the_deadline_however_late_the_poll() {
    let (clock, remote, token) = (HandClock::default(), Remote::default(), CancelToken::new());
    let mut limited =
        pin!(timeout(&clock, 2 * SECOND, remote.operation()).grace(2 * SECOND, &token));
    assert!(poll(limited.as_mut()).is_pending());
    clock.advance(3 * SECOND);
    assert!(poll(limited.as_mut()).is_pending());
    clock.advance(SECOND);
    assert!(matches!(poll(limited), Poll::Ready(Err(_))));
}

#[test]
fn a_grace_that_the_clock_cannot_reach_waits_for_the_operation() {
    let (clock, remote, token) = (HandClock::default(), Remote::default(), CancelToken::new());
    let mut limited =
        pin!(timeout(&clock, SECOND, remote.operation()).grace(Duration::MAX, &token));
    assert!(poll(limited.as_mut()).is_pending());
    clock.advance(Duration::MAX);
    assert!(poll(limited.as_mut()).is_pending());
    remote.finish();
    assert_eq!(poll(limited), Poll::Ready(Ok("done")));
}

#[test]
fn dropping_a_timeout_with_grace_at_every_point_drops_future_and_timer() {
    for polls in 0..6 {
        let (clock, remote, token) = (HandClock::default(), Remote::default(), CancelToken::new());
        let mut limited =
            Box::pin(timeout(&clock, SECOND, remote.operation()).grace(3 * SECOND, &token));
        for _ in 0..polls {
            assert!(poll(limited.as_mut()).is_pending());
            clock.advance(SECOND / 2);
        }
        drop(limited);
        assert_eq!(
            (remote.drops(), clock.timers_alive()),
            (1, 0),
            "after {polls} polls"
        );
        assert_eq!(token.is_cancelled(), polls > 2, "dropping cancels nothing");
    }
}
