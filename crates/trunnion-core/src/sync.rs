//! The seam between the standard library and loom.
//!
//! Whatever is model-checked names its atomics, cells, locks and threads through this module. Under the private cfg
//! `trunnion_loom` they are loom's, otherwise the standard library's. `Arc` is the standard library's in both: the models
//! check the protocols built on it, and loom's cannot become a trait object that is shared.

pub use std::sync::{Arc, Weak};

#[cfg(not(trunnion_loom))]
mod real;
#[cfg(not(trunnion_loom))]
pub use real::{Condvar, Mutex, MutexGuard, UnsafeCell, atomic, thread};

#[cfg(trunnion_loom)]
mod model;
#[cfg(trunnion_loom)]
pub use model::{Condvar, Mutex, MutexGuard, UnsafeCell, atomic, thread};

mod mutant;
#[doc(hidden)]
pub use mutant::mutant;
