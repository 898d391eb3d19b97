//! Ticks.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use trunnion_core::Instant;
use trunnion_patterns::{Interval, MissedTick, ZeroPeriod, interval, interval_at};

use crate::hand::{HandClock, Wakes, poll};

const PERIOD: Duration = Duration::from_secs(10);

fn at(seconds: u64) -> Instant {
    Instant::ORIGIN + Duration::from_secs(seconds)
}

/// Polls one tick; the seconds at which it was due.
fn tick(beat: &mut Interval<'_, HandClock>) -> Poll<u64> {
    poll(pin!(beat.tick())).map(|due| (due - Instant::ORIGIN).as_secs())
}

#[test]
fn the_first_tick_comes_at_once_and_the_others_on_the_beat() {
    let clock = HandClock::default();
    clock.advance(Duration::from_secs(3));
    let mut beat = interval(&clock, PERIOD).expect("not zero");
    assert_eq!(tick(&mut beat), Poll::Ready(3));
    for due in [13, 23, 33] {
        assert!(tick(&mut beat).is_pending());
        clock.advance(Duration::from_nanos(9_999_999_999));
        assert!(tick(&mut beat).is_pending(), "one nanosecond early");
        clock.advance(Duration::from_nanos(1));
        assert_eq!(tick(&mut beat), Poll::Ready(due));
    }
    assert_eq!((clock.timers_made(), beat.period()), (1, PERIOD));
    drop(beat);
    assert_eq!(clock.timers_alive(), 0);
}

#[test]
fn a_beat_that_is_far_behind_gives_way_from_time_to_time() {
    let clock = HandClock::default();
    let mut beat = interval(&clock, PERIOD).expect("not zero");
    clock.advance(300 * PERIOD);
    let (mut taken, mut gave_way) = (0, 0);
    while taken <= 300 {
        match tick(&mut beat) {
            Poll::Ready(due) => {
                assert_eq!(due, taken * PERIOD.as_secs());
                taken += 1;
            }
            Poll::Pending => gave_way += 1,
        }
    }
    assert_eq!(gave_way, 2, "in 300 ticks that were late");
    assert!(tick(&mut beat).is_pending());
}

#[test]
fn a_beat_may_start_later_or_earlier() {
    let clock = HandClock::default();
    clock.advance(Duration::from_secs(25));
    let mut later = interval_at(&clock, at(30), PERIOD).expect("not zero");
    let mut earlier = interval_at(&clock, at(10), PERIOD).expect("not zero");
    assert!(tick(&mut later).is_pending());
    assert_eq!(tick(&mut earlier), Poll::Ready(10));
    assert_eq!(tick(&mut earlier), Poll::Ready(20));
    assert!(tick(&mut earlier).is_pending());
    clock.advance(Duration::from_secs(5));
    assert_eq!(
        (tick(&mut later), tick(&mut earlier)),
        (Poll::Ready(30), Poll::Ready(30))
    );
}

/// Takes the tick that is due at 20 at 45, and then what comes at 45, 50, 55, 60 and 65.
fn late(rule: MissedTick) -> Vec<(u64, u64)> {
    let clock = HandClock::default();
    let mut beat = interval_at(&clock, at(20), PERIOD)
        .expect("not zero")
        .missed_tick(rule);
    clock.advance(Duration::from_secs(45));
    let mut ticks = Vec::new();
    for now in [45, 50, 55, 60, 65] {
        while let Poll::Ready(due) = tick(&mut beat) {
            ticks.push((now, due));
        }
        clock.advance(Duration::from_secs(5));
    }
    ticks
}

#[test]
fn the_rule_says_what_becomes_of_missed_ticks() {
    let burst = [(45, 20), (45, 30), (45, 40), (50, 50), (60, 60)];
    assert_eq!(late(MissedTick::Burst), burst);
    assert_eq!(late(MissedTick::default()), burst);
    assert_eq!(late(MissedTick::Delay), [(45, 20), (55, 55), (65, 65)]);
    assert_eq!(late(MissedTick::Skip), [(45, 20), (50, 50), (60, 60)]);
}

#[test]
fn a_tick_that_is_late_by_exactly_one_period_skips_one() {
    let clock = HandClock::default();
    let mut beat = interval(&clock, PERIOD)
        .expect("not zero")
        .missed_tick(MissedTick::Skip);
    clock.advance(PERIOD);
    assert_eq!(tick(&mut beat), Poll::Ready(0));
    assert!(tick(&mut beat).is_pending(), "that of 10 was missed");
    clock.advance(PERIOD);
    assert_eq!(tick(&mut beat), Poll::Ready(20));
}

#[test]
fn dropping_a_tick_loses_nothing() {
    let clock = HandClock::default();
    let mut beat = interval_at(&clock, at(10), PERIOD).expect("not zero");
    let wakes = Arc::new(Wakes::default());
    for _ in 0..3 {
        assert!(wakes.poll(pin!(beat.tick())).is_pending());
    }
    clock.advance(PERIOD);
    assert!(wakes.count() > 0);
    drop(beat.tick());
    assert_eq!(tick(&mut beat), Poll::Ready(10));
}

#[test]
fn a_period_of_zero_is_refused_and_the_longest_never_comes() {
    let clock = HandClock::default();
    assert_eq!(
        interval(&clock, Duration::ZERO).err(),
        Some(interval_zero())
    );
    assert!(!interval_zero().to_string().is_empty());
    for rule in [MissedTick::Burst, MissedTick::Delay, MissedTick::Skip] {
        let mut beat = interval(&clock, Duration::MAX)
            .expect("not zero")
            .missed_tick(rule);
        clock.advance(PERIOD);
        assert!(tick(&mut beat).is_ready());
        clock.advance(1_000 * PERIOD);
        assert!(tick(&mut beat).is_pending(), "{rule:?}");
    }
}

fn interval_zero() -> ZeroPeriod {
    let clock = HandClock::default();
    interval_at(&clock, at(1), Duration::ZERO).expect_err("zero")
}
