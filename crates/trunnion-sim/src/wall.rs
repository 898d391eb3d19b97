//! The time on the wall, which people and other machines set.

use core::time::Duration;
use std::time::SystemTime;

use trunnion_core::{Clock, Instant};

use crate::runtime::SimRuntime;
use crate::trace::Event;

/// The first second of the year 2000, when each simulator begins.
pub(crate) const START: Duration = Duration::from_secs(946_684_800);

impl SimRuntime {
    /// Reads the clock on the wall: midnight of the first of January 2000 (UTC) at the origin, moving with the monotonic clock, until somebody sets it.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use trunnion_core::{Clock, Timer};
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let (wall, start) = (rt.wall(), rt.now());
    ///     rt.sleep(Duration::from_secs(60)).await;
    ///     assert_eq!(rt.wall(), wall + Duration::from_secs(60));
    ///     rt.jump_wall(SystemTime::UNIX_EPOCH);
    ///     assert_eq!(rt.wall(), SystemTime::UNIX_EPOCH);
    ///     assert_eq!(rt.now() - start, Duration::from_secs(60), "the monotonic clock does not care");
    /// });
    /// ```
    #[must_use]
    pub fn wall(&self) -> SystemTime {
        let (at, since) = self.shared.state.lock().wall;
        at.checked_add(self.now() - since).unwrap_or(at)
    }

    /// Sets the clock on the wall, forward or back, as a time server or a person does; timers do not notice.
    pub fn jump_wall(&self, to: SystemTime) {
        let now = self.now();
        let mut state = self.shared.state.lock();
        state.wall = (to, now);
        state.trace.add(Event::Wall);
    }
}

/// What the wall shows at first, and since when.
pub(crate) fn start() -> (SystemTime, Instant) {
    (SystemTime::UNIX_EPOCH + START, Instant::ORIGIN)
}
