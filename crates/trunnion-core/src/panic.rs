//! Keeping a panic where it happened.
//!
//! Futures, wakers, callbacks and destructors belong to somebody else. Whatever runs them for others does so through
//! [`catch`], so that one panic neither kills a worker nor skips the next destructor.

use core::any::Any;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::PanicPayload;

/// Runs `f` and keeps its panic as a value.
///
/// # Errors
/// The payload, if `f` panicked.
pub fn catch<T>(f: impl FnOnce() -> T) -> Result<T, PanicPayload> {
    catch_unwind(AssertUnwindSafe(f)).map_err(PanicPayload::new)
}

/// Runs `f`; its panic has been told to the process's hook, and goes no further.
pub fn contain(f: impl FnOnce()) {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else {
        return;
    };
    drop_payload(payload);
}

/// A payload's destructor may panic as well, with a payload whose destructor ...: the second one is given up.
fn drop_payload(payload: Box<dyn Any + Send>) {
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    #[expect(clippy::mem_forget, reason = "dropping it could panic without end")]
    core::mem::forget(dropped);
}
