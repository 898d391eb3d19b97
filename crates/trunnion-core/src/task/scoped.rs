//! A future that runs inside a runtime's context.
#![expect(
    unsafe_code,
    reason = "one of the files that ARCHITECTURE.md allows it in"
)]

use core::fmt;
use core::future::Future;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{self, Poll};

use crate::context::Context;

/// Polls and drops a future inside a [`Context`], so that `AnyRuntime::current()` works in it.
///
/// # Cancel safety
/// That of the future inside.
///
/// # Cost
/// Two moves of a thread-local value a poll; no reference is counted.
#[must_use = "futures do nothing unless awaited"]
pub struct Scoped<F> {
    context: Context,
    // Pinned whenever `Scoped` is, and dropped exactly once, in `drop`.
    future: ManuallyDrop<F>,
}

impl<F> Scoped<F> {
    /// Puts `future` into `context`.
    pub const fn new(context: Context, future: F) -> Self {
        Self {
            context,
            future: ManuallyDrop::new(future),
        }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is not moved out of the reference; `context` is never pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: `future` is pinned because `self` is, and `Scoped` offers no way to move it.
        let future = unsafe { Pin::new_unchecked(&mut *this.future) };
        this.context.enter(|| future.poll(cx))
    }
}

impl<F> Drop for Scoped<F> {
    fn drop(&mut self) {
        let Self { context, future } = self;
        // SAFETY: this is the only place that drops it, in place, and nothing uses it afterwards.
        context.enter(|| unsafe { ManuallyDrop::drop(future) });
    }
}

impl<F> fmt::Debug for Scoped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
