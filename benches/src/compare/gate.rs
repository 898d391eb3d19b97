//! What must not grow: allocations, and instructions where their count repeats exactly. Never time.

use std::collections::BTreeMap;
use std::fmt;

use crate::record::{Count, Run, Table};

/// How many instructions more than before are let through.
const ROOM: f64 = 1.005;

/// What the gate found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// How many counts were compared.
    pub checked: usize,
    /// How many counts could not be compared, by reason.
    pub skipped: BTreeMap<&'static str, usize>,
    /// What has grown, one line each.
    pub grown: Vec<String>,
}

/// Compares the rows `before` and `after` of each table.
#[must_use]
pub(super) fn gate(run: &Run) -> Gate {
    let mut gate = Gate::default();
    for table in &run.tables {
        if let [before, after] = table.rows.as_slice() {
            let what = "allocations";
            gate.compare(table, what, (before.allocations, after.allocations), 1.0);
            let what = "instructions";
            gate.compare(table, what, (before.instructions, after.instructions), ROOM);
        }
    }
    gate
}

impl Gate {
    /// Tells whether something was checked and nothing has grown.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.checked > 0 && self.grown.is_empty()
    }

    fn compare(
        &mut self,
        table: &Table,
        what: &str,
        counts: (Option<Count>, Option<Count>),
        room: f64,
    ) {
        let (Some(before), Some(after)) = counts else {
            return self.skip("not counted: threads take part, or valgrind is missing");
        };
        if before.repeats != Some(true) || after.repeats != Some(true) {
            return self.skip("the count differs from run to run");
        }
        self.checked += 1;
        let (before, after) = (before.each, after.each);
        if after > before * room {
            let Table { scenario, host, .. } = table;
            self.grown.push(format!(
                "{scenario} on {host}: {what} {before:.2} -> {after:.2}"
            ));
        }
    }

    fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += 1;
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.grown {
            writeln!(f, "grown: {line}")?;
        }
        for (reason, count) in &self.skipped {
            writeln!(f, "skipped {count}: {reason}")?;
        }
        if self.checked == 0 {
            writeln!(f, "nothing could be compared, which is no pass")?;
        }
        let skipped: usize = self.skipped.values().sum();
        let (failed, passed) = (self.grown.len(), self.checked - self.grown.len());
        writeln!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{FORMAT, Facts, Request, Row};
    use crate::subject::Side;

    fn row(allocations: f64, each: f64, repeats: Option<bool>) -> Row {
        let count = |each| Some(Count { each, repeats });
        Row {
            name: String::new(),
            side: Side::Ours,
            note: String::new(),
            missing: None,
            future_bytes: None,
            instructions: count(each),
            allocations: count(allocations),
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
    fn a_count_that_does_not_repeat_is_skipped_and_counted() {
        for repeats in [Some(false), None] {
            let found = gated(row(1.0, 1_000.0, Some(true)), row(9.0, 2_000.0, repeats));
            assert_eq!((found.grown.len(), found.checked), (0, 0));
            assert_eq!(found.skipped.values().sum::<usize>(), 2);
        }
    }

    #[test]
    fn what_was_not_counted_is_skipped_and_counted() {
        let uncounted = Row {
            instructions: None,
            ..row(1.0, 0.0, Some(true))
        };
        let found = gated(uncounted.clone(), uncounted);
        assert!(found.is_passed(), "the allocations were compared");
        assert!(
            found
                .to_string()
                .ends_with("1 passed, 0 failed, 1 skipped\n")
        );
    }

    #[test]
    fn a_gate_that_compared_nothing_is_not_passed() {
        assert!(!Gate::default().is_passed());
    }
}
