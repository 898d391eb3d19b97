//! Comparing two revisions: their programs run beside each other and take samples in turn.

use fastrand::Rng;

use super::counts::Counts;
use super::measure::empty_table;
use super::plan::Plan;
use super::progress::Progress;
use crate::problem::{Problem, Result};
use crate::process::{PADDING, Programs, Server, Target};
use crate::record::{Lane, Round, Row, Table};
use crate::store::Store;
use crate::subject::Side;
use crate::worker::Found;
use crate::worker::order;

/// The rows of each table.
const BEFORE: usize = 0;
const AFTER: usize = 1;

/// How many rounds one set of processes measures.
///
/// Where a process has its memory moves all its samples by percents, and the sides of a pair are different processes: many
/// sets, so many for each process of a plain run, say more than many rounds.
const ROUNDS: usize = 30;
const SETS: usize = 2;

/// Measures each of our subjects in the programs of two revisions.
#[derive(Debug)]
pub(super) struct Pairing<'a> {
    /// The programs of the other revision.
    pub(super) before: &'a Programs,
    /// Our own.
    pub(super) after: &'a Programs,
    /// Counts instructions, and so often.
    pub(super) instructions: usize,
    /// The seed of everything random.
    pub(super) seed: u64,
    /// Takes the samples.
    pub(super) store: &'a mut Store,
    /// Shows how far it is.
    pub(super) progress: &'a Progress,
}

/// One of our subjects, with its place in the programs of both revisions.
struct Pair {
    before: usize,
    after: usize,
}

impl<'a> Pairing<'a> {
    /// Measures all that is planned; what only one revision knows is left out, and named in the plan's notes.
    ///
    /// # Errors
    /// When a process fails or the samples cannot be written, or when there is nothing that both know.
    pub(super) fn run(&mut self, plan: &mut Plan) -> Result<(Vec<Table>, Vec<Round>)> {
        let mut rng = Rng::with_seed(self.seed);
        let (mut tables, mut rounds) = (Vec::new(), Vec::new());
        for target in &plan.targets {
            self.progress.at(target, "counts");
            if let Some(sides) = self.sides(target, &mut plan.notes)? {
                for pair in pairs(target, &sides.before.found, &sides.after.found) {
                    self.progress.at(target, "time");
                    let own =
                        sides.measure(&pair, tables.len(), SETS * plan.pace.processes, &mut rng)?;
                    self.store.append(&own)?;
                    rounds.extend(own);
                    tables.push(sides.table(&pair));
                }
            }
            self.progress.done_pairing();
        }
        if tables.is_empty() {
            let notes = plan.notes.join("; ");
            return Err(Problem::new(format!(
                "nothing that both revisions can do: {notes}"
            )));
        }
        Ok((tables, rounds))
    }

    /// Counts in both revisions; nothing when the other one does not know the target.
    fn sides<'s>(&self, target: &'s Target, notes: &mut Vec<String>) -> Result<Option<Sides<'s>>>
    where
        'a: 's,
    {
        let mut count = |programs| {
            Counts::take(
                programs,
                target,
                self.instructions,
                self.store.scratch(),
                notes,
            )
        };
        let before = match count(self.before) {
            Ok(before) => before,
            Err(problem) if problem.is_usage() => {
                notes.push(format!("the other revision does not know {target}"));
                return Ok(None);
            }
            Err(problem) => return Err(problem),
        };
        let after = count(self.after)?;
        Ok(Some(Sides {
            target,
            programs: [self.before, self.after],
            before,
            after,
        }))
    }
}

/// Our subjects that both revisions have.
fn pairs(target: &Target, before: &Found, after: &Found) -> Vec<Pair> {
    let ours = |found: &Found, index: usize| {
        target.measures(found, index) && found.heads[index].side == Side::Ours
    };
    let pair = |after_index: usize| {
        let name = &after.heads[after_index].name;
        let same = |index: &usize| ours(before, *index) && before.heads[*index].name == *name;
        Some(Pair {
            before: (0..before.heads.len()).find(same)?,
            after: after_index,
        })
    };
    let afters = (0..after.heads.len()).filter(|index| ours(after, *index));
    afters.filter_map(pair).collect()
}

