//! A call that somebody may stop.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use trunnion_core::{CancelReason, Cancellation};

use super::reported::Reported;
use super::watch::{Drive, Tally, Watch};

pin_project! {
    /// Runs a call until it ends or is cancelled; made by [`RetryRun::until_cancelled`](crate::RetryRun::until_cancelled) and
    /// [`RetryCheck::until_cancelled`](crate::RetryCheck::until_cancelled).
    ///
    /// # Panics
    /// When it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// That of the call.
    ///
    /// # Cost
    /// Room for an error, and a waiter of the token from the first time that something is waited for.
    #[must_use = "futures do nothing unless awaited"]
    pub struct UntilCancelled<'t, C, D, E>
    where
        C: Cancellation,
    {
        token: &'t C,
        #[pin]
        call: D,
        // Made when the call is pending for the first time.
        #[pin]
        cancelled: Option<C::Cancelled>,
        // Of the attempt before, while another is under way.
        last: Option<E>,
    }
}

impl<'t, C: Cancellation, D, E> UntilCancelled<'t, C, D, E> {
    pub(super) const fn new(token: &'t C, call: D) -> Self {
        Self {
            token,
            call,
            cancelled: None,
            last: None,
        }
    }

    /// Gives a [report](crate::RetryReport) in place of the bare result.
    ///
    /// # Cancel safety
    /// That of the call.
    pub const fn report(self) -> Reported<Self, E>
    where
        D: Drive<Error = E>,
    {
        Reported::new(self)
    }
}

/// Says what the token says, keeps the last error, and hands the ones before over to who looks on too.
struct Under<'t, 'w, C, E, W> {
    token: &'t C,
    last: &'w mut Option<E>,
    outer: &'w mut W,
}

impl<C: Cancellation, E, W: Watch<E>> Watch<E> for Under<'_, '_, C, E, W> {
    fn cancelled(&self) -> Option<CancelReason> {
        // Asked first: it costs less, and mostly the answer is no.
        if !self.token.is_cancelled() {
            return None;
        }
        self.token.reason()
    }

    fn discarded(&mut self, error: E) {
        if let Some(before) = self.last.replace(error) {
            self.outer.discarded(before);
        }
    }

    fn last(&mut self) -> Option<E> {
        self.last.take()
    }
}

/// Waits for the cancellation, from the first call on.
fn poll_cancelled<C: Cancellation>(
    token: &C,
    mut cancelled: Pin<&mut Option<C::Cancelled>>,
    cx: &mut Context<'_>,
) -> Poll<CancelReason> {
    if cancelled.is_none() {
        cancelled.set(Some(token.cancelled_owned()));
    }
    let Some(cancelled) = cancelled.as_pin_mut() else {
        unreachable!("the waiter was made above")
    };
    cancelled.poll(cx)
}

impl<C: Cancellation, E, D: Drive<Error = E>> Drive for UntilCancelled<'_, C, D, E> {
    type Error = E;
    type Output = D::Output;

    fn drive<W: Watch<E>>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        watch: &mut W,
    ) -> Poll<D::Output> {
        let mut this = self.project();
        let mut under = Under {
            token: *this.token,
            last: this.last,
            outer: watch,
        };
        // Polled first: what is ready in the instant of the cancellation is not lost.
        let output = match this.call.as_mut().drive(cx, &mut under) {
            Poll::Ready(output) => output,
            Poll::Pending => {
                let reason = ready!(poll_cancelled(*this.token, this.cancelled, cx));
                this.call.cancel(reason, &mut under)
            }
        };
        // It is not the result's.
        if let Some(error) = under.last() {
            under.outer.discarded(error);
        }
        Poll::Ready(output)
    }

    fn cancel<W: Watch<E>>(self: Pin<&mut Self>, reason: CancelReason, watch: &mut W) -> D::Output {
        self.project().call.cancel(reason, watch)
    }

    fn tally(&self) -> Tally {
        self.call.tally()
    }
}

impl<C: Cancellation, E, D: Drive<Error = E>> Future for UntilCancelled<'_, C, D, E> {
    type Output = D::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<D::Output> {
        self.drive(cx, &mut ())
    }
}

impl<C: Cancellation, D: fmt::Debug, E> fmt::Debug for UntilCancelled<'_, C, D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntilCancelled")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
