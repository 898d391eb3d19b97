//! How many restarts there may be within a window.

use core::time::Duration;
use std::collections::VecDeque;

use trunnion_core::Instant;

/// Counts restarts within a window that ends now.
pub(super) struct Intensity {
    pub(super) restarts: u32,
    pub(super) window: Duration,
    /// When they were, the oldest first; never more than are allowed.
    recent: VecDeque<Instant>,
}

impl Intensity {
    pub(super) const fn new(restarts: u32, window: Duration) -> Self {
        Self {
            restarts,
            window,
            recent: VecDeque::new(),
        }
    }

    /// Counts one more, unless there would be too many.
    pub(super) fn admit(&mut self, now: Instant) -> bool {
        // One that is exactly a window ago still counts, as in OTP.
        let old = |at: &Instant| now - *at > self.window;
        while self.recent.front().is_some_and(old) {
            self.recent.pop_front();
        }
        let most = usize::try_from(self.restarts).unwrap_or(usize::MAX);
        let admitted = self.recent.len() < most;
        if admitted {
            self.recent.push_back(now);
        }
        admitted
    }
}
