//! The first success, and the first that ends.

use core::fmt;

use trunnion_core::CancelKind;

use super::{Done, Flow, Joiner, Over};
use crate::task_scope::error::{ScopeError, Why};
use crate::task_scope::outcome::Outcome;

/// Gives the first value and cancels the others; the failures, if there is none.
///
/// The result is given when the others are gone. Without a child it is [`Why::Empty`].
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{BlockOn, Timer};
/// use trunnion_patterns::{FirstSuccess, TaskScope};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// let answer = sim.block_on(TaskScope::builder(&rt).joiner(FirstSuccess::default()).run(async |s| {
///     drop(s.spawn(async { Err("down") }));
///     for seconds in [2, 1] {
///         let clock = rt.clone();
///         drop(s.spawn(async move {
///             clock.sleep(Duration::from_secs(seconds)).await;
///             Ok(seconds)
///         }));
///     }
///     Ok(())
/// }));
/// assert_eq!(answer.unwrap(), 1);
/// ```
pub struct FirstSuccess<T, E> {
    value: Option<T>,
    failures: ScopeError<E>,
}

impl<T, E> Default for FirstSuccess<T, E> {
    fn default() -> Self {
        let (value, failures) = (None, ScopeError::new(Why::Empty));
        Self { value, failures }
    }
}

impl<T, E> Joiner<T, E> for FirstSuccess<T, E> {
    type Output = T;

    fn on_done(&mut self, done: Done<T, E>) -> Flow {
        match done.outcome {
            Outcome::Ok(_) if self.value.is_some() => Flow::Continue,
            Outcome::Ok(value) => {
                self.value = Some(value);
                Flow::Cancel(CancelKind::Satisfied.into())
            }
            outcome => {
                self.failures.why = Why::Failed;
                self.failures.keep(done.child, outcome, done.after_cancel);
                Flow::Continue
            }
        }
    }

    fn finish(self, over: &Over) -> Result<T, ScopeError<E>> {
        let Some(value) = self.value else {
            return Err(over.explain(self.failures));
        };
        Ok(value)
    }
}

impl<T, E> fmt::Debug for FirstSuccess<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstSuccess").finish_non_exhaustive()
    }
}

/// Gives the outcome of the first child that ends, whatever it is, and cancels the others.
///
/// A child that was cancelled does not count as one that ended, unless there is no other.
///
/// ```
/// use trunnion_core::BlockOn;
/// use trunnion_patterns::{FirstDone, Outcome, TaskScope};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// let first = sim.block_on(TaskScope::builder(&rt).joiner(FirstDone::default()).run(async |s| {
///     drop(s.spawn(async { Err("fast") }));
///     drop(s.spawn(std::future::pending::<Result<(), _>>()));
///     Ok(())
/// }));
/// assert!(matches!(first, Ok(Outcome::Err("fast"))));
/// ```
pub struct FirstDone<T, E> {
    first: Option<Outcome<T, E>>,
}

impl<T, E> Default for FirstDone<T, E> {
    fn default() -> Self {
        Self { first: None }
    }
}

impl<T, E> Joiner<T, E> for FirstDone<T, E> {
    type Output = Outcome<T, E>;

    fn on_done(&mut self, done: Done<T, E>) -> Flow {
        if self.first.as_ref().is_none_or(Outcome::is_cancelled) {
            self.first = Some(done.outcome);
        }
        match &self.first {
            Some(first) if !first.is_cancelled() => Flow::Cancel(CancelKind::Satisfied.into()),
            _ => Flow::Continue,
        }
    }

    fn finish(self, over: &Over) -> Result<Outcome<T, E>, ScopeError<E>> {
        match self.first {
            Some(first) if !first.is_cancelled() => Ok(first),
            first => {
                over.check(ScopeError::new(Why::Empty))?;
                first.ok_or(ScopeError::new(Why::Empty))
            }
        }
    }
}

impl<T, E> fmt::Debug for FirstDone<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstDone").finish_non_exhaustive()
    }
}
