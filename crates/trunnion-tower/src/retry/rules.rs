//! What all calls of a retry share.

use trunnion_patterns::owned::Course;
use trunnion_patterns::{Retry, RetryCall, RetryPolicy};

/// The runtime and the retry.
pub(super) struct Rules<R, P> {
    pub(super) rt: R,
    pub(super) retry: Retry<P>,
}

impl<R, P: RetryPolicy> Rules<R, P> {
    /// Goes on with the call of `course`; one that panics is ended by that.
    #[inline]
    pub(super) fn with<T>(
        &self,
        course: &mut Course,
        step: impl FnOnce(&mut RetryCall<'_, R, P>) -> T,
    ) -> T {
        let paused = core::mem::take(course);
        let mut call = RetryCall::resume(&self.rt, &self.retry, paused);
        let done = step(&mut call);
        *course = call.pause();
        done
    }

    /// Ends the call of `course`, unless it is over or never began.
    #[inline]
    pub(super) fn end(&self, course: &mut Course) {
        let paused = core::mem::take(course);
        drop(RetryCall::resume(&self.rt, &self.retry, paused));
    }
}
