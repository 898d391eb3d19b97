//! Numbers as a reader wants them.

use crate::stats::Interval;

/// What stands for a number that is none.
const UNKNOWN: &str = "?";

/// Writes a ratio, near 1 with three decimals: the band that counts as equal is 1 % wide, so the third one matters.
pub(super) fn ratio(value: f64) -> String {
    match value {
        _ if !value.is_finite() => UNKNOWN.to_owned(),
        0.1..9.9995 => format!("{value:.3}"),
        _ => significant(value),
    }
}

/// Writes both ends of an interval.
pub(super) fn interval(interval: &Interval) -> String {
    format!("[{}, {}]", ratio(interval.low), ratio(interval.high))
}

/// Writes nanoseconds in the unit that fits.
pub(super) fn time(ns: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")];
    if !ns.is_finite() {
        return UNKNOWN.to_owned();
    }
    // What would be rounded to 1000 belongs to the next unit.
    let fits = |&&(scale, _): &&(f64, &str)| ns / scale < 999.5;
    let (scale, unit) = UNITS.iter().find(fits).unwrap_or(&UNITS[3]);
    format!("{} {unit}", significant(ns / scale))
}

/// Writes two times, the unit only once where both have the same.
pub(super) fn times(ours: f64, theirs: f64) -> String {
    let (ours, theirs) = (time(ours), time(theirs));
    let unit = |time: &str| time.rsplit(' ').next().map(str::to_owned);
    match ours.split_once(' ') {
        Some((number, _)) if unit(&ours) == unit(&theirs) => format!("{number} / {theirs}"),
        _ => format!("{ours} / {theirs}"),
    }
}

/// Writes how many there are of something: whole numbers exactly, small fractions with two decimals.
pub(super) fn count(value: f64) -> String {
    match value {
        _ if !value.is_finite() => UNKNOWN.to_owned(),
        100.0.. => grouped(&format!("{value:.0}")),
        0.0 => "0".to_owned(),
        0.0..0.005 => "<0.01".to_owned(),
        _ => {
            let digits = format!("{value:.2}");
            digits
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned()
        }
    }
}

/// Writes by how much the second differs from the first.
pub(super) fn change(before: f64, after: f64) -> String {
    let percent = (after / before - 1.0) * 100.0;
    match percent {
        _ if !percent.is_finite() => UNKNOWN.to_owned(),
        0.0.. => format!("+{percent:.1} %"),
        _ => format!("−{:.1} %", -percent),
    }
}

/// Writes three significant digits, and all of those before the point.
fn significant(value: f64) -> String {
    let decimals = match value.abs() {
        99.95.. => 0,
        9.995.. => 1,
        0.9995.. => 2,
        0.099_95.. => 3,
        0.0 => 0,
        _ => 4,
    };
    format!("{value:.decimals$}")
}

/// Separates thousands.
fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{change, count, interval, ratio, time, times};
    use crate::stats::Interval;

    #[test]
    fn a_time_has_three_digits_and_the_unit_that_fits() {
        let cases = [
            (0.0, "0 ns"),
            (0.45, "0.450 ns"),
            (1.234, "1.23 ns"),
            (12.34, "12.3 ns"),
            (999.4, "999 ns"),
            (999.6, "1.00 µs"),
            (4_560.0, "4.56 µs"),
            (12_345_678.0, "12.3 ms"),
            (5e12, "5000 s"),
        ];
        for (ns, expected) in cases {
            assert_eq!(time(ns), expected);
        }
    }

    #[test]
    fn two_times_share_their_unit() {
        assert_eq!(times(120.0, 99.9), "120 / 99.9 ns");
        assert_eq!(times(120.0, 9_990.0), "120 ns / 9.99 µs");
    }

    #[test]
    fn a_ratio_near_one_shows_the_third_decimal() {
        assert_eq!(ratio(1.0), "1.000");
        assert_eq!(ratio(0.9871), "0.987");
        assert_eq!(ratio(2.3456), "2.346");
        assert_eq!(ratio(9.9996), "10.0");
        assert_eq!(ratio(123.4), "123");
        assert_eq!(ratio(0.0312), "0.0312");
    }

    #[test]
    fn an_interval_has_the_digits_of_its_ratio() {
        let both = Interval {
            low: 0.997,
            estimate: 1.0,
            high: 1.004,
        };
        assert_eq!(interval(&both), "[0.997, 1.004]");
    }

    #[test]
    fn a_large_count_is_exact_and_a_small_one_has_two_decimals() {
        assert_eq!(count(0.0), "0");
        assert_eq!(count(0.001), "<0.01");
        assert_eq!(count(2.0), "2");
        assert_eq!(count(2.5), "2.5");
        assert_eq!(count(10.0), "10");
        assert_eq!(count(100.0), "100");
        assert_eq!(count(1_234_567.2), "1,234,567");
    }

    #[test]
    fn a_change_has_its_sign() {
        assert_eq!(change(100.0, 114.4), "+14.4 %");
        assert_eq!(change(100.0, 96.8), "−3.2 %");
        assert_eq!(change(0.0, 1.0), "?");
    }

    #[test]
    fn what_is_not_finite_is_no_number() {
        assert_eq!(ratio(f64::NAN), "?");
        assert_eq!(time(f64::INFINITY), "?");
        assert_eq!(count(f64::NAN), "?");
    }
}
