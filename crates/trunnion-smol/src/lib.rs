//! Runs trunnion libraries on smol: on its global executor, on executors of one's own, and on one thread.
//!
//! | value | runs on | can block on | can be shut down |
//! |---|---|---|---|
//! | [`SmolGlobal`] | smol's global executor | yes | no, it never ends |
//! | [`SmolExecutor`] | an `async_executor::Executor` that somebody else drives | no | no |
//! | [`SmolOwned`] | threads of its own; its handles are [`SmolExecutor`] | yes | yes |
//! | [`SmolLocal`] | the thread that calls `block_on` | yes | yes |
//!
//! Timers are those of `async-io`, blocking closures run on the threads of `blocking`; both start their threads when they
//! are first used. Handles are those of core's task cell: one allocation more than a native task.
//!
//! ```
//! use std::time::Duration;
//! use trunnion_core::{BlockOn, JoinError, Runtime};
//! use trunnion_smol::SmolGlobal;
//!
//! async fn answer<R: Runtime>(rt: &R) -> Result<u32, JoinError> {
//!     rt.sleep(Duration::from_millis(1)).await;
//!     rt.spawn(async { 6 * 7 }).await
//! }
//!
//! let found = SmolGlobal.block_on(answer(&SmolGlobal));
//! assert_eq!(found.expect("the task ends"), 42);
//! ```
//!
//! # Signals
//! With the feature `signal`, [`SmolGlobal`] and [`SmolExecutor`] listen for Ctrl-C and `SIGTERM`: `trunnion_core::Signals`.
//!
//! # Known limit
//! When a program drops an executor of its own, a task that another thread wakes in the same instant may be missed by
//! `async-executor`: its future is leaked and whoever awaits it hangs. The window is a few instructions wide. [`SmolOwned`]
//! and [`SmolLocal`] do not have it, as they end their tasks before the executor.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod sleep;
mod spawn;
mod task;

mod blocking;
mod owned;

mod local;

mod detect;

mod close;
mod ending;
mod executor;
mod global;
mod home;
mod jobs;
mod known;
mod registry;
mod root;
mod signal;
#[cfg(all(feature = "signal", any(unix, windows)))]
mod stop_signal;
mod tally;
mod wait;

pub use detect::register;
pub use executor::SmolExecutor;
pub use global::SmolGlobal;
pub use local::SmolLocal;
pub use owned::SmolOwned;
pub use sleep::SmolSleep;

/// What the runtimes of this crate are called, but for the local one.
const KIND: &str = "smol";
