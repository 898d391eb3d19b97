//! What other libraries get wrong, each seen in one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use trunnion_core::ThreadEntropy;
use trunnion_patterns::{Backoff, Jitter};

use super::source::{Always, ends, first, ms, raw, seeded};

const COUNT: usize = 6_000;
const JITTERS: [Jitter; 4] = [
    Jitter::Full,
    Jitter::Equal,
    Jitter::Spread(0.1),
    Jitter::Symmetric(0.2),
];

fn drawn(backoff: Backoff, n: u32) -> Vec<Duration> {
    let source = seeded(7);
    let draw = || backoff.delay(n, Duration::ZERO, &source);
    std::iter::repeat_with(draw).take(COUNT).collect()
}

/// How often the most frequent value comes.
fn most_frequent(drawn: &[Duration]) -> usize {
    let mut counts = BTreeMap::new();
    for delay in drawn {
        *counts.entry(delay).or_insert(0) += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

/// In tower 0.5.3 three backoffs of one maker wait equally long: the generator is cloned with the maker.
#[test]
fn three_calls_of_one_backoff_do_not_wait_in_step() {
    let backoff = Backoff::exponential(ms(100));
    let seeded = seeded(8);
    let calls = [(); 3].map(|()| first(backoff, &seeded, 4));
    assert_eq!(BTreeSet::from(calls).len(), 3);
    let calls = [backoff; 3].map(|copy| first(copy, &ThreadEntropy, 4));
    assert_eq!(BTreeSet::from(calls).len(), 3);
}

#[test]
fn the_same_seed_gives_the_same_delays() {
    let backoff = Backoff::decorrelated(ms(100));
    let call = |seed| first(backoff, &seeded(seed), 10);
    assert_eq!(call(9), call(9));
    assert_ne!(call(9), call(10));
}

/// In tower 0.5.3 whole seconds are jittered by whole seconds, and what is at the cap is not jittered.
#[test]
fn whole_seconds_and_the_cap_are_jittered_finely() {
    let backoff = Backoff::exponential(ms(1_000)).cap(ms(4_000));
    for jitter in JITTERS {
        for n in [0, 2, 9] {
            let found = most_frequent(&drawn(backoff.jitter(jitter), n));
            assert!(found <= 2, "{jitter:?} {n}: {found} of {COUNT} are equal");
        }
    }
}

/// In backon 1.6.0 jitter is added after the cap: 83 % of capped delays exceed it.
#[test]
fn no_delay_exceeds_the_cap() {
    let backoff = Backoff::exponential(ms(1_000)).cap(ms(2_000));
    for jitter in JITTERS {
        let backoff = backoff.jitter(jitter);
        let longest = (0..8).map(|n| ends(backoff, n, Duration::ZERO).1).max();
        assert_eq!(longest, Some(ms(2_000)));
    }
}

/// In exponential-backoff 2.1.1 bounds are cut after jittering: 48 % of first delays are the lowest, all at the cap the highest.
#[test]
fn neither_bound_is_more_frequent_than_other_delays() {
    let bounds = [(1, 1), (80, 90), (99, 99), (100, 100), (500, 500)];
    for jitter in JITTERS {
        for (first, floor) in bounds {
            let backoff = Backoff::exponential(ms(first)).jitter(jitter);
            let backoff = backoff.floor(ms(floor)).cap(ms(10_000));
            for n in [0, 1, 40] {
                let found = most_frequent(&drawn(backoff, n));
                assert!(found <= COUNT / 1_000, "{backoff:?} {n}: {found} are equal");
            }
        }
    }
}

/// As AWS published it, two capped delays of three are followed by another that is exactly the cap.
#[test]
fn decorrelated_delays_do_not_meet_at_the_cap() {
    let at_cap = |backoff: Backoff| {
        let source = seeded(7);
        let draw = || backoff.delay(9, ms(1_000), &source) == ms(1_000);
        std::iter::repeat_with(draw)
            .take(COUNT)
            .filter(|at| *at)
            .count()
    };
    let ours = at_cap(Backoff::decorrelated(ms(10)).cap(ms(1_000)));
    assert!(ours <= COUNT / 1_000, "{ours}");
    let published = at_cap(Backoff::decorrelated_aws(ms(10)).cap(ms(1_000)));
    assert!(
        (COUNT * 6 / 10..COUNT * 7 / 10).contains(&published),
        "{published}"
    );
}

/// In tokio-retry 0.3.2 delays are powers of the first one: 50 ms, 2.5 s, 125 s.
#[test]
fn the_first_delay_is_the_one_that_was_given_and_grows_by_the_factor() {
    let backoff = Backoff::exponential(ms(50)).uncapped();
    assert_eq!(
        [0, 1, 2, 3].map(|n| raw(backoff, n)),
        [50, 100, 200, 400].map(ms)
    );
}

/// In Polly the cap was lost by an overflow, and a delay became negative after 1025 tries.
#[test]
fn the_cap_holds_after_any_number_of_tries() {
    for (start, cap) in [(ms(1), ms(5)), (Duration::MAX, ms(5)), (ms(5), ms(1))] {
        let shapes = [
            Backoff::exponential(start),
            Backoff::exponential(start).factor(u16::MAX, 1),
            Backoff::exponential(start).factor(3, 2),
            Backoff::linear(start),
            Backoff::fibonacci(start),
            Backoff::fixed(start).cap(cap),
        ];
        for backoff in shapes {
            for n in [1_000_000, u32::MAX - 1, u32::MAX] {
                let wanted = if backoff == Backoff::fixed(start).cap(cap) {
                    start.min(cap)
                } else {
                    cap
                };
                assert_eq!(raw(backoff.cap(cap), n), wanted, "{backoff:?} {n}");
                assert!(ends(backoff.cap(cap), n, Duration::MAX).1 <= cap);
            }
        }
    }
}

#[test]
fn what_is_beyond_584_years_is_584_years() {
    let longest = Duration::from_nanos(u64::MAX);
    for backoff in [
        Backoff::fixed(Duration::MAX),
        Backoff::linear(Duration::MAX),
        Backoff::exponential(Duration::MAX),
        Backoff::fibonacci(Duration::MAX),
        Backoff::steps(&[Duration::MAX]),
        Backoff::fixed(ms(1)).uncapped().floor(Duration::MAX),
    ] {
        assert_eq!(raw(backoff, u32::MAX), longest, "{backoff:?}");
        let high = ends(backoff.jitter(Jitter::Symmetric(1.0)), u32::MAX, longest).1;
        assert_eq!(high, longest, "{backoff:?}");
    }
    for backoff in [
        Backoff::decorrelated(Duration::MAX),
        Backoff::decorrelated_aws(Duration::MAX),
    ] {
        assert_eq!(ends(backoff, 0, Duration::MAX), (longest, longest));
    }
}

/// A state that has counted to the end stays there.
#[test]
fn delays_do_not_end() {
    let backoff = Backoff::linear(ms(1)).jitter(Jitter::None).uncapped();
    let last = backoff.delay(u32::MAX, Duration::ZERO, &Always(0));
    assert_eq!(last, ms(1 << 32));
    let mut delays = backoff.delays(&ThreadEntropy);
    let thousandth = (0..1_000).map(|_| delays.next_delay()).last();
    assert_eq!(thousandth, Some(ms(1_000)));
}
