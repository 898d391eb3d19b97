//! What it is to be asked to stop.

use core::future::Future;

mod reason;

#[cfg(feature = "std")]
pub(crate) use reason::Cause;
pub use reason::{CancelKind, CancelReason};

/// Tells work that nobody needs it any more.
///
/// Patterns take any `C: Cancellation`, so that a program can pass the token it already has. Cancellation is a state and not an
/// event: once it holds it holds for ever, with the reason that came first.
///
/// ```
/// use trunnion_core::{Cancellation, CancelReason, CancelToken};
///
/// /// Waits for the end, whoever says it.
/// async fn until_cancelled<C: Cancellation>(token: &C) -> CancelReason {
///     token.cancelled_owned().await
/// }
///
/// let token = CancelToken::new();
/// token.cancel();
/// # use std::{future::Future, pin::pin, task::{Context, Waker}};
/// # assert!(pin!(until_cancelled(&token)).poll(&mut Context::from_waker(Waker::noop())).is_ready());
/// ```
pub trait Cancellation {
    /// The future that ends when this is cancelled; it owns what it needs, so that it can be kept and spawned.
    type Cancelled: Future<Output = CancelReason>;

    /// Tells whether this is cancelled.
    fn is_cancelled(&self) -> bool;

    /// Says why, once this is cancelled.
    fn reason(&self) -> Option<CancelReason>;

    /// Waits until this is cancelled.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing; a cancellation is not lost, for it is a state.
    fn cancelled_owned(&self) -> Self::Cancelled;
}
