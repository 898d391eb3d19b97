//! One value out of many.

use core::fmt;

use super::{Done, Flow, Joiner, Over};
use crate::task_scope::error::{ScopeError, Why};

/// Folds the outcomes into one value, in the order in which they came; `f` says when it is enough.
///
/// ```
/// use trunnion_core::BlockOn;
/// use trunnion_patterns::{Flow, Fold, TaskScope};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// let sum = Fold::new(0, |sum: &mut u32, done: trunnion_patterns::Done<u32, std::io::Error>| {
///     *sum += done.outcome.ok().unwrap_or(0);
///     Flow::Continue
/// });
/// let sum = sim.block_on(TaskScope::builder(&rt).joiner(sum).run(async |s| {
///     (1..=4).for_each(|n| drop(s.spawn(async move { Ok(n) })));
///     Ok(())
/// }));
/// assert_eq!(sum.unwrap(), 10);
/// ```
pub struct Fold<A, F> {
    value: A,
    f: F,
}

impl<A, F> Fold<A, F> {
    /// Makes one that begins with `value`.
    pub const fn new(value: A, f: F) -> Self {
        Self { value, f }
    }
}

impl<T, E, A, F> Joiner<T, E> for Fold<A, F>
where
    F: FnMut(&mut A, Done<T, E>) -> Flow,
{
    type Output = A;

    fn on_done(&mut self, done: Done<T, E>) -> Flow {
        (self.f)(&mut self.value, done)
    }

    fn finish(self, over: &Over) -> Result<A, ScopeError<E>> {
        over.check(ScopeError::new(Why::Failed))?;
        Ok(self.value)
    }
}

impl<A, F> fmt::Debug for Fold<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold").finish_non_exhaustive()
    }
}
