//! Small programs with a known bug, and the same programs mended: what exploration has to find, and what it must not report.
#![cfg(not(trunnion_loom))]

mod cancels;
mod checks;
mod ends;
mod locks;
mod parts;
mod program;
mod rare;
mod tally;
mod wakes;

use program::Program;
use tally::{Row, tally};

fn programs() -> Vec<&'static Program> {
    let themes = [
        wakes::PROGRAMS,
        checks::PROGRAMS,
        locks::PROGRAMS,
        cancels::PROGRAMS,
        ends::PROGRAMS,
        rare::PROGRAMS,
    ];
    themes.into_iter().flatten().collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is for the reader")]
fn exploration_finds_each_bug_and_reports_no_mended_program() {
    let rows = tally(&programs());
    println!("{}", Row::HEAD);
    for row in &rows {
        println!("{row}");
    }
    let complaints: Vec<&String> = rows.iter().flat_map(|row| &row.complaints).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");

    let count = |found: fn(&Row) -> bool| rows.iter().filter(|row| found(row)).count();
    assert!(rows.len() >= 30);
    assert!(count(|row| row.random.is_some()) >= 22);
    assert!(count(Row::is_hard) >= 8);
}
