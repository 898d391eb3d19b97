//! A table of a run together with what its samples say.

use super::number;
use crate::figures::{Figure, Figures};
use crate::record::{Row, Run, Table};
use crate::stats::{Interval, Verdict};

/// What is said of a table that its null control forbids to judge.
pub(super) const NOISY: &str = "noisy, no verdict";

/// One scenario on one runtime.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured<'a> {
    /// What was counted.
    pub(super) table: &'a Table,
    /// What the samples say.
    pub(super) figures: &'a Figures,
}

/// Pairs the tables with their figures.
pub(super) fn tables<'a>(
    run: &'a Run,
    figures: &'a [Figures],
) -> impl Iterator<Item = Measured<'a>> {
    let pairs = run.tables.iter().zip(figures);
    pairs.map(|(table, figures)| Measured { table, figures })
}

/// Pairs the tables with their figures, those of one scenario together.
pub(super) fn scenarios<'a>(run: &'a Run, figures: &'a [Figures]) -> Vec<Vec<Measured<'a>>> {
    let all: Vec<Measured<'_>> = tables(run, figures).collect();
    all.chunk_by(|a, b| a.table.scenario == b.table.scenario)
        .map(<[_]>::to_vec)
        .collect()
}

impl<'a> Measured<'a> {
    /// Says which clock was read.
    pub(super) const fn clock(self) -> &'static str {
        if self.table.threaded {
            "wall clock"
        } else {
            "CPU time of the thread"
        }
    }

    /// Names the scenario and the runtime.
    pub(super) fn place(self) -> String {
        format!("{} on {}", self.table.scenario, self.table.host)
    }

    /// Says what the null control found.
    pub(super) fn null(self) -> String {
        let null = self.figures.null.as_ref();
        let null = null.map_or_else(
            || "no null control".to_owned(),
            |null| format!("null {}", estimate(null)),
        );
        if self.figures.is_noisy() {
            format!("{null}: {NOISY}")
        } else {
            null
        }
    }

    /// Gives each row with what its samples say.
    pub(super) fn rows(self) -> impl Iterator<Item = Line<'a>> {
        let rows = self.table.rows.iter().enumerate();
        rows.map(move |(index, row)| Line {
            row,
            figure: self.figures.rows.get(index).copied().unwrap_or_default(),
            verdict: self.figures.verdict(index),
            is_reference: index == self.table.reference,
        })
    }

    /// Names the row with this index.
    pub(super) fn name(self, row: usize) -> &'a str {
        self.table.rows.get(row).map_or("?", |row| &row.name)
    }
}

/// One subject.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// What was counted.
    pub(super) row: &'a Row,
    /// What the samples say.
    pub(super) figure: Figure,
    /// How it compares with the reference, where that can be said.
    pub(super) verdict: Option<Verdict>,
    /// The ratios refer to this one.
    pub(super) is_reference: bool,
}

impl Line<'_> {
    /// Says why there is nothing to show, if so.
    pub(super) fn missing(&self) -> Option<String> {
        let reason = self.row.missing.as_ref()?;
        Some(format!("N/A — {reason}"))
    }
}

/// Writes a ratio with its interval.
pub(super) fn estimate(interval: &Interval) -> String {
    format!(
        "{} {}",
        number::ratio(interval.estimate),
        number::interval(interval)
    )
}
