//! Runs the program `digest` as its users do, and its library part where a race must be certain.
#![cfg(unix)]

mod bad_input;
mod command_line;
mod format;
mod interrupt;
mod races;
mod readers;
mod run;
mod runtimes;
mod tree;

/// Says on standard error that a test did not run.
fn skip(why: &str) {
    use std::io::Write;
    let _closed = writeln!(std::io::stderr(), "skipped: {why}");
}
