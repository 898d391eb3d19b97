//! A line that says how far a run is and how long it will go on.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use super::plan::Plan;
use crate::process::Target;

/// About how long it takes to start a process and find the lengths of its samples, in milliseconds.
const START: u64 = 150;

/// About how long counting takes for one table.
const COUNTING: u64 = 1_500;

/// About how long it takes to pair one table, for each process of a plain run.
const PAIRING: u64 = 2_000;

/// Shows how far a run is, where a person is watching.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    processes: u64,
}

impl Progress {
    /// Begins a run; `pairs` if two revisions are paired.
    #[must_use]
    pub(super) fn new(plan: &Plan, pairs: bool) -> Self {
        let (tables, processes) = (plan.targets.len() as u64, plan.pace.processes as u64);
        let each = if pairs {
            PAIRING * processes
        } else {
            COUNTING + (START + u64::from(plan.pace.millis)) * processes
        };
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(tables * each)
        } else {
            ProgressBar::hidden()
        };
        let template = "[{bar:30}] {percent:>3} %, {elapsed} gone, about {eta} left: {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, processes }
    }

    /// Says what is measured now.
    pub(super) fn at(&self, target: &Target, what: &str) {
        self.bar.set_message(format!("{target}, {what}"));
    }

    /// A process has measured its rounds.
    pub(super) fn done_rounds(&self, millis: u32) {
        self.bar.inc(START + u64::from(millis));
    }

    /// A table of two revisions was measured.
    pub(super) fn done_pairing(&self) {
        self.bar.inc(PAIRING * self.processes);
    }

    /// Something was counted.
    pub(super) fn done_counting(&self) {
        self.bar.inc(COUNTING);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
