//! Measuring what a plan says.

use fastrand::Rng;

use super::counts::Counts;
use super::plan::Plan;
use super::progress::Progress;
use crate::problem::Result;
use crate::process::{Programs, Target};
use crate::record::{Lane, Round, Table};
use crate::store::Store;

/// Measures in this process's children.
#[derive(Debug)]
pub(super) struct Runner<'a> {
    /// The programs to run.
    pub(super) programs: &'a Programs,
    /// Counts instructions, and so often.
    pub(super) instructions: usize,
    /// The seed of everything random.
    pub(super) seed: u64,
    /// Takes the samples.
    pub(super) store: &'a mut Store,
    /// Shows how far it is.
    pub(super) progress: &'a Progress,
}

/// The table of a target, and which of its rows each subject of the process has become.
struct Planned {
    table: Table,
    rows: Vec<Option<usize>>,
}

impl Runner<'_> {
    /// Measures all that is planned: first what is counted, because that fails first if something is wrong.
    ///
    /// # Errors
    /// When a process fails or the samples cannot be written.
    pub(super) fn run(&mut self, plan: &mut Plan) -> Result<(Vec<Table>, Vec<Round>)> {
        let mut planned = Vec::new();
        for target in &plan.targets {
            self.progress.at(target, "counts");
            let scratch = self.store.scratch();
            let counts = Counts::take(
                self.programs,
                target,
                self.instructions,
                scratch,
                &mut plan.notes,
            )?;
            planned.push(Planned::new(target, &counts));
            self.progress.done_counting();
        }
        let rounds = self.time(plan, &planned)?;
        Ok((
            planned.into_iter().map(|planned| planned.table).collect(),
            rounds,
        ))
    }

    fn time(&mut self, plan: &Plan, planned: &[Planned]) -> Result<Vec<Round>> {
        let mut rng = Rng::with_seed(self.seed);
        let mut rounds = Vec::new();
        let mut order: Vec<usize> = (0..plan.targets.len()).collect();
        for process in 0..plan.pace.processes {
            // What is slow on this machine for a while is not always the same table.
            rng.shuffle(&mut order);
            for table in &order {
                let target = &plan.targets[*table];
                self.progress.at(target, "time");
                let measured = self.programs.rounds(target, plan.pace.millis, &mut rng)?;
                let own = planned[*table].rounds(*table, process, &measured.rounds);
                self.store.append(&own)?;
                rounds.extend(own);
                self.progress.done_rounds(plan.pace.millis);
            }
        }
        Ok(rounds)
    }
}

impl Planned {
    fn new(target: &Target, counts: &Counts) -> Self {
        let found = &counts.found;
        let mut table = empty_table(target, target.scenario.id.to_owned());
        let mut rows = Vec::new();
        for index in 0..found.heads.len() {
            let row = target.has(found, index).then(|| {
                table.rows.push(counts.row(index));
                table.rows.len() - 1
            });
            if index == found.reference {
                table.reference = row.unwrap_or_default();
            }
            rows.push(row);
        }
        Self { table, rows }
    }

    fn rounds(&self, table: usize, process: usize, rounds: &[Vec<Lane>]) -> Vec<Round> {
        let row = |index: usize| self.rows.get(index).copied().flatten();
        let lane = |lane: &Lane| match lane.row {
            None => Some(*lane),
            Some(index) => row(index).map(|row| Lane {
                row: Some(row),
                ..*lane
            }),
        };
        let rounds = rounds.iter().map(|lanes| Round {
            table,
            process,
            lanes: lanes.iter().filter_map(lane).collect(),
        });
        rounds.collect()
    }
}

/// A table without rows.
pub(super) fn empty_table(target: &Target, name: String) -> Table {
    Table {
        scenario: name,
        about: target.scenario.about.to_owned(),
        host: target.host.id().to_owned(),
        unit: target.scenario.unit.to_owned(),
        threaded: target.scenario.is_threaded(target.host),
        reference: 0,
        rows: Vec::new(),
    }
}
