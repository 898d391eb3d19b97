//! The columns of a table, and what their cells say in every form of the report.

use super::measured::{Line, Measured, NOISY};
use super::number;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Who.
    Subject,
    /// The time over that of the reference.
    Ratio,
    /// The interval of the ratio.
    Interval,
    /// What the interval means.
    Verdict,
    /// The time of one operation.
    Time,
    /// The median of the times over the least.
    Spread,
    /// The process's CPU time for one operation.
    Cpu,
    /// Instructions for one operation.
    Instructions,
    /// Allocations for one operation.
    Allocations,
    /// Bytes allocated for one operation.
    Bytes,
    /// The size of the future of one operation.
    Future,
}

impl Column {
    /// All of them, in the order of the report.
    const ALL: [Self; 11] = [
        Self::Subject,
        Self::Ratio,
        Self::Interval,
        Self::Verdict,
        Self::Time,
        Self::Spread,
        Self::Cpu,
        Self::Instructions,
        Self::Allocations,
        Self::Bytes,
        Self::Future,
    ];

    /// Gives the heading.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Ratio => "ratio",
            Self::Interval => "95 %",
            Self::Verdict => "verdict",
            Self::Time => "time/op",
            Self::Spread => "/least",
            Self::Cpu => "cpu/op",
            Self::Instructions => "instr/op",
            Self::Allocations => "alloc/op",
            Self::Bytes => "B/op",
            Self::Future => "future B",
        }
    }

    /// Tells whether its cells are numbers, which stand to the right.
    pub(super) const fn is_number(self) -> bool {
        !matches!(self, Self::Subject | Self::Interval | Self::Verdict)
    }

    /// Writes the cell of the null control, which is a row of its own where there is no title to hold it.
    pub(super) fn null(self, table: Measured<'_>) -> String {
        let null = table.figures.null.as_ref();
        let cell = match self {
            Self::Subject => Some("null control".to_owned()),
            Self::Ratio => null.map(|null| number::ratio(null.estimate)),
            Self::Interval => null.map(number::interval),
            Self::Verdict => table.figures.is_noisy().then(|| NOISY.to_owned()),
            _ => None,
        };
        cell.unwrap_or_default()
    }

    /// Writes the cell; empty where nothing is known.
    pub(super) fn cell(self, line: &Line<'_>) -> String {
        let Line { row, figure, .. } = line;
        let cell = match self {
            Self::Subject => Some(row.name.clone()),
            Self::Ratio if line.is_reference => Some(number::ratio(1.0)),
            Self::Ratio => figure.ratio.map(|ratio| number::ratio(ratio.estimate)),
            Self::Interval if line.is_reference => Some("reference".to_owned()),
            Self::Interval => figure.ratio.as_ref().map(number::interval),
            Self::Verdict => line.verdict.as_ref().map(ToString::to_string),
            Self::Time => figure.ns.map(number::time),
            Self::Spread => figure.spread.map(number::ratio),
            Self::Cpu => figure.cpu.map(number::time),
            Self::Instructions => instructions(line),
            Self::Allocations => row.allocations.map(|count| number::count(count.each)),
            Self::Bytes => row.bytes.map(number::count),
            Self::Future => row.future_bytes.map(|bytes| bytes.to_string()),
        };
        cell.unwrap_or_default()
    }
}

/// Finds the columns that have something to say in one of the tables.
pub(super) fn columns(tables: &[Measured<'_>]) -> Vec<Column> {
    let lines: Vec<Line<'_>> = tables.iter().flat_map(|table| table.rows()).collect();
    let is_filled = |column: &Column| lines.iter().any(|line| !column.cell(line).is_empty());
    Column::ALL.into_iter().filter(is_filled).collect()
}

/// A count that a second run did not repeat is not exact.
pub(super) fn instructions(line: &Line<'_>) -> Option<String> {
    let instructions = line.row.instructions?;
    let about = if instructions.repeats == Some(false) {
        "≈"
    } else {
        ""
    };
    Some(format!("{about}{}", number::count(instructions.each)))
}

#[cfg(test)]
mod tests {
    use super::{Column, columns, instructions};
    use crate::report::measured::tables;
    use crate::report::sample;

    #[test]
    fn a_column_without_a_cell_is_left_out() {
        let (run, figures) = sample::run();
        let tables: Vec<_> = tables(&run, &figures).collect();
        assert!(!columns(&tables[..1]).contains(&Column::Cpu));
        assert!(columns(&tables).contains(&Column::Cpu));
    }

    #[test]
    fn a_count_that_does_not_repeat_is_marked() {
        let (mut run, figures) = sample::run();
        let cell = |run: &_| {
            let table = tables(run, &figures).next();
            table.and_then(|table| instructions(&table.rows().next()?))
        };
        assert_eq!(cell(&run).as_deref(), Some("1,234"));
        let count = run.tables[0].rows[0].instructions.as_mut();
        count.expect("it was counted").repeats = Some(false);
        assert_eq!(cell(&run).as_deref(), Some("≈1,234"));
    }
}
