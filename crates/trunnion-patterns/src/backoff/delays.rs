//! The delays of one call.

use core::fmt;
use core::time::Duration;

use trunnion_core::Entropy;

use super::Backoff;

/// Gives the delays of one call one after the other, without end; made by [`Backoff::delays`].
///
/// This is where the state of a call lives: how many delays were given, and the last of them. The random numbers come from
/// the source that it borrows. When to give up is not its business, and a delay of zero is a delay.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::ThreadEntropy;
/// use trunnion_patterns::{Backoff, Jitter};
///
/// let backoff = Backoff::exponential(Duration::from_millis(100)).jitter(Jitter::None);
/// let mut delays = backoff.delays(&ThreadEntropy);
/// assert_eq!(delays.next_delay(), Duration::from_millis(100));
/// assert_eq!(delays.next_delay(), Duration::from_millis(200));
/// ```
pub struct Delays<'a, E: ?Sized> {
    backoff: Backoff,
    entropy: &'a E,
    given: u32,
    previous: Duration,
}

impl<'a, E: ?Sized> Delays<'a, E> {
    pub(super) const fn new(backoff: Backoff, entropy: &'a E) -> Self {
        Self {
            backoff,
            entropy,
            given: 0,
            previous: Duration::ZERO,
        }
    }
}

impl<E: Entropy + ?Sized> Delays<'_, E> {
    /// Gives the delay before the next retry.
    ///
    /// # Cost
    /// As for [`Backoff::delay`].
    pub fn next_delay(&mut self) -> Duration {
        self.previous = self.backoff.delay(self.given, self.previous, self.entropy);
        self.given = self.given.saturating_add(1);
        self.previous
    }
}

impl<E: ?Sized> fmt::Debug for Delays<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delays")
            .field("backoff", &self.backoff)
            .field("given", &self.given)
            .field("previous", &self.previous)
            .finish_non_exhaustive()
    }
}
