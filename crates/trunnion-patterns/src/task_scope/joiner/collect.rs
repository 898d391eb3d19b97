//! Everything, with its errors.

use core::fmt;

use super::{Done, Flow, Joiner, Over};
use crate::task_scope::error::ScopeError;
use crate::task_scope::outcome::Outcome;

/// Gives the outcome of each child in the order in which they were spawned, and cancels nobody.
///
/// It is `asyncio.gather(return_exceptions=True)` and `Promise.allSettled`. A scope that was cut short gives what there is, for an error
/// has no room for values: children that were cancelled say so, and those that came too late to be taken are not among the outcomes. Whether
/// there was a deadline or a cancellation, the scope's [`token`](crate::TaskScope::token) says, of which the body may keep a clone.
///
/// ```
/// use trunnion_core::BlockOn;
/// use trunnion_patterns::{CollectAll, Outcome, TaskScope};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// let outcomes = sim.block_on(TaskScope::builder(&rt).joiner(CollectAll::default()).run(async |s| {
///     drop(s.spawn(async { Ok(1) }));
///     drop(s.spawn(async { Err("no luck") }));
///     Ok(())
/// }));
/// assert!(matches!(outcomes.unwrap()[..], [Outcome::Ok(1), Outcome::Err("no luck")]));
/// ```
pub struct CollectAll<T, E> {
    outcomes: Vec<(u64, Outcome<T, E>)>,
}

impl<T, E> Default for CollectAll<T, E> {
    fn default() -> Self {
        let outcomes = Vec::new();
        Self { outcomes }
    }
}

impl<T, E> CollectAll<T, E> {
    pub(super) fn push(&mut self, done: Done<T, E>) {
        self.outcomes.push((done.child.number(), done.outcome));
    }

    pub(super) fn into_outcomes(mut self) -> Vec<Outcome<T, E>> {
        self.outcomes.sort_unstable_by_key(|(number, _)| *number);
        let outcomes = self.outcomes.into_iter();
        outcomes.map(|(_, outcome)| outcome).collect()
    }
}

impl<T, E> Joiner<T, E> for CollectAll<T, E> {
    type Output = Vec<Outcome<T, E>>;

    fn on_done(&mut self, done: Done<T, E>) -> Flow {
        self.push(done);
        Flow::Continue
    }

    fn finish(self, _: &Over) -> Result<Self::Output, ScopeError<E>> {
        Ok(self.into_outcomes())
    }
}

impl<T, E> fmt::Debug for CollectAll<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectAll").finish_non_exhaustive()
    }
}
