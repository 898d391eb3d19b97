//! How far a call has come, apart from what it borrows.

use core::mem::ManuallyDrop;

use trunnion_core::Instant;

use super::Retry;
use super::call::RetryCall;
use super::policy::RetryPolicy;
use crate::Expense;

/// Holds the state of a call that borrows nothing: what owns its retry and its runtime keeps it between polls, makes a call of it
/// with [`RetryCall::resume`], and takes it back with [`RetryCall::pause`].
///
/// It ends nothing when it is dropped: a call has to be made of it for that.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    pub(super) deadline: Instant,
    /// The delay before, in nanoseconds; at the end the hint that was too long.
    pub(super) previous: u64,
    /// Nanoseconds.
    pub(super) waited: u64,
    /// The number of the attempt that is under way or about to be.
    pub(super) number: u32,
    pub(super) paid: Paid,
    pub(super) phase: Phase,
    /// The one attempt that was not counted has been made.
    pub(super) resent: bool,
}

impl Course {
    /// Before the first attempt.
    #[inline]
    pub(super) const fn new() -> Self {
        Self {
            deadline: Instant::FAR_FUTURE,
            previous: 0,
            waited: 0,
            number: 1,
            paid: Paid::Nothing,
            phase: Phase::New,
            resent: false,
        }
    }

    /// Counts the attempts that began: one that is paid ahead has not.
    pub(super) const fn made(&self) -> u32 {
        match self.paid {
            Paid::Ahead(_) => self.number.saturating_sub(1),
            Paid::Nothing | Paid::Spent => self.number,
        }
    }

    /// Notes that what was paid ahead is being used.
    pub fn spend(&mut self) {
        if matches!(self.paid, Paid::Ahead(_)) {
            self.paid = Paid::Spent;
        }
    }
}

impl Default for Course {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, R, P: RetryPolicy> RetryCall<'a, R, P> {
    /// Goes on with a call that was paused.
    #[doc(hidden)]
    #[inline]
    pub const fn resume(rt: &'a R, retry: &'a Retry<P>, course: Course) -> Self {
        Self { rt, retry, course }
    }

    /// Lets go of what it borrows without ending.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn pause(self) -> Course {
        // Its drop would end the call.
        ManuallyDrop::new(self).course
    }
}

/// What the budget holds for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paid {
    Nothing,
    /// For an attempt that has not begun.
    Ahead(Expense),
    /// For the attempt that is under way.
    Spent,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    New,
    Running,
    Over(End),
}

/// Why it came to its end: a [`RetryStop`](super::stop::RetryStop) without what would make it large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Done,
    Permanent,
    Attempts,
    Deadline,
    DeadlineTooClose,
    Budget,
    HintTooLong,
    Refused,
    Cancelled,
}
