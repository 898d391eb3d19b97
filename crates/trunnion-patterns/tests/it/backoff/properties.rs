//! What holds for every backoff: thousands of drawn ones beside a slow model.

use std::time::Duration;

use allocation_counter::measure;
use trunnion_core::Entropy;
use trunnion_patterns::{Backoff, Jitter};

use super::model::{Grown, below, duration, nanos, range, saturated, shares};
use super::source::{Always, Counted, ends, first, ms, raw, seeded};

const CASES: u64 = 2_000;
/// Where other libraries overflow, and the last.
const FAR: [u32; 12] = [
    31,
    32,
    62,
    63,
    64,
    92,
    93,
    94,
    1_024,
    1_025,
    1 << 31,
    u32::MAX,
];

fn jitter(source: &impl Entropy) -> Jitter {
    let share = |per_mille| f64::from(u32::try_from(per_mille).unwrap_or(0)) / 1e3;
    let p = share(below(source, 1_001));
    match below(source, 5) {
        0 => Jitter::None,
        1 => Jitter::Full,
        2 => Jitter::Equal,
        3 => Jitter::Spread(p),
        _ => Jitter::Symmetric(p),
    }
}

#[test]
fn raw_delays_are_those_of_the_model() {
    let source = seeded(2);
    let mut compared = 0;
    for _ in 0..CASES {
        let (grown, start) = (Grown::drawn(&source), duration(&source));
        let backoff = grown.backoff(start).uncapped();
        for (n, wanted) in (0..).zip(grown.delays(start, 40)) {
            let found = saturated(nanos(raw(backoff, n)));
            if let Some(wanted) = wanted {
                compared += 1;
                // Powers of more than 64 bits are truncated, and then the delay is.
                let close = wanted - found.min(wanted) <= 1 + (wanted >> 50);
                assert!(
                    found <= wanted && close,
                    "{grown:?} {start:?} {n}: {found} {wanted}"
                );
            }
        }
    }
    assert!(compared > 30 * CASES, "the model reached {compared}");
}

#[test]
fn whole_numbers_are_exact_as_far_as_there_are_nanoseconds() {
    let factors = [1, 2, 3, 5, 7, 10, 100, 65_535].map(|num| Grown::Exponential(num, 1));
    let others = [Grown::Fixed, Grown::Linear, Grown::Fibonacci];
    for grown in factors.into_iter().chain(others) {
        for start in [1, 3, 1 << 60].map(Duration::from_nanos) {
            let backoff = grown.backoff(start).uncapped();
            for (n, wanted) in (0..).zip(grown.delays(start, 100)) {
                let found = saturated(nanos(raw(backoff, n)));
                assert_eq!(found, wanted.unwrap_or(u64::MAX), "{grown:?} {n}");
            }
        }
    }
}

#[test]
fn raw_delays_never_fall() {
    let source = seeded(3);
    for _ in 0..CASES {
        let (grown, start) = (Grown::drawn(&source), duration(&source));
        let backoff = grown.backoff(start).uncapped();
        let from = u32::try_from(below(&source, 1 << 20)).unwrap_or(0);
        let window = from..from + 20;
        let all: Vec<_> = (0..100).chain(window).chain([1 << 30, u32::MAX]).collect();
        let delays = all.iter().map(|n| raw(backoff, *n));
        assert!(delays.is_sorted(), "{grown:?} {start:?} {from}");
    }
}

/// The smallest growth there is, where truncation would show first.
#[test]
fn the_slowest_growth_never_falls() {
    let backoff = Backoff::exponential(Duration::from_secs(1 << 20)).factor(65_535, 65_534);
    let backoff = backoff.uncapped();
    let delays = (0..400_000).step_by(7).flat_map(|n| [n, n + 1]);
    let delays: Vec<_> = delays.map(|n| raw(backoff, n)).collect();
    assert!(delays.is_sorted());
    assert!(delays[100] > delays[0]);
}

