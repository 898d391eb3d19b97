//! Published delays, exact without jitter and by their moments with it.

use std::time::Duration;

use trunnion_patterns::{Backoff, Jitter};

use super::source::{Always, ends, first, ms, raw, seeded};

const CALLS: usize = 100_000;
/// 100 ms, factor 2, at most 10 s.
const TABLE: Backoff = Backoff::exponential(ms(100)).cap(ms(10_000));
const AWS: Backoff = Backoff::decorrelated_aws(ms(100)).cap(ms(10_000));

fn raw_millis(backoff: Backoff, count: u32) -> Vec<u128> {
    (0..count).map(|n| raw(backoff, n).as_millis()).collect()
}

/// The first delays of many calls, in milliseconds.
fn calls(backoff: Backoff, count: usize) -> Vec<Vec<f64>> {
    let source = seeded(1);
    let millis = |delay: Duration| delay.as_secs_f64() * 1e3;
    let call = || first(backoff, &source, count);
    (0..CALLS)
        .map(|_| call().into_iter().map(millis).collect())
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

#[track_caller]
fn assert_near(found: f64, wanted: f64, tolerance: f64, what: &str) {
    let off = (found / wanted - 1.0).abs();
    assert!(
        off <= tolerance,
        "{what}: {found:.1} ms instead of {wanted} ms"
    );
}

#[test]
fn delays_without_jitter_are_those_of_the_table() {
    let doubled = [
        100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000,
    ];
    assert_eq!(raw_millis(TABLE, 10), doubled);
    let linear = Backoff::linear(ms(100)).cap(ms(450));
    assert_eq!(raw_millis(linear, 6), [100, 200, 300, 400, 450, 450]);
    let fibonacci = Backoff::fibonacci(ms(100)).cap(ms(2_000));
    let sums = [100, 100, 200, 300, 500, 800, 1_300, 2_000, 2_000];
    assert_eq!(raw_millis(fibonacci, 9), sums);
    assert_eq!(raw_millis(Backoff::fixed(ms(70)), 3), [70; 3]);
    let steps = Backoff::steps(const { &[ms(5), ms(500), ms(50)] });
    assert_eq!(raw_millis(steps, 5), [5, 500, 50, 50, 50]);
}

#[test]
fn factors_are_exact_ratios() {
    let half_more = Backoff::exponential(ms(16)).factor(3, 2);
    assert_eq!(raw_millis(half_more, 5), [16, 24, 36, 54, 81]);
    let third_more = Backoff::exponential(ms(81)).factor(4, 3);
    assert_eq!(raw_millis(third_more, 5), [81, 108, 144, 192, 256]);
    assert_eq!(raw_millis(TABLE.factor(1, 1), 3), [100; 3]);
    assert_eq!(
        raw_millis(TABLE.factor(10, 1), 4),
        [100, 1_000, 10_000, 10_000]
    );
    assert_eq!(TABLE.factor(4, 2), TABLE);
}

#[test]
fn a_decorrelated_delay_grows_from_the_one_before() {
    let millis = |backoff: Backoff| first(backoff.cap(ms(50)), &Always(u64::MAX), 5);
    let tripled = [3, 9, 27, 50, 50].map(ms);
    assert_eq!(millis(Backoff::decorrelated(ms(1))), tripled);
    assert_eq!(millis(Backoff::decorrelated_aws(ms(1))), tripled);
}

/// gRPC (proposal A6): 20 % more or less.
#[test]
fn a_share_is_exact_in_decimal_digits() {
    let ends = |jitter| ends(TABLE.jitter(jitter), 1, Duration::ZERO);
    assert_eq!(ends(Jitter::Symmetric(0.2)), (ms(160), ms(240)));
    assert_eq!(ends(Jitter::Spread(0.3)), (ms(140), ms(200)));
    assert_eq!(ends(Jitter::Equal), (ms(100), ms(200)));
    assert_eq!(ends(Jitter::Full), (Duration::ZERO, ms(200)));
}

#[test]
fn means_are_those_of_the_table() {
    let full = [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000];
    let equal = [75, 150, 300, 600, 1_200, 2_400, 4_800, 7_500, 7_500, 7_500];
    let aws = [200, 350, 574, 911, 1_408, 2_021, 2_622, 3_150, 3_588, 3_943];
    let tables = [
        ("full", TABLE, full),
        ("equal", TABLE.jitter(Jitter::Equal), equal),
        ("decorrelated", AWS, aws),
    ];
    for (name, backoff, table) in tables {
        let calls = calls(backoff, 10);
        for (n, wanted) in table.into_iter().enumerate() {
            let found = mean(calls.iter().map(|call| call[n]));
            assert_near(found, f64::from(wanted), 0.01, &format!("{name} {n}"));
        }
    }
}

/// Mean, p1, p50 and p99 of the sum of the first five delays; quantiles within 2 %.
#[test]
fn sums_of_five_delays_are_those_of_the_table() {
    let total: Duration = first(TABLE.jitter(Jitter::None), &seeded(1), 5)
        .iter()
        .sum();
    assert_eq!(total, ms(3_100));
    let tables = [
        ("full", TABLE, [1_550, 452, 1_549, 2_651]),
        (
            "equal",
            TABLE.jitter(Jitter::Equal),
            [2_325, 1_774, 2_325, 2_875],
        ),
        ("decorrelated", AWS, [3_445, 804, 2_548, 14_055]),
    ];
    for (name, backoff, [middle, p1, p50, p99]) in tables {
        let calls = calls(backoff, 5);
        let mut sums: Vec<f64> = calls.iter().map(|call| call.iter().sum()).collect();
        sums.sort_by(f64::total_cmp);
        assert_near(mean(sums.iter().copied()), f64::from(middle), 0.01, name);
        for (percent, wanted) in [(1, p1), (50, p50), (99, p99)] {
            let found = sums[CALLS / 100 * percent];
            assert_near(
                found,
                f64::from(wanted),
                0.02,
                &format!("{name} p{percent}"),
            );
        }
    }
}
