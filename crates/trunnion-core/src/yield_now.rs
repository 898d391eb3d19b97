//! Letting other tasks run.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Lets other tasks run before the caller goes on.
pub trait YieldNow {
    /// The future that ends when the caller's turn comes again.
    type Yield: Future<Output = ()>;

    /// Gives way once.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    fn yield_now(&self) -> Self::Yield;
}

/// Gives way once by waking its own task and staying pending for one poll.
///
/// That puts the task behind those that are ready, on any executor with a fair queue, at the price of one wake.
///
/// # Cancel safety
/// Dropping it changes nothing.
///
/// # Cost
/// One wake; no allocation.
///
/// ```
/// use std::future::Future;
/// use std::pin::pin;
/// use std::task::{Context, Waker};
/// use trunnion_core::YieldOnce;
///
/// let mut cx = Context::from_waker(Waker::noop());
/// let mut turn = pin!(YieldOnce::new());
/// assert!(turn.as_mut().poll(&mut cx).is_pending());
/// assert!(turn.as_mut().poll(&mut cx).is_ready());
/// ```
#[derive(Debug, Default)]
#[must_use = "futures do nothing unless awaited"]
pub struct YieldOnce {
    yielded: bool,
}

impl YieldOnce {
    /// Makes a future that is pending once.
    pub const fn new() -> Self {
        Self { yielded: false }
    }
}

impl Future for YieldOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
