//! What must not grow: allocations, and instructions where their count repeats exactly. Never time.

use std::fmt;

use crate::record::{Instructions, Run, Table};

/// How many instructions more than before are let through.
const ROOM: f64 = 1.005;

/// Less than one allocation in a thousand operations is the growth of some table.
const ROUNDING: f64 = 0.001;

/// What the gate found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// How many counts were compared.
    pub checked: usize,
    /// How many counts of instructions differ from run to run, so that they say nothing.
    pub unsteady: usize,
    /// What has grown, one line each.
    pub grown: Vec<String>,
}

/// Compares the rows `before` and `after` of each table.
pub(super) fn gate(run: &Run) -> Gate {
    let mut gate = Gate::default();
    for table in &run.tables {
        let [before, after] = table.rows.as_slice() else {
            continue;
        };
        if let (Some(before), Some(after)) = (before.allocations, after.allocations) {
            gate.compare(table, "allocations", before, after, before + ROUNDING);
        }
        match (before.instructions, after.instructions) {
            (Some(before), Some(after)) if steady(before) && steady(after) => {
                gate.compare(
                    table,
                    "instructions",
                    before.each,
                    after.each,
                    before.each * ROOM,
                );
            }
            (None, _) | (_, None) => {}
            _ => gate.unsteady += 1,
        }
    }
    gate
}

fn steady(count: Instructions) -> bool {
    count.repeats == Some(true)
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.grown {
            writeln!(f, "grown: {line}")?;
        }
        if self.unsteady > 0 {
            writeln!(
                f,
                "skipped {}: the count of instructions differs from run to run",
                self.unsteady
            )?;
        }
        let (failed, skipped) = (self.grown.len(), self.unsteady);
        writeln!(
            f,
            "{} passed, {failed} failed, {skipped} skipped",
            self.checked - failed
        )
    }
}

impl Gate {
    fn compare(&mut self, table: &Table, what: &str, before: f64, after: f64, most: f64) {
        self.checked += 1;
        if after > most {
            let Table { scenario, host, .. } = table;
            self.grown.push(format!(
                "{scenario} on {host}: {what} {before:.2} -> {after:.2}"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{FORMAT, Facts, Request, Row};
    use crate::subject::Side;

    fn row(allocations: f64, each: f64, repeats: Option<bool>) -> Row {
        Row {
            name: String::new(),
            side: Side::Ours,
            note: String::new(),
            missing: None,
            future_bytes: None,
            instructions: Some(Instructions { each, repeats }),
            allocations: Some(allocations),
            bytes: None,
        }
    }

    fn gated(before: Row, after: Row) -> Gate {
        gate(&Run {
            format: FORMAT,
            facts: Facts::default(),
            request: Request::default(),
            tables: vec![Table {
                scenario: "a".into(),
                about: String::new(),
                host: "b".into(),
                unit: String::new(),
                threaded: false,
                reference: 0,
                rows: vec![before, after],
            }],
        })
    }

    #[test]
    fn one_more_allocation_is_too_many() {
        let found = gated(row(1.0, 100.0, Some(true)), row(2.0, 100.0, Some(true)));
        assert_eq!(found.grown, ["a on b: allocations 1.00 -> 2.00"]);
        assert_eq!(found.checked, 2);
    }

    #[test]
    fn instructions_may_grow_by_half_a_percent() {
        let at = |each| {
            gated(row(1.0, 1_000.0, Some(true)), row(1.0, each, Some(true)))
                .grown
                .len()
        };
        assert_eq!((at(1_004.0), at(1_006.0), at(900.0)), (0, 1, 0));
    }

    #[test]
    fn a_count_that_does_not_repeat_is_not_judged() {
        for repeats in [Some(false), None] {
            let found = gated(row(1.0, 1_000.0, Some(true)), row(1.0, 2_000.0, repeats));
            assert_eq!(
                (found.grown.len(), found.unsteady, found.checked),
                (0, 1, 1)
            );
        }
    }
}
