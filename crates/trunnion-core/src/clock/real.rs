//! The operating system's monotonic clock, with one origin for the whole process.

use core::panic::Location;
use core::time::Duration;
use std::sync::OnceLock;

use super::Clock;
use crate::{Instant, simulation};

/// Reads the operating system's monotonic clock; the origin lies a minute before the process's first use of it.
///
/// The minute is for instants that were read by others shortly before, such as the start of a runtime whose clock is
/// paused: they must not all fall together on the origin.
///
/// # Cost
/// One clock read; no allocation.
///
/// ```
/// use trunnion_core::{Clock, RealClock};
///
/// let now = RealClock.now();
/// let std = RealClock.to_std(now).expect("now fits");
/// assert_eq!(RealClock.from_std(std), now);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RealClock;

impl Clock for RealClock {
    #[track_caller]
    fn now(&self) -> Instant {
        simulation::tell_real_clock(Location::caller());
        from_std(read())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that the others are read through"
)]
fn read() -> std::time::Instant {
    std::time::Instant::now()
}

fn origin() -> std::time::Instant {
    static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();
    *ORIGIN.get_or_init(|| {
        let first = read();
        first.checked_sub(Duration::from_secs(60)).unwrap_or(first)
    })
}

pub(super) fn to_std(at: Instant) -> Option<std::time::Instant> {
    origin().checked_add(Duration::from_nanos(at.as_nanos()))
}

pub(super) fn from_std(at: std::time::Instant) -> Instant {
    // The origin is fixed first: an instant read before it would otherwise count as later than the origin.
    Instant::ORIGIN + at.saturating_duration_since(origin())
}
