//! What an attempt knows of its call.

use core::time::Duration;

use trunnion_core::{Clock, Instant};

/// Tells an attempt which one it is and how long it has; a call of [`Retry`](crate::Retry) gives one to each.
///
/// A retry inside an attempt takes its deadline from it, with [`within`](crate::RetryRun::within).
///
/// ```
/// use std::time::Duration;
/// use trunnion_patterns::{Backoff, Retry};
///
/// trunnion_sim::run(|rt| async move {
///     let mirrors = ["a", "b", "c"];
///     let retry = Retry::new(Backoff::fixed(Duration::ZERO));
///     let answer = retry.run(&rt, |attempt| async move {
///         // Another mirror each time, and the last one has to do.
///         let mirror = mirrors[attempt.number() as usize - 1];
///         if attempt.is_last() { Ok(mirror) } else { Err("down") }
///     });
///     assert_eq!(answer.await, Ok("c"));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub(super) number: u32,
    pub(super) most: u32,
    pub(super) deadline: Instant,
    pub(super) timeout: Option<Duration>,
}

impl Attempt {
    /// Gives its number, 1 for the first.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Tells whether no other comes after it.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.number >= self.most
    }

    /// Tells when the whole call is to be over.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        (self.deadline < Instant::FAR_FUTURE).then_some(self.deadline)
    }

    /// Tells how long one attempt may take.
    #[must_use]
    pub const fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Tells when this attempt is to be over if it begins now: to pass on, in a request's header say.
    ///
    /// # Cost
    /// One clock read, if one attempt is limited.
    pub fn ends_at<C: Clock + ?Sized>(&self, clock: &C) -> Option<Instant> {
        let at = self.end(clock);
        (at < Instant::FAR_FUTURE).then_some(at)
    }

    pub(super) fn end<C: Clock + ?Sized>(&self, clock: &C) -> Instant {
        match self.timeout {
            Some(timeout) => self.deadline.min(clock.now() + timeout),
            None => self.deadline,
        }
    }
}
