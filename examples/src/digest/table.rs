//! The table at the end.

use std::fmt::Write as _;
use std::time::Duration;

use super::Summary;

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The runtime.
    pub runtime: &'static str,
    /// What it did.
    pub summary: Summary,
    /// How long that took on the wall clock, the runtime's start and end included.
    pub wall: Duration,
}

/// Shows the rows as aligned columns under a heading, one line each.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let heading = ["runtime", "files", "bytes", "tasks", "wall time"].map(str::to_owned);
    let lines: Vec<[String; 5]> = std::iter::once(heading)
        .chain(rows.iter().map(cells))
        .collect();
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].len())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut text = String::new();
    for line in &lines {
        let _infallible = write!(text, "{:<1$}", line[0], widths[0]);
        for (cell, width) in line.iter().zip(widths).skip(1) {
            let _infallible = write!(text, "  {cell:>width$}");
        }
        text.push('\n');
    }
    text
}

fn cells(row: &Row) -> [String; 5] {
    let Summary {
        files,
        bytes,
        tasks,
        ..
    } = row.summary;
    let seconds = format!("{:.3} s", row.wall.as_secs_f64());
    [
        row.runtime.to_owned(),
        files.to_string(),
        bytes.to_string(),
        tasks.to_string(),
        seconds,
    ]
}
