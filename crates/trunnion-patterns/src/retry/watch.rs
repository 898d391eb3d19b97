//! What else looks at a call while it runs.

use core::pin::Pin;
use core::task::{Context, Poll};

use trunnion_core::CancelReason;

use super::judge::Outcome;
use super::stop::RetryStop;

/// Looks on: says whether to stop, and gets what is thrown away. `()` does neither, and costs nothing.
pub trait Watch<Res> {
    /// Says why to stop, before an attempt and before a wait.
    fn cancelled(&self) -> Option<CancelReason> {
        None
    }

    /// Gets a result after which the operation is tried again.
    fn discarded(&mut self, outcome: Outcome<Res>) {
        drop(outcome);
    }
}

impl<Res> Watch<Res> for () {}

/// A call that can be looked at while it runs: one future, driven by those around it.
pub trait Drive {
    /// What an attempt gives.
    type Result;
    /// What the call gives.
    type Output;

    /// Polls.
    fn drive<W: Watch<Self::Result>>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        watch: &mut W,
    ) -> Poll<Self::Output>;

    /// Ends the call: drops the attempt or the wait.
    fn cancel(self: Pin<&mut Self>, reason: CancelReason) -> Self::Output;

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
