//! Synthetic samples with known ratios.

use fastrand::Rng;

use super::*;

/// So many as a quick run has, a whole one, and a pair of revisions.
const PROCESSES: [usize; 3] = [5, 9, 18];
const ROUNDS: usize = 60;

/// A machine on which others work too: what it adds to the logarithm of a ratio.
#[derive(Clone, Copy)]
struct Noise {
    /// Of a whole process, by its layout in memory.
    layout: f64,
    /// Of one round.
    round: f64,
    /// How often a round is interrupted, which makes it up to this much longer or shorter.
    interrupted: (f64, f64),
}

const BUSY: Noise = Noise {
    layout: 0.002,
    round: 0.01,
    interrupted: (0.1, 1.0),
};

/// About normal: the sum of twelve even ones.
fn normal(rng: &mut Rng) -> f64 {
    (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0
}

/// The logarithms of paired ratios around `truth`.
fn samples(processes: usize, truth: f64, noise: Noise, rng: &mut Rng) -> Vec<Vec<f64>> {
    let process = |rng: &mut Rng| {
        let center = truth.ln() + noise.layout * normal(rng);
        let round = |rng: &mut Rng| {
            let (often, most) = noise.interrupted;
            let interruption = if rng.f64() < often {
                most * (2.0 * rng.f64() - 1.0)
            } else {
                0.0
            };
            center + noise.round * normal(rng) + interruption
        };
        (0..ROUNDS).map(|_| round(rng)).collect()
    };
    (0..processes).map(|_| process(rng)).collect()
}

/// How many of `runs` with so many processes give an interval that `wanted` says yes to.
fn count(
    runs: u64,
    processes: usize,
    truth: f64,
    noise: Noise,
    wanted: impl Fn(Interval) -> bool,
) -> u64 {
    let one = |seed| {
        let samples = samples(processes, truth, noise, &mut Rng::with_seed(seed));
        ratio(&samples, seed).expect("there are samples")
    };
    (1..=runs).map(|seed| u64::from(wanted(one(seed)))).sum()
}

fn covers(truth: f64) -> impl Fn(Interval) -> bool {
    move |interval| (interval.low..=interval.high).contains(&truth)
}

/// Of 200 that each cover with this chance, fewer would by chance once in 100 times.
fn least(chance: f64) -> u64 {
    let spread = (200.0 * chance * (1.0 - chance)).sqrt();
    let least = 200.0 * chance - 2.33 * spread;
    (0..200_u32)
        .rev()
        .find(|count| f64::from(*count) < least)
        .map_or(0, u64::from)
}

#[test]
fn the_interval_covers_the_truth_at_its_stated_rate() {
    for (processes, truth) in PROCESSES.into_iter().zip([0.5, 1.0, 1.3]) {
        let covered = count(200, processes, truth, BUSY, covers(truth));
        assert!(
            covered > least(0.95),
            "{processes} processes, {truth}: {covered} of 200"
        );
    }
}

#[test]
fn the_interval_covers_the_truth_where_processes_differ_more_than_rounds() {
    let noise = Noise {
        layout: 0.02,
        round: 0.001,
        interrupted: (0.0, 0.0),
    };
    for processes in PROCESSES {
        let covered = count(200, processes, 1.1, noise, covers(1.1));
        assert!(
            covered > least(0.93),
            "{processes} processes: {covered} of 200"
        );
    }
}

#[test]
fn a_slowdown_of_three_percent_is_found() {
    let slower = |interval: Interval| interval.verdict(Band::SINGLE) == Verdict::Slower;
    let found = count(40, 5, 1.03, BUSY, slower);
    assert!(found >= 38, "{found} of 40");
}

#[test]
fn the_null_control_raises_no_false_alarm() {
    // Processes that differ by as much as the band is wide.
    let noise = Noise {
        layout: 0.01,
        ..BUSY
    };
    let alarm = |interval: Interval| {
        matches!(
            interval.verdict(Band::SINGLE),
            Verdict::Slower | Verdict::Faster
        )
    };
    assert_eq!(count(40, 5, 1.0, noise, alarm), 0);
    let without_interval = |interval: Interval| {
        let estimate = interval.estimate;
        let point = Interval {
            low: estimate,
            estimate,
            high: estimate,
        };
        alarm(point)
    };
    assert!(
        count(40, 5, 1.0, noise, without_interval) > 0,
        "the estimate alone would"
    );
}

#[test]
fn samples_all_alike_have_an_interval_of_one_point() {
    let interval = ratio(&[vec![0.0; 9], vec![0.0; 9]], 1).expect("there are samples");
    assert_eq!(
        (interval.low, interval.estimate, interval.high),
        (1.0, 1.0, 1.0)
    );
    assert_eq!(interval.verdict(Band::SINGLE), Verdict::Same);
}

#[test]
fn without_samples_there_is_no_ratio() {
    assert_eq!(ratio(&[], 1), None);
    assert_eq!(ratio(&[vec![]], 1), None);
}

#[test]
fn an_interval_across_an_edge_of_the_band_is_unclear() {
    let interval = |low, high| Interval {
        low,
        estimate: 1.0,
        high,
    };
    let verdict = |low, high| interval(low, high).verdict(Band::SINGLE);
    assert_eq!(verdict(0.98, 1.0), Verdict::Unclear);
    assert_eq!(verdict(1.0, 1.02), Verdict::Unclear);
    assert_eq!(verdict(0.5, 2.0), Verdict::Unclear);
    assert_eq!(verdict(0.995, 1.005), Verdict::Same);
    assert_eq!(verdict(0.9, 0.98), Verdict::Faster);
    assert_eq!(verdict(1.02, 1.1), Verdict::Slower);
}

#[test]
fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
    let middle = |values: &[f64]| median(values).to_bits();
    assert_eq!(middle(&[4.0, 1.0, 3.0, 2.0]), 2.5_f64.to_bits());
    assert_eq!(middle(&[3.0, 1.0, 2.0]), 2.0_f64.to_bits());
    assert!(median(&[]).is_nan());
}
