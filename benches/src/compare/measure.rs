//! Measuring what a plan says.

use fastrand::Rng;

use super::plan::Plan;
use super::progress::Progress;
use crate::problem::Result;
use crate::process::{Programs, Target};
use crate::record::{Instructions, Lane, Round, Row, Table};
use crate::store::Store;
use crate::worker::{Counted, Found, Head};

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
    /// Measures all that is planned.
    ///
    /// # Errors
    /// When a process fails or the samples cannot be written.
    pub(super) fn run(&mut self, plan: &Plan) -> Result<(Vec<Table>, Vec<Round>)> {
        let mut rng = Rng::with_seed(self.seed);
        let mut planned: Vec<Option<Planned>> = plan.targets.iter().map(|_| None).collect();
        let mut rounds = Vec::new();
        let mut order: Vec<usize> = (0..plan.targets.len()).collect();
        for process in 0..plan.processes {
            // What is slow on this machine for a while is not always the same table.
            rng.shuffle(&mut order);
            for table in &order {
                let target = &plan.targets[*table];
                self.progress.at(target, "time");
                let measured = self.programs.rounds(target, plan.millis, &mut rng)?;
                let planned =
                    planned[*table].get_or_insert_with(|| Planned::new(target, &measured.found));
                let own = planned.rounds(*table, process, &measured.rounds);
                self.store.append(&own)?;
                rounds.extend(own);
                self.progress.done_rounds(plan.millis);
            }
        }
        let tables = plan.targets.iter().zip(planned.into_iter().flatten());
        let tables = tables.map(|(target, planned)| self.count(target, planned));
        Ok((tables.collect::<Result<_>>()?, rounds))
    }

    /// Adds what is counted.
    fn count(&self, target: &Target, mut planned: Planned) -> Result<Table> {
        self.progress.at(target, "allocations");
        let counted = self.programs.count(target)?;
        planned.allocations(&counted);
        self.progress.done_counting();
        if target.scenario.is_countable(target.host) {
            for _ in 0..self.instructions {
                self.progress.at(target, "instructions");
                let each = self.programs.instructions(target, self.store.scratch())?;
                planned.instructions(&each);
                self.progress.done_counting();
            }
        }
        Ok(planned.table)
    }
}

impl Planned {
    fn new(target: &Target, found: &Found) -> Self {
        let heads = found.heads.iter().enumerate();
        let mut table = empty_table(target, target.scenario.id.to_owned());
        let mut rows = Vec::new();
        for (index, head) in heads {
            let row = target.has(found, index).then(|| {
                table.rows.push(row(head));
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

    fn allocations(&mut self, counted: &[Option<Counted>]) {
        for (row, counted) in self.rows.iter().zip(counted) {
            if let (Some(row), Some(counted)) = (row, counted) {
                self.table.rows[*row].allocations = Some(counted.allocations);
                self.table.rows[*row].bytes = Some(counted.bytes);
            }
        }
    }

    /// Takes the counts of the rows that have work, in their order.
    fn instructions(&mut self, each: &[f64]) {
        let rows = self
            .table
            .rows
            .iter_mut()
            .filter(|row| row.missing.is_none());
        for (row, each) in rows.zip(each) {
            row.instructions = Some(Instructions::and(row.instructions, *each));
        }
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

/// A row without figures.
pub(super) fn row(head: &Head) -> Row {
    Row {
        name: head.name.clone(),
        side: head.side,
        note: head.note.clone(),
        missing: head.missing.clone(),
        future_bytes: head.future_bytes,
        instructions: None,
        allocations: None,
        bytes: None,
    }
}

impl Instructions {
    /// Adds a count to an earlier one of the same.
    #[must_use]
    pub(super) fn and(before: Option<Self>, each: f64) -> Self {
        Self {
            each,
            repeats: before.map(|before| before.repeats != Some(false) && same(before.each, each)),
        }
    }
}

/// Counts are whole numbers divided by the same number: equal ones are so to the last bit.
fn same(one: f64, two: f64) -> bool {
    one.to_bits() == two.to_bits()
}
