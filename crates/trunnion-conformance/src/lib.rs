//! Checks that a runtime adapter keeps the promises of `trunnion-core`.
//!
//! [`suite!`] turns one adapter into about 185 named tests. Each name begins with the id of its case, such as
//! `s08_abort_by_reference_then_await_is_cancelled`; the letter is the group:
//!
//! | group | checks | run for |
//! |---|---|---|
//! | K | types: what is `Send`, what a library can write | every adapter |
//! | C, T | clock and timer | every adapter |
//! | S, P | tasks and panics | every adapter |
//! | E, W | entry from synchronous code, wakers | every adapter |
//! | B | blocking closures | `blocking`; B8 also takes `shutdown` |
//! | L | tasks of one thread | `local` |
//! | X | the end of the runtime | `shutdown` |
//! | D | detection | `detection` |
//! | V | virtual time | `virtual_time` |
//! | A | the same behaviour behind `AnyRuntime` | `erased` |
//!
//! # Checking an adapter
//!
//! Implement [`Adapter`] for a type of your own and name it in an integration test. Every capability is either listed under
//! `has` or, with a reason, under `lacks`; a case of a missing capability is shown as ignored, with the reason. A capability
//! that is implemented but listed as missing fails.
//!
//! ```
//! use std::num::NonZeroUsize;
//! use trunnion_conformance::{Adapter, suite};
//! use trunnion_smol::{SmolExecutor, SmolOwned};
//!
//! struct OneThread;
//!
//! impl Adapter for OneThread {
//!     type Owner = SmolOwned;
//!     type Runtime = SmolExecutor;
//!
//!     fn start() -> SmolOwned {
//!         SmolOwned::with_workers(NonZeroUsize::MIN).expect("the thread starts")
//!     }
//!
//!     fn runtime(owner: &SmolOwned) -> SmolExecutor {
//!         owner.handle()
//!     }
//! }
//!
//! suite! {
//!     mod one_thread for OneThread;
//!     has: [blocking, ends, shutdown, detection, erased];
//!     lacks: {
//!         local: "its tasks move between threads",
//!         timer_off: "its timer is always there",
//!         virtual_time: "it runs in real time",
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! Every case runs on a thread of its own under a watchdog: a hang is a failure. Cases that read the whole process run in a
//! child process of their own.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod adapter;
#[doc(hidden)]
pub mod ask;
mod suite;
mod watch;

#[doc(hidden)]
pub mod cases;
pub mod foreign;
pub mod limit;
pub mod probe;

pub use adapter::{Adapter, Erased, LocalAdapter, TimerOff, VirtualAdapter};
#[doc(hidden)]
pub use watch::{alone, same_in_two_processes, watched};

#[doc(hidden)]
pub use trunnion_core;
