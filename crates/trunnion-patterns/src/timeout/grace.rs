//! Asking before dropping.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use pin_project_lite::pin_project;
use trunnion_core::{CancelKind, CancelToken, Sleep, Timer};

use super::Timeout;
use crate::Elapsed;

pin_project! {
    /// Waits for a future, asks it to stop when its time is over, and drops it when its grace is; made by [`Timeout::grace`].
    ///
    /// # Panics
    /// When it is polled again after it was ready, and as [`CancelToken::cancel`] when the time is over.
    ///
    /// # Cancel safety
    /// Dropping it drops the future and the timer, and cancels nothing.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Graceful<'a, R, F>
    where
        R: Timer,
    {
        #[pin]
        timeout: Timeout<'a, R, F>,
        grace: Duration,
        token: &'a CancelToken,
        // What is said if nothing comes within the grace.
        asked: Option<Elapsed>,
    }
}

impl<'a, R: Timer, F> Graceful<'a, R, F> {
    pub(super) const fn new(
        timeout: Timeout<'a, R, F>,
        grace: Duration,
        token: &'a CancelToken,
    ) -> Self {
        Self {
            timeout,
            grace,
            token,
            asked: None,
        }
    }

    /// Moves the timer to the end of the grace, which counts from the deadline, then asks.
    fn ask(self: Pin<&mut Self>, elapsed: Elapsed) {
        let this = self.project();
        *this.asked = Some(elapsed);
        this.timeout.extend(elapsed, *this.grace);
        // The last step, for it runs what others registered.
        this.token.cancel_with(CancelKind::Deadline);
    }
}

impl<R: Timer, F> Timeout<'_, R, F> {
    fn extend(self: Pin<&mut Self>, elapsed: Elapsed, grace: Duration) {
        let mut this = self.project();
        // Where nothing was allowed no clock was read so far.
        let deadline = elapsed.deadline.unwrap_or_else(|| this.timer.now());
        let end = deadline + grace;
        match this.sleep.as_mut().as_pin_mut() {
            Some(sleep) => sleep.reset(end),
            None => this.sleep.set(Some(this.timer.sleep_until(end))),
        }
    }
}

impl<R: Timer, F: Future> Future for Graceful<'_, R, F> {
    type Output = Result<F::Output, Elapsed>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut timeout = self.as_mut().project().timeout;
            let future = timeout.as_mut().project().future.as_pin_mut();
            let future = future.expect("the timeout was polled after it gave its result");
            if let Poll::Ready(value) = future.poll(cx) {
                timeout.clear();
                return Poll::Ready(Ok(value));
            }
            let elapsed = ready!(timeout.as_mut().poll_elapsed(cx));
            if let Some(asked) = self.asked {
                self.project().timeout.clear();
                return Poll::Ready(Err(asked));
            }
            // Polled again at once: it may have ended because it was asked.
            self.as_mut().ask(elapsed);
        }
    }
}

impl<R: Timer, F> fmt::Debug for Graceful<'_, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deadline = self.timeout.sleep.as_ref().map(Sleep::deadline);
        f.debug_struct("Graceful")
            .field("timeout", &self.timeout)
            .field("grace", &self.grace)
            .field("deadline", &deadline)
            .finish_non_exhaustive()
    }
}
