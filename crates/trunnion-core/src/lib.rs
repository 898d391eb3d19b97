//! The traits that let one async library run on any runtime.
//!
//! A runtime is a *value*: every capability is a method on `&self` of something cheap to clone. A library asks for the
//! smallest capability it needs and never names a runtime:
//!
//! | it needs | it writes |
//! |---|---|
//! | to wait | `R: Timer` |
//! | to spawn | `R: Runtime` |
//! | to spawn futures that stay on one thread | `R: LocalRuntime` |
//! | to run blocking code | `R: SpawnBlocking` |
//! | to be told to stop | `C: Cancellation`, or a [`CancelToken`] |
//! | nobody to see a type parameter | [`AnyRuntime`] |
//!
//! A capability that a runtime lacks is an impl that does not exist, found when the program is compiled.
//!
//! # What every runtime promises
//!
//! * Dropping a task's handle cancels the task; [`TaskHandle::detach`] lets it run.
//! * [`TaskHandle::abort`] takes `&self`; [`TaskHandle::cancel`] is ready once the task's destructors have run.
//! * A panic arrives as [`JoinError::Panicked`], the end of the runtime as [`JoinError::Shutdown`].
//! * A blocking closure runs even when its handle is dropped before it started.
//! * A zero or past deadline is ready at its first poll; one in the far future stays pending.
//!
//! The crate `trunnion-conformance` checks these promises for any adapter.
//!
//! # Writing an adapter
//!
//! Implement the traits for a value. If the runtime can run a future without a result, [`task::prepare`] supplies handles
//! that keep the promises; `ARCHITECTURE.md` has the steps.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod blocking;
mod cancellation;
mod clock;
mod entropy;
mod entry;
mod handle;
mod info;
mod instant;
mod join_error;
mod runtime;
mod spawn;
mod timer;
mod yield_now;

pub use blocking::{BlockingHandle, SpawnBlocking};
pub use cancellation::{CancelKind, CancelReason, Cancellation};
pub use clock::{AdvanceHold, Clock};
pub use entropy::Entropy;
pub use entry::{BlockOn, ShutdownReport, ShutdownRuntime, WouldDeadlock};
pub use handle::{Cancel, TaskHandle, TaskId};
pub use info::{Flavor, Info, RuntimeId, RuntimeInfo};
pub use instant::Instant;
pub use join_error::{JoinError, PanicPayload};
pub use runtime::{LocalRuntime, Runtime};
pub use spawn::{Spawn, SpawnLocal, SpawnOptions};
pub use timer::{Sleep, Timer};
pub use yield_now::{YieldNow, YieldOnce};

#[cfg(feature = "std")]
mod abort;
#[cfg(feature = "std")]
mod any;
#[cfg(feature = "std")]
mod choose;
#[cfg(feature = "std")]
pub mod context;
#[cfg(feature = "std")]
#[doc(hidden)]
pub mod coop;
#[cfg(feature = "std")]
pub mod panic;
#[cfg(feature = "std")]
#[doc(hidden)]
pub mod set;
#[cfg(feature = "std")]
mod signal;
#[cfg(feature = "std")]
mod simulation;
#[cfg(feature = "std")]
#[doc(hidden)]
pub mod sync;
#[cfg(feature = "std")]
pub mod task;
#[cfg(feature = "std")]
mod token;
#[cfg(feature = "std")]
#[doc(hidden)]
pub mod wait;

#[cfg(feature = "std")]
pub use abort::{Abort, AbortHandle};
#[cfg(feature = "std")]
pub use any::{AnyLocalRuntime, AnyLocalSleep, AnyLocalYield, AnyRuntime, AnySleep, AnyYield};
#[cfg(feature = "std")]
pub use choose::choose;
#[cfg(feature = "std")]
pub use clock::RealClock;
#[cfg(feature = "std")]
pub use context::{NoRuntime, with_runtime};
#[cfg(feature = "std")]
pub use entropy::ThreadEntropy;
#[cfg(feature = "std")]
pub use signal::{Signals, StopSignal, StopSignals};
#[cfg(feature = "std")]
#[doc(hidden)]
pub use simulation::{Simulation, tell_real_clock, with_simulation};
#[cfg(feature = "std")]
pub use token::{CancelGuard, CancelToken, Cancelled, CancelledOwned, Checkpoint, Registration};
