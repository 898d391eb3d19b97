//! The cases, one module for each group; beside the cases stands the list that [`suite!`](macro@crate::suite) makes tests of.

pub mod blocking;
pub mod blocking_shutdown;
pub mod clock;
pub mod detection;
pub mod ends;
pub mod entry;
pub mod erased;
pub mod local;
pub mod panic;
pub mod shutdown;
pub mod spawn;
pub mod timer;
pub mod timer_off;
pub mod types;
pub mod virtual_time;
pub mod waker;

use core::future::Future;

use trunnion_core::BlockOn;

use crate::Adapter;

/// Starts a runtime, runs `case` as its root and drops it.
fn enter<A: Adapter, Fut: Future>(case: impl FnOnce(A::Runtime) -> Fut) -> Fut::Output {
    let owner = A::start();
    let rt = A::runtime(&owner);
    owner.block_on(case(rt))
}
