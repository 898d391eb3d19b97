//! Tokens of any kind, which stop what has a token of its own.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use trunnion_core::panic::{catch, contain};
use trunnion_core::{CancelReason, CancelToken, Cancellation, PanicPayload};

/// Waits for a token of any kind, where one was given.
#[derive(Default)]
pub(crate) struct Foreign(Option<Pin<Box<dyn Future<Output = CancelReason> + Send>>>);

impl Foreign {
    pub(crate) fn new<C>(token: &C) -> Self
    where
        C: Cancellation<Cancelled: Send + 'static>,
    {
        Self(Some(Box::pin(token.cancelled_owned())))
    }

    /// Cancels `token` once the other one is cancelled, with its reason; true when it does.
    ///
    /// # Errors
    /// The panic of the foreign future, or of what the cancellation ran. It is not polled again.
    pub(crate) fn pass_on(
        &mut self,
        token: &CancelToken,
        cx: &mut Context<'_>,
    ) -> Result<bool, PanicPayload> {
        let Some(cancelled) = &mut self.0 else {
            return Ok(false);
        };
        let passed = catch(|| match cancelled.as_mut().poll(cx) {
            Poll::Pending => false,
            Poll::Ready(reason) => {
                token.cancel_with(reason);
                true
            }
        });
        if !matches!(passed, Ok(false)) {
            self.clear();
        }
        passed
    }

    fn clear(&mut self) {
        contain(|| drop(self.0.take()));
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.clear();
    }
}
