//! Reading time, on the operating system's line or on a virtual one.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::fmt;

use crate::Instant;

#[cfg(feature = "std")]
mod real;
#[cfg(feature = "std")]
pub use real::RealClock;

/// Reads the time of one time line.
///
/// Clones of a runtime share one line. Two runtimes may differ: compare instants of one clock only. All real-time
/// adapters share the origin of [`RealClock`].
///
/// ```
/// use trunnion_core::{Clock, RealClock};
///
/// let first = RealClock.now();
/// assert!(RealClock.now() >= first);
/// ```
pub trait Clock {
    /// Reads the time. It never goes back.
    fn now(&self) -> Instant;

    /// Reads a time that may be cheaper to get and lag behind [`now`](Self::now), by the timer's granularity at most.
    fn now_coarse(&self) -> Instant {
        self.now()
    }

    /// Stops a virtual clock from jumping to the next deadline until the returned guard is dropped.
    ///
    /// Hold it while work that the clock cannot see is under way, such as a thread that will wake a task. A real clock is
    /// not stopped: the guard is empty.
    fn hold(&self) -> AdvanceHold {
        AdvanceHold::none()
    }

    /// Converts to the standard library's instant; `None` when that cannot hold it.
    #[cfg(feature = "std")]
    fn to_std(&self, at: Instant) -> Option<std::time::Instant> {
        real::to_std(at)
    }

    /// Converts from the standard library's instant; one before the origin becomes [`Instant::ORIGIN`].
    #[cfg(feature = "std")]
    #[expect(
        clippy::wrong_self_convention,
        reason = "converts for this clock, beside `to_std`"
    )]
    fn from_std(&self, at: std::time::Instant) -> Instant {
        real::from_std(at)
    }
}

/// Keeps a virtual clock where it is until dropped; made by [`Clock::hold`].
#[must_use = "the clock is held only while this guard lives"]
pub struct AdvanceHold {
    #[cfg(feature = "alloc")]
    release: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl AdvanceHold {
    /// Makes a guard that holds nothing: for clocks that nobody can stop.
    pub const fn none() -> Self {
        Self {
            #[cfg(feature = "alloc")]
            release: None,
        }
    }

    /// Makes a guard that calls `release` when it is dropped: for virtual clocks.
    #[cfg(feature = "alloc")]
    pub fn new(release: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self {
            release: Some(Box::new(release)),
        }
    }
}

#[cfg(feature = "alloc")]
impl Drop for AdvanceHold {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            release();
        }
    }
}

impl fmt::Debug for AdvanceHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdvanceHold").finish_non_exhaustive()
    }
}
