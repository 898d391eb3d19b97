//! What is refused when a backoff is built, and in which words.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::panic::{UnwindSafe, catch_unwind};
use std::time::Duration;

use trunnion_patterns::{Backoff, Jitter};

use super::source::{ms, raw};

const FIRST: Backoff = Backoff::exponential(ms(100));

#[track_caller]
fn refuses(build: impl FnOnce() -> Backoff + UnwindSafe, words: &str) {
    let payload = catch_unwind(build).unwrap_err();
    let told = payload.downcast_ref::<String>().map(String::as_str);
    let told = told.or(payload.downcast_ref::<&str>().copied());
    assert_eq!(told, Some(words));
}

#[test]
fn a_floor_above_the_cap_is_refused_in_either_order() {
    let words = "a backoff floor of 2000000000 ns is above its cap of 1000000000 ns";
    refuses(|| FIRST.floor(ms(2_000)).cap(ms(1_000)), words);
    refuses(|| FIRST.cap(ms(1_000)).floor(ms(2_000)), words);
    let far = "a backoff floor of 18446744073709551615 ns is above its cap of 0 ns";
    refuses(|| FIRST.cap(Duration::ZERO).floor(Duration::MAX), far);
}

#[test]
fn a_share_that_is_none_is_refused() {
    type Share = fn(f64) -> Jitter;
    for jitter in [Jitter::Spread as Share, Jitter::Symmetric] {
        let refuses = |p, words| refuses(move || FIRST.jitter(jitter(p)), words);
        refuses(1.5, "a jitter of 1.500000000 is not from 0 to 1");
        refuses(1.000_000_1, "a jitter of 1.000000100 is not from 0 to 1");
        refuses(-0.25, "a jitter of -0.250000000 is not from 0 to 1");
        refuses(f64::NAN, "a jitter of NaN is not from 0 to 1");
        let endless = "a jitter of 18446744073709551615.";
        let told = catch_unwind(move || FIRST.jitter(jitter(f64::INFINITY))).unwrap_err();
        let told = told.downcast_ref::<String>().unwrap();
        assert_eq!(told[..endless.len()], *endless);
    }
}

#[test]
fn a_factor_that_shrinks_or_is_none_is_refused() {
    refuses(
        || FIRST.factor(2, 0),
        "a backoff factor of 2 / 0 is not 1 or more",
    );
    refuses(
        || FIRST.factor(0, 0),
        "a backoff factor of 0 / 0 is not 1 or more",
    );
    refuses(
        || FIRST.factor(9, 10),
        "a backoff factor of 9 / 10 is not 1 or more",
    );
}

#[test]
fn steps_that_mean_nothing_are_refused() {
    refuses(|| Backoff::steps(&[]), "steps of a backoff that are empty");
    let factor = "a factor for a backoff that is not exponential";
    refuses(|| Backoff::fixed(ms(1)).factor(2, 1), factor);
    let jitter = "a jitter for a backoff that is decorrelated";
    refuses(|| Backoff::decorrelated(ms(1)).jitter(Jitter::None), jitter);
    refuses(
        || Backoff::decorrelated_aws(ms(1)).jitter(Jitter::Full),
        jitter,
    );
}

#[test]
fn what_is_at_the_edge_is_taken() {
    let _ = FIRST.floor(ms(1_000)).cap(ms(1_000));
    let _ = FIRST.factor(u16::MAX, u16::MAX).factor(u16::MAX, 1);
    let _ = FIRST
        .jitter(Jitter::Spread(0.0))
        .jitter(Jitter::Symmetric(1.0));
    let _ = FIRST.jitter(Jitter::Spread(-0.0));
}

/// 20 s is what is meant when nothing is said: it must not cut what was said.
#[test]
fn the_default_cap_gives_way_to_delays_that_were_given() {
    assert_eq!(raw(FIRST, 30), ms(20_000));
    assert_eq!(raw(Backoff::fixed(ms(60_000)), 0), ms(60_000));
    assert_eq!(raw(Backoff::exponential(ms(60_000)), 9), ms(60_000));
    let steps = Backoff::steps(const { &[ms(60_000), ms(1)] });
    assert_eq!([raw(steps, 0), raw(steps, 1)], [ms(60_000), ms(1)]);
    assert_eq!(raw(FIRST.floor(ms(15_000)), 30), ms(30_000));
    assert_eq!(raw(FIRST.floor(ms(15_000)).cap(ms(16_000)), 30), ms(16_000));
    assert_eq!(raw(Backoff::fixed(ms(60_000)).cap(ms(1_000)), 0), ms(1_000));
}
