//! What else looks at a call while it runs.

use core::pin::Pin;
use core::task::{Context, Poll};

use trunnion_core::CancelReason;

use super::stop::RetryStop;

/// Looks on: says whether to stop, and gets the errors that are not given. `()` does neither, and costs nothing.
pub trait Watch<E> {
    /// Says why to stop, before an attempt and before a wait.
    fn cancelled(&self) -> Option<CancelReason> {
        None
    }

    /// Gets the error of an attempt after which another is made.
    fn discarded(&mut self, error: E) {
        drop(error);
    }

    /// Gives back the error that it got last: for a call that is stopped while it has none.
    fn last(&mut self) -> Option<E> {
        None
    }
}

impl<E> Watch<E> for () {}

/// A call that can be looked at while it runs: one future, driven by those around it.
pub trait Drive {
    /// What an attempt fails with.
    type Error;
    /// What the call gives.
    type Output;

    /// Polls.
    fn drive<W: Watch<Self::Error>>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        watch: &mut W,
    ) -> Poll<Self::Output>;

    /// Ends the call: drops the attempt or the wait.
    fn cancel<W: Watch<Self::Error>>(
        self: Pin<&mut Self>,
        reason: CancelReason,
        watch: &mut W,
    ) -> Self::Output;

    /// Tells how it went: attempts, nanoseconds of waits, why it ended.
    fn tally(&self) -> Tally;
}

/// How a call went.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    pub(super) attempts: u32,
    pub(super) waited: core::time::Duration,
    pub(super) stop: RetryStop,
}
