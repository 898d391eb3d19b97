//! Comparing two revisions: their programs run beside each other and take samples in turn.

use fastrand::Rng;

use super::measure::{empty_table, row};
use super::plan::Plan;
use super::progress::Progress;
use crate::problem::Result;
use crate::process::{Programs, Server, Target};
use crate::record::{Instructions, Lane, Round, Row, Table};
use crate::store::Store;
use crate::subject::Side;
use crate::worker::order;
use crate::worker::{Counted, Found};

/// The rows of each table.
const BEFORE: usize = 0;
const AFTER: usize = 1;

/// How many sets of processes measure each pair, and how many rounds each of them.
///
/// Where a process has its memory moves all its samples by percents, and the sides of a pair are different processes: many
/// sets say more than many rounds.
const SETS: usize = 15;
const ROUNDS: usize = 30;

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

/// What the programs of one revision have of a target, counted.
struct Revision<'a> {
    programs: &'a Programs,
    found: Found,
    allocations: Vec<Option<Counted>>,
    instructions: Vec<Option<Instructions>>,
}

/// One of our subjects, with its place in the programs of both revisions.
struct Pair {
    before: usize,
    after: usize,
}

impl Pairing<'_> {
    /// Measures all that is planned; what only one revision has is left out, and named in the plan's notes.
    ///
    /// # Errors
    /// When a process fails or the samples cannot be written.
    pub(super) fn run(&mut self, plan: &mut Plan) -> Result<(Vec<Table>, Vec<Round>)> {
        let mut rng = Rng::with_seed(self.seed);
        let (mut tables, mut rounds) = (Vec::new(), Vec::new());
        for target in &plan.targets {
            self.progress.at(target, "counting");
            let after = self.revision(self.after, target)?;
            let Ok(before) = self.revision(self.before, target) else {
                plan.notes
                    .push(format!("{target}: the other revision cannot run it"));
                continue;
            };
            self.progress.done_counting();
            let sides = Sides {
                target,
                before,
                after,
            };
            for pair in pairs(target, &sides.before.found, &sides.after.found) {
                self.progress.at(target, "time");
                let own = sides.measure(&pair, tables.len(), &mut rng)?;
                self.store.append(&own)?;
                rounds.extend(own);
                tables.push(sides.table(&pair));
            }
            self.progress.done_rounds(plan.millis);
        }
        Ok((tables, rounds))
    }

    fn revision<'p>(&self, programs: &'p Programs, target: &Target) -> Result<Revision<'p>> {
        let found = programs.serve(target)?.found()?;
        let mut instructions = vec![None; found.heads.len()];
        let countable = target.scenario.is_countable(target.host);
        for _ in 0..self.instructions * usize::from(countable) {
            let each = programs.instructions(target, self.store.scratch())?;
            let working = (0..found.heads.len()).filter(|index| works(target, &found, *index));
            for (index, each) in working.zip(each) {
                instructions[index] = Some(Instructions::and(instructions[index], each));
            }
        }
        Ok(Revision {
            programs,
            allocations: programs.count(target)?,
            instructions,
            found,
        })
    }
}

/// Tells whether a subject is measured and can do it.
fn works(target: &Target, found: &Found, index: usize) -> bool {
    target.has(found, index) && found.heads[index].missing.is_none()
}

/// Our subjects that both revisions have.
fn pairs(target: &Target, before: &Found, after: &Found) -> Vec<Pair> {
    let ours = |found: &Found, index: usize| {
        works(target, found, index) && found.heads[index].side == Side::Ours
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
    before: Revision<'a>,
    after: Revision<'a>,
}

impl Sides<'_> {
    fn measure(&self, pair: &Pair, table: usize, rng: &mut Rng) -> Result<Vec<Round>> {
        let mut all = Vec::new();
        for process in 0..SETS {
            let mut sources = self.sources(pair)?;
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

    fn sources(&self, pair: &Pair) -> Result<[Source; 3]> {
        let (before, after) = (&self.before, &self.after);
        Ok([
            Source::new(before, self.target, pair.before, Some(BEFORE))?,
            Source::new(after, self.target, pair.after, Some(AFTER))?,
            // The reference once more, in a process of its own, as its control.
            Source::new(before, self.target, pair.before, None)?,
        ])
    }

    fn table(&self, pair: &Pair) -> Table {
        let name = &self.after.found.heads[pair.after].name;
        let mut table = empty_table(self.target, format!("{}: {name}", self.target.scenario.id));
        table.rows = vec![
            counted(&self.before, pair.before, "before", Side::Peer),
            counted(&self.after, pair.after, "after", Side::Ours),
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

impl Source {
    fn new(
        revision: &Revision<'_>,
        target: &Target,
        place: usize,
        row: Option<usize>,
    ) -> Result<Self> {
        let mut server = revision.programs.serve(target)?;
        server.found()?;
        Ok(Self { server, place, row })
    }
}

fn round(sources: &mut [Source], iterations: u32, rng: &mut Rng) -> Result<Vec<Lane>> {
    let mut lanes: Vec<Lane> = sources.iter().map(|source| Lane::new(source.row)).collect();
    for index in order(sources.len(), rng) {
        let source = &mut sources[index];
        lanes[index].add(source.server.sample(source.place, iterations)?);
    }
    Ok(lanes)
}

fn counted(revision: &Revision<'_>, place: usize, name: &str, side: Side) -> Row {
    let allocations = revision.allocations.get(place).copied().flatten();
    Row {
        name: name.to_owned(),
        side,
        note: String::new(),
        instructions: revision.instructions[place],
        allocations: allocations.map(|counted| counted.allocations),
        bytes: allocations.map(|counted| counted.bytes),
        ..row(&revision.found.heads[place])
    }
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
