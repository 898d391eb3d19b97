//! A line that says how far a run is and how long it will go on.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use super::plan::Plan;
use crate::process::Target;

/// About how long it takes to start a process and find the lengths of its samples, in milliseconds.
const START: u64 = 150;

/// About how long counting takes for one table.
const COUNTING: u64 = 1_500;

/// Shows how far a run is, where a person is watching.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Begins a run in which instructions are counted so often.
    #[must_use]
    pub(super) fn new(plan: &Plan, instructions: usize) -> Self {
        let countable = |target: &&Target| target.scenario.is_countable(target.host);
        let tables = plan.targets.len();
        let countings = tables + instructions * plan.targets.iter().filter(countable).count();
        let rounds = (START + u64::from(plan.millis)) * (tables * plan.processes) as u64;
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(rounds + COUNTING * countings as u64)
        } else {
            ProgressBar::hidden()
        };
        let template = "[{bar:30}] {percent:>3} %, {elapsed} gone, about {eta} left: {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Says what is measured now.
    pub(super) fn at(&self, target: &Target, what: &str) {
        self.bar.set_message(format!("{target}, {what}"));
    }

    /// A process has measured its rounds.
    pub(super) fn done_rounds(&self, millis: u32) {
        self.bar.inc(START + u64::from(millis));
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
