//! The table.

use std::fmt::Write as _;
use std::time::Duration;

use super::summary::Summary;

const HEADING: [&str; COLUMNS] = [
    "runtime",
    "fetched",
    "failed",
    "attempts",
    "retries",
    "rejections",
    "p50",
    "p90",
    "p99",
    "time",
];
const COLUMNS: usize = 10;

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The runtime.
    pub runtime: &'static str,
    /// What it did.
    pub summary: Summary,
    /// How long that took on the runtime's clock.
    pub time: Duration,
}

/// Shows the rows as aligned columns under a heading, one line each.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut lines = vec![HEADING.map(str::to_owned)];
    lines.extend(rows.iter().map(cells));
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let widths = lines.iter().map(|line| line[column].len());
        widths.max().unwrap_or(0)
    });
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

fn cells(row: &Row) -> [String; COLUMNS] {
    let Summary {
        fetched,
        failed,
        attempts,
        retries,
        rejections,
        ..
    } = row.summary;
    let counts = [fetched, failed, attempts, retries, rejections].map(|n| n.to_string());
    let percentiles = [50, 90, 99].map(|percent| shown(row.summary.percentile(percent)));
    let mut cells = std::iter::once(row.runtime.to_owned())
        .chain(counts)
        .chain(percentiles)
        .chain([shown(row.time)]);
    std::array::from_fn(|_| cells.next().unwrap_or_default())
}

fn shown(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}
