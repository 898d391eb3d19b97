//! What is counted of a target by the programs of one revision.

use std::path::Path;

use crate::problem::Result;
use crate::process::{Programs, Target};
use crate::record::{Count, Row};
use crate::worker::{Counted, Found};

/// Counts of each subject, in the order of the process.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) found: Found,
    allocations: Vec<Option<Counted>>,
    instructions: Vec<Option<Count>>,
}

impl Counts {
    /// Counts allocations, and instructions so many times. What cannot be counted is noted.
    pub(super) fn take(
        programs: &Programs,
        target: &Target,
        times: usize,
        scratch: &Path,
        notes: &mut Vec<String>,
    ) -> Result<Self> {
        let found = programs.serve(target, 0)?.found()?;
        let mut counts = Self {
            allocations: programs.count(target)?,
            instructions: vec![None; found.heads.len()],
            found,
        };
        let countable = target.scenario.is_countable(target.host);
        for _ in 0..times * usize::from(countable) {
            match programs.instructions(target, &counts.found, scratch) {
                Ok(each) => counts.add_instructions(&each),
                // The rest is worth having.
                Err(problem) => notes.push(format!("no instructions: {problem}")),
            }
        }
        Ok(counts)
    }

    fn add_instructions(&mut self, each: &[Option<f64>]) {
        for (slot, each) in self.instructions.iter_mut().zip(each) {
            *slot = each.map(|each| Count::and(*slot, each));
        }
    }

    /// The row of a subject.
    pub(super) fn row(&self, index: usize) -> Row {
        let head = &self.found.heads[index];
        let allocated = self.allocations.get(index).copied().flatten();
        Row {
            name: head.name.clone(),
            side: head.side,
            note: head.note.clone(),
            missing: head.missing.clone(),
            future_bytes: head.future_bytes,
            instructions: self.instructions[index],
            allocations: allocated.map(|counted| Count {
                each: counted.allocations,
                repeats: Some(counted.repeats),
            }),
            bytes: allocated.map(|counted| counted.bytes),
        }
    }
}
