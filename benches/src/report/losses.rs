//! Where trunnion is slower than somebody else, or than it was.

use super::measured::{Measured, tables};
use super::number;
use crate::figures::Figures;
use crate::record::Run;
use crate::stats::{Interval, Verdict};

/// What this run found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Losses {
    /// The heading over them.
    pub(super) heading: &'static str,
    /// Every one that the samples show.
    pub(super) list: Vec<Slower>,
    /// The tables that could not be judged.
    pub(super) noisy: Vec<String>,
}

/// A pair in which ours is slower.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slower {
    /// The scenario.
    pub(super) scenario: String,
    /// The runtime.
    pub(super) host: String,
    /// The names of both.
    pub(super) pair: String,
    /// Our time over the other's.
    pub(super) ratio: String,
    /// The interval of the ratio.
    pub(super) interval: String,
}

/// Lists every loss of a run.
pub(super) fn losses(run: &Run, figures: &[Figures]) -> Losses {
    let is_noisy = |table: &Measured<'_>| table.figures.is_noisy();
    let compares_revisions = run.request.against.is_some();
    Losses {
        heading: if compares_revisions {
            "Where it got slower"
        } else {
            "Where trunnion loses"
        },
        list: tables(run, figures)
            .flat_map(|table| {
                if compares_revisions {
                    against_before(table)
                } else {
                    against_others(table)
                }
            })
            .collect(),
        noisy: tables(run, figures)
            .filter(is_noisy)
            .map(Measured::place)
            .collect(),
    }
}

impl Losses {
    /// Says in a sentence that there are none.
    pub(super) const NONE: &str = "Nowhere in this run.";

    /// Says which tables could not be judged, if any.
    pub(super) fn caveat(&self) -> Option<String> {
        let places = self.noisy.join("; ");
        (!places.is_empty()).then(|| format!("Too noisy to judge: {places}."))
    }
}

/// Both sides are trunnion: what counts is the verdict on the later one.
fn against_before(table: Measured<'_>) -> Vec<Slower> {
    let names = table.rows().enumerate();
    let slower = names.filter(|(_, line)| line.verdict == Some(Verdict::Slower));
    slower
        .filter_map(|(row, line)| {
            Some(slow(table, row, table.table.reference, &line.figure.ratio?))
        })
        .collect()
}

fn against_others(table: Measured<'_>) -> Vec<Slower> {
    let losses = table.figures.losses.iter();
    losses
        .map(|loss| slow(table, loss.ours, loss.other, &loss.ratio))
        .collect()
}

fn slow(table: Measured<'_>, ours: usize, other: usize, ratio: &Interval) -> Slower {
    Slower {
        scenario: table.table.scenario.clone(),
        host: table.table.host.clone(),
        pair: format!("{} / {}", table.name(ours), table.name(other)),
        ratio: number::ratio(ratio.estimate),
        interval: number::interval(ratio),
    }
}

#[cfg(test)]
mod tests {
    use super::losses;
    use crate::report::sample;

    #[test]
    fn every_loss_is_listed_and_what_is_noisy_is_named() {
        let (run, figures) = sample::run();
        let losses = losses(&run, &figures);
        assert_eq!(losses.heading, "Where trunnion loses");
        let pairs: Vec<&str> = losses.list.iter().map(|loss| loss.pair.as_str()).collect();
        assert_eq!(pairs, ["erased / native"]);
        assert_eq!(losses.list[0].ratio, "1.120");
        assert_eq!(losses.noisy, ["spawn-join on tokio"]);
    }

    #[test]
    fn the_later_of_two_revisions_loses_where_it_is_slower() {
        let (run, figures) = sample::against();
        let losses = losses(&run, &figures);
        assert_eq!(losses.heading, "Where it got slower");
        assert_eq!(losses.list.len(), 1);
        assert_eq!(losses.list[0].pair, "after / before");
    }
}
