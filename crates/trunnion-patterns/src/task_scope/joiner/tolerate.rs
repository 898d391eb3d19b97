//! Everything, up to so many failures.

use core::fmt;

use super::all::stop_at;
use super::collect::CollectAll;
use super::{Done, Flow, Joiner, Over};
use crate::task_scope::error::ScopeError;
use crate::task_scope::outcome::Outcome;

/// Gives the outcome of each child in the order in which they were spawned; one failure too many cancels the others.
///
/// What was cancelled has not failed. The outcomes are given in either case, and also of a scope that was cut short: as
/// [`CollectAll`] gives them.
///
/// ```
/// use trunnion_core::BlockOn;
/// use trunnion_patterns::{Outcome, TaskScope, Tolerate};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// let outcomes = sim.block_on(TaskScope::builder(&rt).joiner(Tolerate::new(1)).run(async |s| {
///     drop(s.spawn(async { Err("one") }));
///     drop(s.spawn(async { Ok(2) }));
///     Ok(())
/// }));
/// assert!(outcomes.unwrap().iter().any(Outcome::is_ok));
/// ```
pub struct Tolerate<T, E> {
    left: Option<usize>,
    all: CollectAll<T, E>,
}

impl<T, E> Tolerate<T, E> {
    /// Makes one that lets `failures` children fail.
    #[must_use]
    pub fn new(failures: usize) -> Self {
        let (left, all) = (Some(failures), CollectAll::default());
        Self { left, all }
    }
}

impl<T, E> Joiner<T, E> for Tolerate<T, E> {
    type Output = Vec<Outcome<T, E>>;

    fn on_done(&mut self, done: Done<T, E>) -> Flow {
        let failed = !matches!(done.outcome, Outcome::Ok(_) | Outcome::Cancelled);
        self.all.push(done);
        if failed {
            self.left = self.left.and_then(|left| left.checked_sub(1));
        }
        stop_at(self.left.is_none())
    }

    fn finish(self, _: &Over) -> Result<Self::Output, ScopeError<E>> {
        Ok(self.all.into_outcomes())
    }
}

impl<T, E> fmt::Debug for Tolerate<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tolerate")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
