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

/// Keeps the first of several panics.
///
/// The payloads of the others are dropped, each in a catch of its own; the process's hook has been told of them.
///
/// ```
/// use trunnion_core::panic::{FirstPanic, catch};
///
/// let mut first = FirstPanic::new();
/// for text in ["one", "two"] {
///     first.keep(catch(|| panic!("{text}")));
/// }
/// assert_eq!(first.into_result().unwrap_err().message(), Some("one"));
/// ```
#[derive(Debug, Default)]
pub struct FirstPanic(Option<PanicPayload>);

impl FirstPanic {
    /// Begins without a panic.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Keeps the panic in `result`, if there is one; true if that is the first.
    pub fn keep(&mut self, result: Result<(), PanicPayload>) -> bool {
        match (result, &self.0) {
            (Ok(()), _) => false,
            (Err(panic), None) => {
                self.0 = Some(panic);
                true
            }
            (Err(panic), Some(_)) => {
                contain(|| drop(panic));
                false
            }
        }
    }

    /// Tells whether there was none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Gives the first panic as an error.
    ///
    /// # Errors
    /// The payload of the first panic.
    pub fn into_result(self) -> Result<(), PanicPayload> {
        self.0.map_or(Ok(()), Err)
    }

    /// Goes on with the first panic; does nothing if there was none.
    ///
    /// # Panics
    /// With the first panic.
    pub fn resume(self) {
        if let Some(panic) = self.0 {
            panic.resume();
        }
    }
}

/// A payload's destructor may panic as well, with a payload whose destructor ...: the second one is given up.
fn drop_payload(payload: Box<dyn Any + Send>) {
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    #[expect(clippy::mem_forget, reason = "dropping it could panic without end")]
    core::mem::forget(dropped);
}
