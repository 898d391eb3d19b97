//! All values, or the first error.

use core::fmt;

use trunnion_core::CancelKind;

use super::{Done, Flow, Joiner, Over};
use crate::task_scope::error::{ScopeError, Why};
use crate::task_scope::outcome::Outcome;

/// Gives all values in the order in which the children were spawned; the first error cancels the others. The default.
///
/// A child that was cancelled alone, through its handle, is left out.
///
/// ```
/// use trunnion_core::BlockOn;
/// use trunnion_patterns::TaskScope;
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// let numbers = sim.block_on(TaskScope::builder(&rt).run(async |s| {
///     for n in 0..3 {
///         drop(s.spawn(async move { Ok(10 * n) }));
///     }
///     Ok::<_, std::io::Error>(())
/// }));
/// assert_eq!(numbers.unwrap(), [0, 10, 20]);
/// ```
pub struct AllOrFirstError<T, E> {
    values: Vec<(u64, T)>,
    failures: ScopeError<E>,
}

impl<T, E> Default for AllOrFirstError<T, E> {
    fn default() -> Self {
        let (values, failures) = (Vec::new(), ScopeError::new(Why::Failed));
        Self { values, failures }
    }
}

impl<T, E> Joiner<T, E> for AllOrFirstError<T, E> {
    type Output = Vec<T>;

    fn on_done(&mut self, done: Done<T, E>) -> Flow {
        if let Outcome::Ok(value) = done.outcome {
            self.values.push((done.child.number(), value));
            return Flow::Continue;
        }
        stop_at(
            self.failures
                .keep(done.child, done.outcome, done.after_cancel),
        )
    }

    fn finish(mut self, over: &Over) -> Result<Vec<T>, ScopeError<E>> {
        over.fail(self.failures)?;
        self.values.sort_unstable_by_key(|(number, _)| *number);
        Ok(self.values.into_iter().map(|(_, value)| value).collect())
    }
}

/// Cancels where something failed.
pub(super) fn stop_at(failed: bool) -> Flow {
    if failed {
        Flow::Cancel(CancelKind::SiblingFailed.into())
    } else {
        Flow::Continue
    }
}

impl<T, E> fmt::Debug for AllOrFirstError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllOrFirstError").finish_non_exhaustive()
    }
}
