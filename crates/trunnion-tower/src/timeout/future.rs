//! The response of a service with a timeout.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use pin_project_lite::pin_project;
use trunnion_core::{Instant, Timer};
use trunnion_patterns::Failure;
use trunnion_patterns::owned::Limit;

pin_project! {
    /// Waits for a response or for its time to be over; made by [`TimeoutService`](super::TimeoutService).
    ///
    /// The response is polled before the clock is looked at, and dropped before the failure is given.
    ///
    /// # Panics
    /// When it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops the response and the timer; nothing else happens.
    #[must_use = "futures do nothing unless awaited"]
    pub struct TimeoutFuture<R, F>
    where
        R: Timer,
    {
        rt: R,
        limit: Limit,
        // Empty once it has given its result.
        #[pin]
        response: Option<F>,
        // Made when the response is pending for the first time.
        #[pin]
        sleep: Option<R::Sleep>,
    }
}

impl<R: Timer, F> TimeoutFuture<R, F> {
    #[inline]
    pub(super) fn new(rt: R, after: Duration, response: F) -> Self {
        Self {
            rt,
            limit: Limit::new(Some(after), Instant::FAR_FUTURE),
            response: Some(response),
            sleep: None,
        }
    }
}

impl<R, F, T, E> Future for TimeoutFuture<R, F>
where
    R: Timer,
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, Failure<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let response = this.response.as_mut().as_pin_mut();
        let response = response.expect("the response was polled after it gave its result");
        let result = match response.poll(cx) {
            Poll::Ready(result) => result.map_err(Failure::Op),
            Poll::Pending => {
                let elapsed = this.limit.poll(&*this.rt, this.sleep.as_mut(), cx);
                Err(Failure::Elapsed(ready!(elapsed)))
            }
        };
        // What is ready at once has none, and looking costs less than the assignment.
        if this.sleep.is_some() {
            this.sleep.set(None);
        }
        this.response.set(None);
        Poll::Ready(result)
    }
}

impl<R: Timer, F> fmt::Debug for TimeoutFuture<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutFuture")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
