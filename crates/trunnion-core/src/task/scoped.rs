//! Being inside a runtime's context: for a call, and for each poll of a future.
#![expect(
    unsafe_code,
    reason = "one of the files that ARCHITECTURE.md allows it in"
)]

use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{self, Poll, ready};

use crate::context::Context;
use crate::panic::{catch, contain};

std::thread_local! {
    /// The innermost call of [`enter`] that this thread is inside of.
    static INNERMOST: Cell<Option<NonNull<Frame>>> = const { Cell::new(None) };
}

/// Lies on the stack of a call of [`enter`], and is reached through `INNERMOST` while that call runs.
struct Frame {
    context: NonNull<Context>,
    outer: Option<NonNull<Frame>>,
}

/// Makes a frame the innermost.
fn set_innermost(frame: Option<NonNull<Frame>>) {
    // On platforms where the thread's locals are destroyed first, it is inside of nothing from then on.
    let _gone = INNERMOST.try_with(|innermost| innermost.set(frame));
}

fn innermost() -> Option<NonNull<Frame>> {
    INNERMOST.try_with(Cell::get).ok().flatten()
}

/// Runs `f` inside `context`; see [`Context::enter`].
pub(crate) fn enter<R>(context: &Context, f: impl FnOnce() -> R) -> R {
    struct Leave(Option<NonNull<Frame>>);
    impl Drop for Leave {
        fn drop(&mut self) {
            set_innermost(self.0);
        }
    }
    let outer = innermost();
    let frame = Frame {
        context: NonNull::from(context),
        outer,
    };
    // Dropped before the frame, also when `f` panics.
    let _leave = Leave(outer);
    set_innermost(Some(NonNull::from(&frame)));
    f()
}

/// Asks the contexts of this thread, the innermost first, until one has an answer.
pub(crate) fn ask<T>(mut answer: impl FnMut(&Context) -> Option<T>) -> Option<T> {
    let mut next = innermost();
    while let Some(frame) = next {
        // SAFETY: what `INNERMOST` leads to are frames of calls of `enter` that this thread has not left, nor can it before
        // this function returns; `answer` may enter contexts, and has left them when it returns.
        let frame = unsafe { frame.as_ref() };
        // SAFETY: the call of `enter` borrows the context.
        if let Some(found) = answer(unsafe { frame.context.as_ref() }) {
            return Some(found);
        }
        next = frame.outer;
    }
    None
}

/// Polls and drops a future inside a [`Context`], so that `AnyRuntime::current()` works in it.
///
/// The future is dropped as soon as it is ready, before its value is given, so that the context is entered once for both.
///
/// # Panics
/// When it is polled again after it was ready. A panic of the future's destructor comes out of the poll that was ready, and
/// the value is dropped.
///
/// # Cancel safety
/// That of the future inside.
///
/// # Cost
/// Two writes of a thread-local pointer a poll; no reference is counted and nothing allocated.
#[must_use = "futures do nothing unless awaited"]
pub struct Scoped<F> {
    context: Context,
    // Pinned whenever `Scoped` is; empty once it has been ready.
    future: Option<F>,
}

impl<F> Scoped<F> {
    /// Puts `future` into `context`.
    pub const fn new(context: Context, future: F) -> Self {
        Self {
            context,
            future: Some(future),
        }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is not moved out of the reference; `context` is never pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: `future` is pinned because `self` is, and `Scoped` offers no way to move it.
        let future = unsafe { Pin::new_unchecked(&mut this.future) };
        this.context.enter(|| poll_to_end(future, cx))
    }
}

/// Polls the future and, when it is ready, drops it in place.
fn poll_to_end<F: Future>(
    mut slot: Pin<&mut Option<F>>,
    cx: &mut task::Context<'_>,
) -> Poll<F::Output> {
    let future = slot.as_mut().as_pin_mut();
    let future = future.expect("the future was polled after it gave its result");
    let value = ready!(future.poll(cx));
    // The slot is empty afterwards, also when the destructor panics.
    match catch(|| slot.set(None)) {
        Ok(()) => Poll::Ready(value),
        Err(payload) => {
            contain(|| drop(value));
            payload.resume()
        }
    }
}

impl<F> Drop for Scoped<F> {
    fn drop(&mut self) {
        let Self { context, future } = self;
        if future.is_some() {
            // Assigned in place: it may be pinned.
            context.enter(|| *future = None);
        }
    }
}

impl<F> fmt::Debug for Scoped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
