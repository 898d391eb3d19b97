//! What an exploration tells.

use core::fmt;

use super::failure::Failure;
use super::once::Trouble;
use crate::choice::Gaps;

/// Tells what an exploration found.
#[derive(Clone, Debug, Default)]
#[must_use = "a report may hold failures: see `check`"]
pub struct Report {
    pub(super) executions: usize,
    pub(super) failed: usize,
    /// A search came to its end.
    pub(super) complete: bool,
    pub(super) gaps: Gaps,
    pub(super) distinct: usize,
    pub(super) deepest: usize,
    pub(super) failures: Vec<Failure>,
}

impl Report {
    pub(super) fn knows(&self, trouble: &Trouble) -> bool {
        self.failures
            .iter()
            .any(|failure| failure.trouble.is_like(trouble))
    }

    /// Counts the runs.
    #[must_use]
    pub fn executions(&self) -> usize {
        self.executions
    }

    /// Counts the runs that failed, alike or not; more than one only where the exploration is to [keep going](super::Explore::keep_going).
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failed
    }

    /// Tells whether every schedule that the search allows was run, with every outcome of every draw.
    ///
    /// What a search allows is said by [`Schedule::Dfs`](crate::Schedule::Dfs): see [`was_made_fair`](Self::was_made_fair).
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete && !self.gaps.strayed && !self.gaps.sampled
    }

    /// Tells whether a search let a task run because it was passed over 100 times in a row: there are schedules that are less fair, and none of them was run.
    #[must_use]
    pub fn was_made_fair(&self) -> bool {
        self.gaps.unfair
    }

    /// Tells whether a search drew one of more than three, as [`Duplex`](crate::Duplex) does, of which it tries the first, the middle and the last.
    #[must_use]
    pub fn was_sampled(&self) -> bool {
        self.gaps.sampled
    }

    /// Says why it is not complete.
    fn shortfall(&self) -> String {
        let executions = self.executions;
        if !self.complete {
            format!(
                "the search was cut short after {executions} executions; raise `Explore::runs`, or bound the search by preemptions or delays"
            )
        } else if self.gaps.strayed {
            "a run did not repeat, and what comes after its choices is not known".to_owned()
        } else {
            "a draw was among more than three, of which three were tried; draw from fewer, or ask for success alone".to_owned()
        }
    }

    /// Counts the runs in which not the same happened.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.distinct
    }

    /// Counts the choices of the run that had the most.
    #[must_use]
    pub fn deepest(&self) -> usize {
        self.deepest
    }

    /// Lists what failed: of those that are alike in kind and place the first.
    #[must_use]
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// Panics if anything failed, or nothing was run.
    ///
    /// # Panics
    /// With the first failure, or saying that there was no run.
    #[track_caller]
    #[expect(clippy::panic, reason = "the failure of a test")]
    pub fn expect_success(&self) -> &Self {
        assert!(
            self.executions > 0,
            "nothing was run: `Explore::runs`, or TRUNNION_SIM_SEEDS, is 0"
        );
        if let Some(failure) = self.failures.first() {
            panic!("{failure}");
        }
        self
    }

    /// Panics unless every schedule was run and none failed.
    ///
    /// # Panics
    /// With the first failure, or saying what was not run.
    #[track_caller]
    pub fn expect_complete(&self) -> &Self {
        self.expect_success();
        assert!(self.is_complete(), "incomplete: {}", self.shortfall());
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = match (self.is_complete(), self.complete, self.gaps.unfair) {
            (true, _, false) => "complete",
            (true, _, true) => "complete but for unfair schedules",
            (false, true, _) if self.gaps.sampled => "sampled",
            (false, _, _) => "incomplete",
        };
        write!(
            f,
            "{} executions, {whole}, {} distinct, at most {} choices, {} failed",
            self.executions, self.distinct, self.deepest, self.failed
        )?;
        self.failures
            .iter()
            .try_for_each(|failure| write!(f, "\n\n{failure}"))
    }
}