/// A target in both revisions.
struct Sides<'a> {
    target: &'a Target,
    programs: [&'a Programs; 2],
    before: Counts,
    after: Counts,
}

impl Sides<'_> {
    fn measure(&self, pair: &Pair, table: usize, sets: usize, rng: &mut Rng) -> Result<Vec<Round>> {
        let mut all = Vec::new();
        for process in 0..sets {
            let mut sources = self.sources(pair, rng.usize(..PADDING))?;
            let mut iterations = 1;
            // The reference comes last, so that all have its number.
            for source in &mut sources {
                iterations = source.server.calibrate(source.place)?;
            }
            for _ in 0..ROUNDS {
                let lanes = round(&mut sources, iterations, rng)?;
                all.push(Round {
                    table,
                    process,
                    lanes,
                });
            }
        }
        Ok(all)
    }

    fn sources(&self, pair: &Pair, padding: usize) -> Result<[Source; 3]> {
        let source = |programs: &Programs, place, row| -> Result<Source> {
            let mut server = programs.serve(self.target, padding)?;
            server.found()?;
            Ok(Source { server, place, row })
        };
        let [before, after] = self.programs;
        Ok([
            source(before, pair.before, Some(BEFORE))?,
            source(after, pair.after, Some(AFTER))?,
            // The reference once more, in a process of its own, as its control.
            source(before, pair.before, None)?,
        ])
    }

    fn table(&self, pair: &Pair) -> Table {
        let name = &self.after.found.heads[pair.after].name;
        let mut table = empty_table(self.target, format!("{}: {name}", self.target.scenario.id));
        let row = |counts: &Counts, place, name: &str, side| Row {
            name: name.to_owned(),
            side,
            note: String::new(),
            ..counts.row(place)
        };
        table.rows = vec![
            row(&self.before, pair.before, "before", Side::Peer),
            row(&self.after, pair.after, "after", Side::Ours),
        ];
        table
    }
}

/// A process that takes samples for one lane.
struct Source {
    server: Server,
    place: usize,
    row: Option<usize>,
}

fn round(sources: &mut [Source], iterations: u32, rng: &mut Rng) -> Result<Vec<Lane>> {
    let mut lanes: Vec<Lane> = sources.iter().map(|source| Lane::new(source.row)).collect();
    for index in order(sources.len(), rng) {
        let source = &mut sources[index];
        lanes[index].add(source.server.sample(source.place, iterations)?);
    }
    Ok(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Host;
    use crate::scenario;
    use crate::worker::{Head, PROTOCOL};

    fn found(heads: &[(&str, Side)]) -> Found {
        let head = |(name, side): &(&str, Side)| Head {
            name: (*name).to_owned(),
            side: *side,
            note: String::new(),
            missing: None,
            future_bytes: None,
        };
        Found {
            protocol: PROTOCOL,
            heads: heads.iter().map(head).collect(),
            reference: 0,
        }
    }

    #[test]
    fn our_subjects_are_paired_by_name_wherever_they_stand() {
        let before = found(&[
            ("native", Side::Native),
            ("a", Side::Ours),
            ("b", Side::Ours),
        ]);
        let after = found(&[
            ("b", Side::Ours),
            ("native", Side::Native),
            ("c", Side::Ours),
        ]);
        let mut target = Target {
            scenario: scenario::find("spawn-join").expect("it is there"),
            host: Host::TokioCurrent,
            rows: Vec::new(),
        };
        let all = pairs(&target, &before, &after);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].before, all[0].after), (2, 0));
        target.rows = vec!["c".to_owned()];
        assert!(
            pairs(&target, &before, &after).is_empty(),
            "it is not asked for"
        );
    }
}
