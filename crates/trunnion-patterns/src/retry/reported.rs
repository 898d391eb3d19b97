//! A call with a report.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::stop::RetryReport;
use super::watch::{Drive, Watch};
use crate::Failure;

pin_project! {
    /// Runs a call and reports; made by [`RetryRun::report`](crate::RetryRun::report).
    ///
    /// # Panics
    /// When it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// That of the call.
    ///
    /// # Cost
    /// Room for an error. No allocation.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Reported<D, E> {
        #[pin]
        call: D,
        first: First<E>,
    }
}

/// Keeps the first error.
struct First<E>(Option<E>);

impl<D, E> Reported<D, E> {
    pub(super) const fn new(call: D) -> Self {
        let first = First(None);
        Self { call, first }
    }
}

impl<E> Watch<E> for First<E> {
    fn discarded(&mut self, error: E) {
        self.0.get_or_insert(error);
    }
}

impl<T, E, D> Future for Reported<D, E>
where
    D: Drive<Error = E, Output = Result<T, Failure<E>>>,
{
    type Output = RetryReport<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<RetryReport<T, E>> {
        let mut this = self.project();
        let result = ready!(this.call.as_mut().drive(cx, this.first));
        let tally = this.call.tally();
        Poll::Ready(RetryReport {
            result,
            attempts: tally.attempts,
            waited: tally.waited,
            stop: tally.stop,
            first_error: this.first.0.take(),
        })
    }
}

impl<D: fmt::Debug, E> fmt::Debug for Reported<D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reported")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
