//! No values, and the first error.

use core::fmt;

use super::all::stop_at;
use super::{Done, Flow, Joiner, Over};
use crate::task_scope::error::{ScopeError, Why};
use crate::task_scope::outcome::Outcome;

/// Drops values in the tasks that gave them; the first error cancels the others.
///
/// It is for scopes that live long, such as one that serves connections: memory follows the children that live, not those
/// that have ended.
///
/// ```
/// use trunnion_core::BlockOn;
/// use trunnion_patterns::{Discard, TaskScope};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// let served = sim.block_on(TaskScope::builder(&rt).joiner(Discard::new()).run(async |s| {
///     for connection in 0..100 {
///         drop(s.spawn(async move { Ok(connection) }));
///     }
///     Ok::<_, std::io::Error>(())
/// }));
/// assert!(served.is_ok());
/// ```
pub struct Discard<E> {
    failures: ScopeError<E>,
    goes_on: bool,
}

impl<E> Discard<E> {
    /// Makes one that stops at the first error.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            failures: ScopeError::new(Why::Failed),
            goes_on: false,
        }
    }

    /// Lets the other children go on after an error; it is given when all have ended.
    #[must_use]
    pub const fn and_go_on(mut self) -> Self {
        self.goes_on = true;
        self
    }
}

impl<E> Default for Discard<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Joiner<T, E> for Discard<E> {
    type Output = ();

    fn keeps(outcome: &Outcome<T, E>) -> bool {
        !matches!(outcome, Outcome::Ok(_))
    }

    fn on_done(&mut self, done: Done<T, E>) -> Flow {
        let failed = self
            .failures
            .keep(done.child, done.outcome, done.after_cancel);
        stop_at(failed && !self.goes_on)
    }

    fn finish(self, over: &Over) -> Result<(), ScopeError<E>> {
        over.fail(self.failures)
    }
}

impl<E> fmt::Debug for Discard<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discard")
            .field("goes_on", &self.goes_on)
            .finish_non_exhaustive()
    }
}