#[test]
fn ranges_are_those_of_the_model() {
    let source = seeded(4);
    for _ in 0..CASES {
        let (grown, start) = (Grown::drawn(&source), duration(&source));
        let (a, b) = (duration(&source), duration(&source));
        let (floor, cap) = (a.min(b), a.max(b));
        let jitter = jitter(&source);
        let plain = grown.backoff(start).uncapped();
        let bounded = plain.cap(cap).floor(floor).jitter(jitter);
        let bounds = (saturated(nanos(floor)), saturated(nanos(cap)));
        for n in (0..8).chain(FAR) {
            let raw = saturated(nanos(raw(plain, n)));
            let (low, high) = range(raw, bounds.0, bounds.1, shares(jitter));
            let wanted = (Duration::from_nanos(low), Duration::from_nanos(high));
            assert_eq!(ends(bounded, n, Duration::ZERO), wanted, "{bounded:?} {n}");
            let drawn = bounded.delay(n, Duration::ZERO, &source);
            assert!((wanted.0..=wanted.1).contains(&drawn), "{bounded:?} {n}");
        }
    }
}

#[test]
fn decorrelated_ranges_follow_the_delay_before() {
    let source = seeded(5);
    for _ in 0..CASES {
        let (start, previous) = (duration(&source), duration(&source));
        let (a, b) = (duration(&source), duration(&source));
        let (floor, cap) = (a.min(b), a.max(b));
        let low = nanos(start).max(nanos(floor));
        let high = nanos(previous).max(low) * 3;
        let cut = |end: u128| Duration::from_nanos(saturated(end.min(nanos(cap))));
        let wanted = (cut(low), cut(high));
        for backoff in [
            Backoff::decorrelated(start),
            Backoff::decorrelated_aws(start),
        ] {
            let backoff = backoff.cap(cap).floor(floor);
            assert_eq!(
                ends(backoff, 0, previous),
                wanted,
                "{backoff:?} {previous:?}"
            );
            assert_eq!(ends(backoff, u32::MAX, previous), wanted);
        }
    }
}

/// Kolmogorov and Smirnov: at the level of one in a thousand, for the seed that is.
#[test]
fn delays_are_uniform_in_their_range() {
    let backoff = Backoff::fixed(ms(1_000)).floor(ms(10));
    let cases = [
        (backoff, 0.01, 1.0),
        (backoff.jitter(Jitter::Equal), 0.5, 1.0),
        (backoff.jitter(Jitter::Spread(0.3)), 0.7, 1.0),
        (backoff.jitter(Jitter::Symmetric(0.2)), 0.8, 1.2),
        (Backoff::decorrelated(ms(500)), 0.5, 1.5),
    ];
    let source = seeded(6);
    let count = 20_000;
    for (backoff, low, high) in cases {
        let draw = |_| backoff.delay(0, Duration::ZERO, &source).as_secs_f64();
        let mut drawn: Vec<f64> = (0..count).map(draw).collect();
        drawn.sort_by(f64::total_cmp);
        let ranked = (0..count).zip(drawn);
        let gaps = ranked.map(|(rank, at)| {
            ((at - low) / (high - low) - (f64::from(rank) + 0.5) / f64::from(count)).abs()
        });
        let gap = gaps.fold(0.0, f64::max);
        assert!(gap < 1.95 / f64::from(count).sqrt(), "{backoff:?}: {gap}");
    }
}

#[test]
fn a_random_number_is_drawn_only_where_there_is_a_choice() {
    let draws = |backoff: Backoff| {
        let source = Counted::default();
        let delays = first(backoff, &source, 10);
        assert_eq!(delays.len(), 10);
        source.0.get()
    };
    let second = Backoff::fixed(ms(1_000));
    assert_eq!(draws(second), 10);
    assert_eq!(draws(Backoff::decorrelated(ms(1))), 10);
    assert_eq!(draws(second.jitter(Jitter::None)), 0);
    assert_eq!(draws(second.jitter(Jitter::Symmetric(0.0))), 0);
    assert_eq!(draws(second.cap(Duration::ZERO)), 0);
    assert_eq!(draws(Backoff::fixed(Duration::ZERO)), 0);
    assert_eq!(draws(Backoff::steps(const { &[Duration::ZERO, ms(1)] })), 9);
}

#[test]
fn a_backoff_is_small_and_allocates_nothing() {
    assert!(size_of::<Backoff>() <= 64, "{}", size_of::<Backoff>());
    let source = Always(1 << 63);
    let counted = measure(|| {
        let backoff = Backoff::exponential(ms(100)).factor(3, 2).floor(ms(1));
        let mut delays = backoff.cap(ms(5_000)).delays(&source);
        let total: Duration = (0..100).map(|_| delays.next_delay()).sum();
        assert!(total > ms(100_000));
    });
    assert_eq!(counted.count_total, 0);
}
