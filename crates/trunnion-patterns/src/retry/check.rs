//! The future that a loop awaits between attempts.

use core::fmt;
use core::future::Future;
use core::ops::ControlFlow;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use trunnion_core::{CancelReason, Cancellation, Entropy, Timer, coop};

use super::call::RetryCall;
use super::course::End;
use super::judge::{Next, Outcome, cancelled};
use super::observer::RetryObserver;
use super::policy::RetryPolicy;
use super::run::arm;
use super::until::UntilCancelled;
use super::verdict::Classify;
use super::watch::{Drive, Tally, Watch};
use crate::Failure;

pin_project! {
    /// Judges the result of an attempt, and waits for the next; made by [`RetryCall::check`].
    ///
    /// # Panics
    /// When it is polled again after it was ready, and when the call is over.
    ///
    /// # Cancel safety
    /// Dropping it stops the wait. An attempt that is made all the same is counted, and is what the budget paid for; without one that
    /// is given back when the call is dropped.
    #[must_use = "futures do nothing unless awaited"]
    pub struct RetryCheck<'c, 'a, R, P, Res>
    where
        R: Timer,
        P: RetryPolicy,
    {
        call: &'c mut RetryCall<'a, R, P>,
        outcome: Option<Outcome<Res>>,
        stage: Stage,
        #[pin]
        sleep: Option<R::Sleep>,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    /// Until the sleep ends, if there is one; otherwise the next attempt is made at once.
    Waiting,
    Over,
}

impl<'c, 'a, R: Timer, P: RetryPolicy, Res> RetryCheck<'c, 'a, R, P, Res> {
    pub(super) const fn new(call: &'c mut RetryCall<'a, R, P>, outcome: Outcome<Res>) -> Self {
        Self {
            call,
            outcome: Some(outcome),
            stage: Stage::New,
            sleep: None,
        }
    }
}

impl<R: Timer, P: RetryPolicy, T, E> RetryCheck<'_, '_, R, P, Result<T, E>> {
    /// Stops at once when `token` is cancelled, and breaks then; see [`RetryRun::until_cancelled`](crate::RetryRun::until_cancelled).
    ///
    /// # Errors
    /// In the break: [`Failure::Cancelled`], with the reason and the attempt's error.
    ///
    /// # Cancel safety
    /// That of the check.
    pub const fn until_cancelled<C>(self, token: &C) -> UntilCancelled<'_, C, Self, E>
    where
        C: Cancellation,
    {
        UntilCancelled::new(token, self)
    }
}

impl<R, P, T, E> RetryCheck<'_, '_, R, P, Result<T, E>>
where
    R: Timer + Entropy,
    P: RetryPolicy<Classifier: Classify<T, E>, Observer: RetryObserver<T, E>>,
{
    /// Judges the outcome; the end, if it is that.
    fn judge<W: Watch<E>>(self: Pin<&mut Self>, watch: &mut W) -> Option<Step<T, E>> {
        let this = self.project();
        let outcome = this.outcome.take()?;
        *this.stage = Stage::Over;
        assert!(
            this.call.stop().is_none(),
            "an attempt was made after the call was over"
        );
        // The attempt was made though the wait before it was cut short.
        this.call.course.spend();
        let mut reason = None;
        let cancelled = || {
            reason = watch.cancelled();
            reason.is_some()
        };
        match this.call.judge(&outcome, cancelled) {
            Next::Stop => {
                let result = this.call.give_or_cancel(outcome, reason, watch);
                return Some(ControlFlow::Break(result));
            }
            Next::Now => {}
            Next::At(at) => arm(this.call.rt, this.sleep, at),
        }
        *this.stage = Stage::Waiting;
        *this.outcome = Some(outcome);
        None
    }
}

type Step<T, E> = ControlFlow<Result<T, Failure<E>>>;

impl<R, P, T, E> Drive for RetryCheck<'_, '_, R, P, Result<T, E>>
where
    R: Timer + Entropy,
    P: RetryPolicy<Classifier: Classify<T, E>, Observer: RetryObserver<T, E>>,
{
    type Error = E;
    type Output = Step<T, E>;

    fn drive<W: Watch<E>>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        watch: &mut W,
    ) -> Poll<Step<T, E>> {
        match self.stage {
            Stage::New => {
                if let Some(end) = self.as_mut().judge(watch) {
                    return Poll::Ready(end);
                }
            }
            Stage::Waiting => {}
            Stage::Over => panic!("the check was polled after it gave its result"),
        }
        let this = self.as_mut().project();
        match this.sleep.as_pin_mut() {
            Some(sleep) => ready!(sleep.poll(cx)),
            None => ready!(coop::poll_proceed(cx)),
        }
        if let Some(reason) = watch.cancelled() {
            return Poll::Ready(self.cancel(reason, watch));
        }
        *this.stage = Stage::Over;
        *this.outcome = None;
        this.call.course.spend();
        Poll::Ready(ControlFlow::Continue(()))
    }

    fn cancel<W: Watch<E>>(
        self: Pin<&mut Self>,
        reason: CancelReason,
        watch: &mut W,
    ) -> Step<T, E> {
        let this = self.project();
        *this.stage = Stage::Over;
        this.call.end(End::Cancelled, this.outcome.as_ref());
        ControlFlow::Break(cancelled(this.outcome.take(), reason, watch))
    }

    fn tally(&self) -> Tally {
        self.call.tally()
    }
}

impl<R, P, T, E> Future for RetryCheck<'_, '_, R, P, Result<T, E>>
where
    R: Timer + Entropy,
    P: RetryPolicy<Classifier: Classify<T, E>, Observer: RetryObserver<T, E>>,
{
    type Output = Step<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Step<T, E>> {
        self.drive(cx, &mut ())
    }
}

impl<R: Timer, P: RetryPolicy, Res> fmt::Debug for RetryCheck<'_, '_, R, P, Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryCheck")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
