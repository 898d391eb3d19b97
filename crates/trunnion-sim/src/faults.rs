//! What may go wrong in a run although the program asked for nothing wrong.

use core::time::Duration;

/// Says which faults a simulator puts into a run; none unless told.
///
/// Everything here may happen on a real runtime, so that a correct program bears it. Each is a choice like those of the order: random schedules make
/// one in sixteen, a search tries both ways, first come, first served and its reverse make none but [`fresh_wakers`](Self::fresh_wakers), and a failure is
/// shortened to the faults that it needs.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{Clock, Timer};
/// use trunnion_sim::{Explore, Faults, Schedule};
///
/// let late = Faults::new().late_timers(Duration::from_millis(5));
/// let report = Explore::new(Schedule::Random).faults(late).run(|rt| async move {
///     let start = rt.now();
///     rt.sleep(Duration::from_secs(1)).await;
///     assert_eq!(rt.now() - start, Duration::from_secs(1), "timers are exact");
/// });
/// assert_eq!(report.failures().len(), 1, "no runtime promises that");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a set of what may happen, not a state"
)]
#[must_use = "faults are put into a run with `Sim::faults` or `Explore::faults`"]
pub struct Faults {
    pub(crate) fresh_wakers: bool,
    pub(crate) spurious_wakes: bool,
    pub(crate) refused_spawns: bool,
    pub(crate) failing_jobs: bool,
    pub(crate) late_timers: Duration,
    pub(crate) clock_jitter: Duration,
    pub(crate) slow_jobs: Duration,
    pub(crate) most: u32,
}

impl Faults {
    /// Makes the set without faults.
    pub const fn new() -> Self {
        Self {
            fresh_wakers: false,
            spurious_wakes: false,
            refused_spawns: false,
            failing_jobs: false,
            late_timers: Duration::ZERO,
            clock_jitter: Duration::ZERO,
            slow_jobs: Duration::ZERO,
            most: 3,
        }
    }

    /// Gives each poll a waker of its own, for which `will_wake` is false and which does nothing once the next poll has begun; no choice.
    ///
    /// That is all that the contract of `Future::poll` promises of a waker: who keeps an older one waits without end.
    pub const fn fresh_wakers(mut self) -> Self {
        self.fresh_wakers = true;
        self
    }

    /// Lets a task be polled although nobody woke it, or once more than it was woken: at the instant at which it began to wait, and at each to which time jumps.
    pub const fn spurious_wakes(mut self) -> Self {
        self.spurious_wakes = true;
        self
    }

    /// Lets a spawn be refused, as a runtime that ends does: its handle gives [`JoinError::Shutdown`](trunnion_core::JoinError::Shutdown).
    pub const fn refused_spawns(mut self) -> Self {
        self.refused_spawns = true;
        self
    }

    /// Lets a blocking closure be dropped without being called; its handle gives [`JoinError::Shutdown`](trunnion_core::JoinError::Shutdown).
    pub const fn failing_jobs(mut self) -> Self {
        self.failing_jobs = true;
        self
    }

    /// Lets a timer fire late, by a quarter, a half, three quarters or all of `most`.
    pub const fn late_timers(mut self, most: Duration) -> Self {
        self.late_timers = most;
        self
    }

    /// Lets the clock move on by up to `most` before a step, as if the step before had taken so long.
    pub const fn clock_jitter(mut self, most: Duration) -> Self {
        self.clock_jitter = most;
        self
    }

    /// Lets a blocking closure take up to `most`: others run meanwhile, time passes, and what it does comes at its end.
    pub const fn slow_jobs(mut self, most: Duration) -> Self {
        self.slow_jobs = most;
        self
    }

    /// Limits how many faults there are in a run: 3 unless told. It keeps a search finite.
    pub const fn at_most(mut self, faults: u32) -> Self {
        self.most = faults;
        self
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self::new()
    }
}
