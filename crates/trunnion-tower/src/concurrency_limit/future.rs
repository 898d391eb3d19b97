//! The response of a service with a limit.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use trunnion_patterns::{Failure, OwnedPermit};

pin_project! {
    /// Waits for a response and holds its permit; made by [`ConcurrencyLimitService`](super::ConcurrencyLimitService).
    ///
    /// The response is gone before the permit is given back, and both before the result is given.
    ///
    /// # Panics
    /// When it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops the response and gives the permit back.
    #[must_use = "futures do nothing unless awaited"]
    pub struct ConcurrencyLimitFuture<F> {
        // Empty once it has given its result. It is dropped before the permit.
        #[pin]
        response: Option<F>,
        permit: Option<OwnedPermit>,
    }
}

impl<F> ConcurrencyLimitFuture<F> {
    #[inline]
    pub(super) const fn new(permit: OwnedPermit, response: F) -> Self {
        Self {
            response: Some(response),
            permit: Some(permit),
        }
    }
}

impl<F, T, E> Future for ConcurrencyLimitFuture<F>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, Failure<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let response = this.response.as_mut().as_pin_mut();
        let response = response.expect("the response was polled after it gave its result");
        let result = ready!(response.poll(cx));
        this.response.set(None);
        *this.permit = None;
        Poll::Ready(result.map_err(Failure::Op))
    }
}

impl<F> fmt::Debug for ConcurrencyLimitFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyLimitFuture")
            .field("permit", &self.permit)
            .finish_non_exhaustive()
    }
}
