//! A deterministic simulator: trunnion's runtime for tests.
//!
//! Time is virtual and jumps to the next deadline when nothing is runnable, so that a day of sleeps takes no time. The
//! order of steps follows from a seed and a [`Schedule`], so that a failure comes again. What can never run again is
//! reported with its name and the place that spawned it.
//!
//! ```
//! use std::time::Duration;
//! use trunnion_core::{Clock, Spawn, Timer};
//!
//! trunnion_sim::run(|rt| async move {
//!     let start = rt.now();
//!     let slow = rt.spawn({
//!         let rt = rt.clone();
//!         async move {
//!             rt.sleep(Duration::from_secs(3600)).await;
//!             "done"
//!         }
//!     });
//!     assert_eq!(slow.await.unwrap(), "done");
//!     assert_eq!(rt.now() - start, Duration::from_secs(3600));
//! });
//! ```
//!
//! * [`Sim`] owns a simulator and runs it; [`SimRuntime`] is the value that libraries get, [`SimLocal`] the one for futures
//!   that stay on their thread.
//! * [`SimRuntime::settle`], [`SimRuntime::advance`] and [`Clock::hold`](trunnion_core::Clock::hold) control time; [`SimRuntime::raise`] is Ctrl-C.
//! * [`SimRuntime::duplex`] connects two streams in memory, with latency, partial reads and faults.
//! * [`check`] runs a test under hundreds of schedules, and [`Explore`] under all of them; a [`Failure`] is a table, and a line that replays it. [`Faults`] put
//!   late timers, refused spawns and the like into the runs.
//! * [`cancel_sweep`] drops a future at every await point and checks that nothing leaked; [`panic_sweep`] does it while the thread unwinds.
//! * [`SimRuntime::trace`] tells what happened, byte for byte the same for the same seed.

mod blocking;
mod choice;
mod clock;
mod close;
mod control;
mod detect;
mod drive;
mod dump;
mod duplex;
mod explore;
mod faults;
mod hooks;
mod local;
mod owned;
#[doc(hidden)]
pub mod queue;
mod random;
mod report;
mod runtime;
mod schedule;
mod signal;
mod sleep;
mod spawn;
mod stall;
mod state;
mod sweep;
mod task;
mod timers;
mod trace;
mod wall;

use core::future::Future;

use trunnion_core::BlockOn;

pub use control::{Advance, Settle};
pub use detect::register;
pub use dump::TaskDump;
pub use duplex::{Cut, Duplex, SimStream};
pub use explore::{Explore, Failure, FailureKind, ParseReplayError, Replay, Report, check};
pub use faults::Faults;
pub use local::SimLocal;
pub use owned::{LostWakers, Sim};
pub use runtime::SimRuntime;
pub use schedule::{ParseScheduleError, Schedule};
pub use sleep::SimSleep;
pub use sweep::{Sweep, cancel_sweep, cancel_sweep_in, panic_sweep};
pub use trace::Trace;

/// Runs a test in a simulator of its own, with the schedule FIFO.
///
/// # Panics
/// As [`Sim`]'s `block_on`, and when the future panics.
///
/// ```
/// use trunnion_core::YieldNow;
///
/// assert_eq!(trunnion_sim::run(|rt| async move { rt.yield_now().await; 7 }), 7);
/// ```
#[track_caller]
pub fn run<F: Future>(test: impl FnOnce(SimRuntime) -> F) -> F::Output {
    let sim = Sim::new();
    let rt = sim.handle();
    sim.block_on(async { test(rt).await })
}
