//! A call that somebody may stop.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use trunnion_core::{CancelReason, Cancellation};

use super::judge::Outcome;
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
    #[must_use = "futures do nothing unless awaited"]
    pub struct UntilCancelled<'t, C, D>
    where
        C: Cancellation,
    {
        token: &'t C,
        #[pin]
        call: D,
        // Made when the call is pending for the first time.
        #[pin]
        cancelled: Option<C::Cancelled>,
    }
}

impl<'t, C: Cancellation, D> UntilCancelled<'t, C, D> {
    pub(super) const fn new(token: &'t C, call: D) -> Self {
        Self {
            token,
            call,
            cancelled: None,
        }
    }

    /// Gives a [report](crate::RetryReport) in place of the bare result.
    ///
    /// # Cancel safety
    /// That of the call.
    pub const fn report<T, E>(self) -> Reported<Self, E>
    where
        D: Drive<Result = Result<T, E>>,
    {
        Reported::new(self)
    }
}

/// Says what the token says, and hands over to who looks on too.
struct Under<'t, 'w, C, W> {
    token: &'t C,
    outer: &'w mut W,
}

impl<Res, C: Cancellation, W: Watch<Res>> Watch<Res> for Under<'_, '_, C, W> {
    fn cancelled(&self) -> Option<CancelReason> {
        // Asked first: it costs less, and mostly the answer is no.
        if !self.token.is_cancelled() {
            return None;
        }
        self.token.reason()
    }

    fn discarded(&mut self, outcome: Outcome<Res>) {
        self.outer.discarded(outcome);
    }
}

impl<C: Cancellation, D: Drive> Drive for UntilCancelled<'_, C, D> {
    type Result = D::Result;
    type Output = D::Output;

    fn drive<W: Watch<D::Result>>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        watch: &mut W,
    ) -> Poll<D::Output> {
        let mut this = self.project();
        let mut under = Under {
            token: *this.token,
            outer: watch,
        };
        // Polled first: what is ready in the instant of the cancellation is not lost.
        if let Poll::Ready(output) = this.call.as_mut().drive(cx, &mut under) {
            return Poll::Ready(output);
        }
        if this.cancelled.is_none() {
            this.cancelled.set(Some(this.token.cancelled_owned()));
        }
        let Some(cancelled) = this.cancelled.as_mut().as_pin_mut() else {
            unreachable!("the waiter was made above")
        };
        let reason = ready!(cancelled.poll(cx));
        Poll::Ready(this.call.cancel(reason))
    }

    fn cancel(self: Pin<&mut Self>, reason: CancelReason) -> D::Output {
        self.project().call.cancel(reason)
    }

    fn tally(&self) -> Tally {
        self.call.tally()
    }
}

impl<C: Cancellation, D: Drive> Future for UntilCancelled<'_, C, D> {
    type Output = D::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<D::Output> {
        self.drive(cx, &mut ())
    }
}

impl<C: Cancellation, D: fmt::Debug> fmt::Debug for UntilCancelled<'_, C, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntilCancelled")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
