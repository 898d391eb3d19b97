//! What a scope tells its supervisor of children that have ended.

use std::sync::Arc;

use trunnion_core::sync::Mutex;

use crate::{Done, Flow, Joiner, Outcome, Over, ScopeError};

/// How a child's future ended that gave no error.
pub(super) enum Gone {
    /// It came to its end.
    Ended,
    /// It was killed.
    Killed,
}

/// A child's number and how it ended.
pub(super) type Report<E> = (u64, Outcome<(), E>);

/// Passes outcomes from the joiner to the body: both run in the task of the supervisor, the joiner first.
pub(super) struct Told<E>(Arc<Mutex<Vec<Report<E>>>>);

impl<E> Told<E> {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Vec::new())))
    }

    pub(super) fn take(&self) -> Vec<Report<E>> {
        core::mem::take(&mut self.0.lock())
    }
}

impl<E> Clone for Told<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> Joiner<Gone, E> for Told<E> {
    type Output = ();

    fn on_done(&mut self, done: Done<Gone, E>) -> Flow {
        let outcome = match done.outcome {
            Outcome::Ok(Gone::Ended) => Outcome::Ok(()),
            Outcome::Ok(Gone::Killed) | Outcome::Cancelled => Outcome::Cancelled,
            Outcome::Err(error) => Outcome::Err(error),
            Outcome::Panicked(panic) => Outcome::Panicked(panic),
            Outcome::Shutdown => Outcome::Shutdown,
        };
        self.0.lock().push((done.child.number(), outcome));
        Flow::Continue
    }

    fn finish(self, _: &Over) -> Result<(), ScopeError<E>> {
        Ok(())
    }
}
