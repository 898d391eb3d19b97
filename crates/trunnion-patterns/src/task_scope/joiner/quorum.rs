//! So many successes.

use core::fmt;
use core::num::NonZeroUsize;

use trunnion_core::CancelKind;

use super::{Done, Flow, Joiner, Over};
use crate::task_scope::error::{ScopeError, Why};
use crate::task_scope::outcome::Outcome;

/// Gives the first `n` values in the order in which they came, and cancels the others; fails as soon as `n` is out of reach.
///
/// It is out of reach when the body has ended and the children that still run are too few. A child whose value goes to its handle has no
/// vote, and neither has a scope inside this one. Who is to spawn children that vote must therefore do so while enough others run.
///
/// ```
/// use std::num::NonZeroUsize;
/// use trunnion_core::BlockOn;
/// use trunnion_patterns::{Quorum, TaskScope, Why};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// let two = NonZeroUsize::new(2).unwrap();
/// let votes = sim.block_on(TaskScope::builder(&rt).joiner(Quorum::new(two)).run(async |s| {
///     drop(s.spawn(async { Err("down") }));
///     drop(s.spawn(async { Err("down too") }));
///     drop(s.spawn(std::future::pending::<Result<(), _>>()));
///     Ok(())
/// }));
/// assert!(matches!(votes.unwrap_err().why, Why::OutOfReach));
/// ```
pub struct Quorum<T, E> {
    wanted: NonZeroUsize,
    values: Vec<T>,
    failures: ScopeError<E>,
    body_ended: bool,
}

impl<T, E> Quorum<T, E> {
    /// Makes one of `wanted` values. A limit of the scope below that is refused with [`Why::QuorumAboveLimit`].
    #[must_use]
    pub const fn new(wanted: NonZeroUsize) -> Self {
        Self {
            wanted,
            values: Vec::new(),
            failures: ScopeError::new(Why::Empty),
            body_ended: false,
        }
    }

    fn is_reached(&self) -> bool {
        self.values.len() >= self.wanted.get()
    }

    fn flow(&self, running: usize) -> Flow {
        if self.is_reached() {
            return Flow::Cancel(CancelKind::Satisfied.into());
        }
        if self.body_ended && self.values.len() + running < self.wanted.get() {
            return Flow::Cancel(CancelKind::SiblingFailed.into());
        }
        Flow::Continue
    }
}

impl<T, E> Joiner<T, E> for Quorum<T, E> {
    type Output = Vec<T>;

    fn on_done(&mut self, done: Done<T, E>) -> Flow {
        if self.is_reached() {
            return Flow::Continue;
        }
        self.failures.why = Why::OutOfReach;
        match done.outcome {
            Outcome::Ok(value) => self.values.push(value),
            outcome => _ = self.failures.keep(done.child, outcome, done.after_cancel),
        }
        self.flow(done.running)
    }

    fn on_body_end(&mut self, running: usize) -> Flow {
        self.body_ended = true;
        self.flow(running)
    }

    fn finish(mut self, over: &Over) -> Result<Vec<T>, ScopeError<E>> {
        if self.is_reached() {
            return Ok(core::mem::take(&mut self.values));
        }
        Err(over.explain(self.failures))
    }

    fn check(&self, limit: Option<NonZeroUsize>) -> Result<(), Why> {
        match limit {
            Some(limit) if limit < self.wanted => Err(Why::QuorumAboveLimit),
            _ => Ok(()),
        }
    }
}

impl<T, E> fmt::Debug for Quorum<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quorum")
            .field("wanted", &self.wanted)
            .field("values", &self.values.len())
            .finish_non_exhaustive()
    }
}
