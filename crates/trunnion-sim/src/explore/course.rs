//! From one execution to the next.

use super::Explore;
use crate::choice::{Chooser, Gaps, Search};
use crate::schedule::Schedule;

/// Where an exploration is.
pub(super) struct Course {
    schedule: Schedule,
    search: Option<Search>,
    pub(super) seed: u64,
    /// The most steps that a run has had.
    steps: usize,
}

impl Course {
    pub(super) fn new(explore: &Explore) -> Self {
        let search = match explore.schedule {
            Schedule::Delay { max } => Some(Search::delays(max)),
            Schedule::Dfs { preemptions } => Some(Search::preemptions(preemptions)),
            Schedule::Fifo | Schedule::Lifo | Schedule::Random | Schedule::Pct { .. } => None,
        };
        Self {
            schedule: explore.schedule,
            search,
            seed: explore.seed,
            steps: 0,
        }
    }

    pub(super) fn prepare(&mut self, chooser: &mut Chooser) {
        chooser.record();
        if let Some(search) = self.search.take() {
            chooser.search(search);
            return;
        }
        chooser.set_schedule(self.schedule);
        if self.steps > 0 {
            chooser.expect_steps(self.steps);
        }
    }

    /// Tells what a search has left out; nothing goes through all that is no search.
    pub(super) fn gaps(&self) -> Option<Gaps> {
        self.search.as_ref().map(Search::gaps)
    }

    /// Turns to the next execution; false if there is none.
    pub(super) fn turn(&mut self, mut chooser: Chooser, steps: usize) -> bool {
        self.steps = self.steps.max(steps);
        self.search = chooser.take_search();
        match (&mut self.search, self.schedule) {
            (Some(search), _) => search.advance(),
            (None, Schedule::Fifo | Schedule::Lifo) => false,
            (None, _) => {
                self.seed = self.seed.wrapping_add(1);
                true
            }
        }
    }
}
