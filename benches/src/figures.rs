//! What the samples of a run say.

use std::collections::BTreeMap;

use crate::record::{Round, Run, Table};
use crate::stats::{Band, Interval, Verdict, median, ratio};
use crate::subject::Side;

/// What the samples of one table say.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Ratios that count as equal.
    pub band: Band,
    /// The reference against itself; `None` without samples.
    pub null: Option<Interval>,
    /// One for each row of the table.
    pub rows: Vec<Figure>,
    /// Each pair in which ours is slower than somebody else's, beyond what the control departs from 1.
    pub losses: Vec<Loss>,
}

/// What the samples of one subject say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figure {
    /// Nanoseconds for one operation: the median over all rounds.
    pub ns: Option<f64>,
    /// That median over the least of all rounds, where threads take part: who spins is fast only where nobody wants its processor.
    pub spread: Option<f64>,
    /// Nanoseconds of the process's CPU time for one operation.
    pub cpu: Option<f64>,
    /// Its time over the reference's; `None` for the reference.
    pub ratio: Option<Interval>,
}

/// A pair in which ours is slower.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// The row of ours.
    pub ours: usize,
    /// The row of the other.
    pub other: usize,
    /// Our time over the other's.
    pub ratio: Interval,
}

impl Figures {
    /// Tells whether the null control left the band, so that no verdict can be given.
    #[must_use]
    pub fn is_noisy(&self) -> bool {
        self.null.is_none_or(|null| !null.is_within(self.band))
    }

    /// The ratio beyond which ours has lost, also in a noisy table: the band, and the control's own departure from 1.
    fn limit(&self) -> f64 {
        let departure = self
            .null
            .map_or(f64::INFINITY, |null| null.high.max(1.0 / null.low));
        self.band.high * departure.max(1.0)
    }

    /// Gives the verdict on a row: how it compares with the reference, where that can be said.
    #[must_use]
    pub fn verdict(&self, row: usize) -> Option<Verdict> {
        let ratio = self.rows.get(row)?.ratio?;
        (!self.is_noisy()).then(|| ratio.verdict(self.band))
    }
}

/// Computes the figures of every table of a run.
#[must_use]
pub fn figures(run: &Run, rounds: &[Round]) -> Vec<Figures> {
    let mut by_table = vec![Vec::new(); run.tables.len()];
    for round in rounds {
        if let Some(list) = by_table.get_mut(round.table) {
            list.push(round);
        }
    }
    let tables = run.tables.iter().zip(by_table);
    tables
        .map(|(table, rounds)| of_table(table, &rounds, run.facts.seed))
        .collect()
}

fn of_table(table: &Table, rounds: &[&Round], seed: u64) -> Figures {
    let band = if table.threaded {
        Band::THREADED
    } else {
        Band::SINGLE
    };
    let against = |row, other| ratio(&logs(rounds, row, other), seed);
    let reference = Some(table.reference);
    let rows = (0..table.rows.len()).map(|row| Figure {
        ns: middle(rounds, row, |lane| Some(lane.ns)),
        spread: table.threaded.then(|| spread(rounds, row)).flatten(),
        cpu: middle(rounds, row, |lane| lane.cpu),
        ratio: (row != table.reference)
            .then(|| against(Some(row), reference))
            .flatten(),
    });
    let mut figures = Figures {
        band,
        null: against(None, reference),
        rows: rows.collect(),
        losses: Vec::new(),
    };
    figures.losses = losses(table, figures.limit(), against);
    figures
}

fn losses(
    table: &Table,
    limit: f64,
    against: impl Fn(Option<usize>, Option<usize>) -> Option<Interval>,
) -> Vec<Loss> {
    let of = |ours: bool| {
        let rows = table.rows.iter().enumerate();
        rows.filter(move |(_, row)| (row.side == Side::Ours) == ours)
            .map(|(index, _)| index)
    };
    let pairs = of(true).flat_map(|ours| of(false).map(move |other| (ours, other)));
    let losses = pairs.filter_map(|(ours, other)| {
        let ratio = against(Some(ours), Some(other))?;
        (ratio.low > limit).then_some(Loss { ours, other, ratio })
    });
    losses.collect()
}

/// The logarithms of the ratios of one lane to another, for each process.
fn logs(rounds: &[&Round], row: Option<usize>, other: Option<usize>) -> Vec<Vec<f64>> {
    let mut processes: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for round in rounds {
        let time = |row| round.lanes.iter().find(|lane| lane.row == row);
        if let (Some(row), Some(other)) = (time(row), time(other)) {
            let log = (row.ns / other.ns).ln();
            processes.entry(round.process).or_default().push(log);
        }
    }
    processes.into_values().collect()
}

/// How far the median lies above the least.
fn spread(rounds: &[&Round], row: usize) -> Option<f64> {
    let values = values(rounds, row, |lane| Some(lane.ns));
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    (!values.is_empty()).then(|| median(&values) / least)
}

fn middle(
    rounds: &[&Round],
    row: usize,
    value: impl Fn(&crate::record::Lane) -> Option<f64>,
) -> Option<f64> {
    let values = values(rounds, row, value);
    (!values.is_empty()).then(|| median(&values))
}

fn values(
    rounds: &[&Round],
    row: usize,
    value: impl Fn(&crate::record::Lane) -> Option<f64>,
) -> Vec<f64> {
    let lanes = rounds.iter().flat_map(|round| &round.lanes);
    let lanes = lanes.filter(|lane| lane.row == Some(row));
    lanes.filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::spread;
    use crate::record::{Lane, Round};

    #[test]
    fn the_spread_is_the_median_over_the_least_of_its_row() {
        let round = |ns: f64| {
            let lane = |row, ns| Lane {
                ns,
                ..Lane::new(Some(row))
            };
            Round {
                table: 0,
                process: 0,
                lanes: vec![lane(0, 1.0), lane(1, ns)],
            }
        };
        let rounds = [8.0, 2.0, 3.0].map(round);
        let rounds: Vec<&Round> = rounds.iter().collect();
        assert_eq!(spread(&rounds, 1), Some(1.5));
        assert_eq!(spread(&rounds, 2), None);
    }
}
