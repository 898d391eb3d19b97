//! The future of a call whose operation makes futures.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use trunnion_core::{CancelReason, Entropy, Instant, Sleep, Timer, coop};

use super::attempt::Attempt;
use super::call::RetryCall;
use super::course::End;
use super::judge::{Next, Outcome, cancelled};
use super::observer::RetryObserver;
use super::policy::RetryPolicy;
use super::reported::Reported;
use super::until::UntilCancelled;
use super::verdict::{Classify, Verdict};
use super::watch::{Drive, Tally, Watch};
use crate::Failure;

pin_project! {
    /// Makes attempts until one gives what is to be given; made by [`Retry::run`](crate::Retry::run).
    ///
    /// # Panics
    /// When it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops the attempt or the wait at once, gives back what the budget had paid for an attempt that did not begin,
    /// and starts nothing.
    ///
    /// # Cost
    /// Its size is that of the operation, its future, the sleep, and at most 64 bytes.
    #[must_use = "futures do nothing unless awaited"]
    pub struct RetryRun<'a, R, P, F, Fut>
    where
        R: Timer,
        P: RetryPolicy,
        Fut: Future,
    {
        // The attempt is dropped before the budget hears that the call is.
        #[pin]
        state: State<Fut, Fut::Output>,
        call: RetryCall<'a, R, P>,
        operation: F,
        // One for attempts and waits: made when it is first needed, and moved from then on.
        #[pin]
        sleep: Option<R::Sleep>,
    }
}

pin_project! {
    #[project = StateProjected]
    enum State<Fut, Res> {
        New,
        Attempting {
            #[pin]
            attempt: Fut,
            // The sleep says when this attempt's time is over.
            limited: bool,
        },
        Waiting {
            outcome: Option<Outcome<Res>>,
            // Until the sleep ends; otherwise the next attempt is made at once.
            timed: bool,
        },
        Over,
    }
}

impl<'a, R, P, F, Fut> RetryRun<'a, R, P, F, Fut>
where
    R: Timer,
    P: RetryPolicy,
    Fut: Future,
{
    #[inline]
    pub(super) const fn new(call: RetryCall<'a, R, P>, operation: F) -> Self {
        Self {
            state: State::New,
            call,
            operation,
            sleep: None,
        }
    }

    /// Ends the call at `at`: an attempt that is under way then is dropped, and no wait reaches it. A later deadline than one that was
    /// given before changes nothing.
    ///
    /// # Cancel safety
    /// That of the future: see [`RetryRun`].
    pub fn deadline(mut self, at: Instant) -> Self {
        self.call.course.deadline = self.call.course.deadline.min(at);
        self
    }

    /// Ends the call no later than `attempt` ends: for a retry inside an attempt of another.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_core::{Clock, Timer};
    /// use trunnion_patterns::{Backoff, Failure, Retry};
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let retry = Retry::new(Backoff::fixed(Duration::from_secs(2)));
    ///     let deadline = rt.now() + Duration::from_secs(5);
    ///     let outer = retry.run(&rt, |attempt| {
    ///         let inner = retry.run(&rt, |_| async { Err::<(), _>("down") });
    ///         inner.within(attempt) // three times three attempts would take longer
    ///     });
    ///     assert!(outer.deadline(deadline).await.is_err());
    ///     assert!(rt.now() < deadline);
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// That of the future: see [`RetryRun`].
    ///
    /// # Cost
    /// One clock read, if an attempt of the other is limited: its time counts from here.
    pub fn within(self, attempt: Attempt) -> Self {
        let end = attempt.end(self.call.rt);
        self.deadline(end)
    }

    /// Stops at once when `token` is cancelled: the attempt or the wait is dropped.
    ///
    /// Nothing begins once the token is cancelled, a result that is ready in that instant is kept, and the budget neither pays nor
    /// loses anything. An operation that sees the token itself and fails because of it is not tried again.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_core::{CancelToken, Timer};
    /// use trunnion_patterns::{Backoff, Retry, race};
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let token = CancelToken::new();
    ///     let retry = Retry::new(Backoff::fixed(Duration::from_secs(60)).jitter(trunnion_patterns::Jitter::None));
    ///     let call = retry.run(&rt, |_| async { Err::<(), _>("down") });
    ///     let (call, stop) = trunnion_patterns::gather((call.until_cancelled(&token), async {
    ///         rt.sleep(Duration::from_secs(1)).await;
    ///         token.cancel()
    ///     })).await;
    ///     let failure = call.unwrap_err();
    ///     assert!(failure.is_cancelled() && stop);
    ///     assert_eq!(failure.into_op(), Some("down"));
    /// });
    /// ```
    ///
    /// # Errors
    /// [`Failure::Cancelled`] from the returned future, with the reason and the error of the attempt before.
    ///
    /// # Cancel safety
    /// That of the call.
    ///
    /// # Cost
    /// Room for an error, and a waiter of the token from the first time that something is waited for. No allocation of its own.
    pub const fn until_cancelled<C, T, E>(self, token: &C) -> UntilCancelled<'_, C, Self, E>
    where
        C: trunnion_core::Cancellation,
        Fut: Future<Output = Result<T, E>>,
    {
        UntilCancelled::new(token, self)
    }

    /// Gives a [report](crate::RetryReport) in place of the bare result.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_patterns::{Backoff, Retry, RetryStop};
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let mut errors = ["refused", "reset", "gone"].into_iter();
    ///     let retry = Retry::new(Backoff::exponential(Duration::from_millis(100)));
    ///     let call = retry.run(&rt, |_| std::future::ready(Err::<(), _>(errors.next().unwrap())));
    ///     let report = call.report().await;
    ///     assert_eq!((report.attempts, report.stop), (3, RetryStop::Attempts));
    ///     assert_eq!((report.first_error, report.result.unwrap_err().into_op()), (Some("refused"), Some("gone")));
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// That of the call.
    pub const fn report<T, E>(self) -> Reported<Self, E>
    where
        Fut: Future<Output = Result<T, E>>,
    {
        Reported::new(self)
    }
}

impl<R, P, F, Fut> RetryRun<'_, R, P, F, Fut>
where
    R: Timer,
    P: RetryPolicy,
    F: FnMut(Attempt) -> Fut,
    Fut: Future,
{
    /// Makes the future of the next attempt.
    #[inline]
    fn attempt(self: Pin<&mut Self>) {
        let mut this = self.project();
        let attempt = (this.operation)(this.call.attempt());
        this.state.set(State::Attempting {
            attempt,
            limited: false,
        });
    }

    /// Polls the attempt, and its time when it is pending; drops it when it is over.
    #[inline]
    fn poll_attempt(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome<Fut::Output>> {
        let mut this = self.project();
        let StateProjected::Attempting { attempt, limited } = this.state.as_mut().project() else {
            unreachable!("an attempt is under way")
        };
        let outcome = match attempt.poll(cx) {
            Poll::Ready(result) => Outcome::Answer(result),
            Poll::Pending => {
                let armed = core::mem::replace(limited, true);
                Outcome::Late(ready!(poll_limit(this.call, this.sleep, armed, cx)))
            }
        };
        // The attempt is gone before anybody is told.
        this.state.set(State::Over);
        Poll::Ready(outcome)
    }
}

/// Waits for the end of an attempt's time, which counts from its first pending poll.
#[cold]
pub fn poll_limit<R: Timer, P: RetryPolicy>(
    call: &RetryCall<'_, R, P>,
    mut sleep: Pin<&mut Option<R::Sleep>>,
    armed: bool,
    cx: &mut Context<'_>,
) -> Poll<Instant> {
    let attempt = call.attempt();
    if attempt.timeout.is_none() && attempt.deadline().is_none() {
        return Poll::Pending;
    }
    if !armed {
        arm(call.rt, sleep.as_mut(), attempt.end(call.rt));
    }
    let Some(mut sleep) = sleep.as_pin_mut() else {
        return Poll::Pending;
    };
    ready!(sleep.as_mut().poll(cx));
    Poll::Ready(sleep.deadline())
}

/// Drops the sleep of a call that has its result, though the future may be kept.
#[inline]
fn disarm<S>(mut sleep: Pin<&mut Option<S>>) {
    // What is ready at once has none, and looking costs less than the assignment.
    if sleep.is_some() {
        sleep.set(None);
    }
}

/// Makes the sleep, or moves it.
pub fn arm<R: Timer>(rt: &R, mut sleep: Pin<&mut Option<R::Sleep>>, at: Instant) {
    match sleep.as_mut().as_pin_mut() {
        Some(sleep) => sleep.reset(at),
        None => sleep.set(Some(rt.sleep_until(at))),
    }
}

impl<R, P, F, Fut, T, E> RetryRun<'_, R, P, F, Fut>
where
    R: Timer + Entropy,
    P: RetryPolicy<Classifier: Classify<T, E>, Observer: RetryObserver<T, E>>,
    F: FnMut(Attempt) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    /// Ends the call, or begins to wait. Kept out of the way of what succeeds.
    #[cold]
    #[inline(never)]
    fn fail<W: Watch<E>>(
        self: Pin<&mut Self>,
        outcome: Outcome<Fut::Output>,
        verdict: Verdict,
        watch: &mut W,
    ) -> Option<Result<T, Failure<E>>> {
        let mut this = self.project();
        let mut reason = None;
        let cancelled = || {
            reason = watch.cancelled();
            reason.is_some()
        };
        let timed = match this.call.fail(&outcome, verdict, cancelled) {
            Next::Stop => {
                disarm(this.sleep);
                return Some(this.call.give_or_cancel(outcome, reason, watch));
            }
            Next::Now => false,
            Next::At(at) => {
                arm(this.call.rt, this.sleep.as_mut(), at);
                true
            }
        };
        let outcome = Some(outcome);
        this.state.set(State::Waiting { outcome, timed });
        None
    }

    /// Makes the first attempt, unless the call was cancelled before.
    #[inline]
    fn first<W: Watch<E>>(
        mut self: Pin<&mut Self>,
        watch: &mut W,
    ) -> Option<Result<T, Failure<E>>> {
        if let Some(reason) = watch.cancelled() {
            self.as_mut().project().call.course.number = 0;
            return Some(self.stop(None, reason, watch));
        }
        self.as_mut().project().call.begin();
        self.attempt();
        None
    }

    /// Waits and makes the next attempt, unless the call is cancelled before.
    #[cold]
    #[inline(never)]
    fn next<W: Watch<E>>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        watch: &mut W,
    ) -> Poll<Option<Result<T, Failure<E>>>> {
        let outcome = ready!(self.as_mut().poll_wait(cx));
        if let Some(reason) = watch.cancelled() {
            return Poll::Ready(Some(self.stop(outcome, reason, watch)));
        }
        if let Some(Outcome::Answer(Err(error))) = outcome {
            watch.discarded(error);
        }
        self.as_mut().attempt();
        self.project().call.course.spend();
        Poll::Ready(None)
    }

    /// Waits for the next attempt, and hands over what the last one gave.
    fn poll_wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Outcome<Fut::Output>>> {
        let this = self.project();
        let StateProjected::Waiting { outcome, timed } = this.state.project() else {
            unreachable!("the call waits")
        };
        match this.sleep.as_pin_mut() {
            Some(sleep) if *timed => ready!(sleep.poll(cx)),
            // An operation that fails at once keeps nobody from running.
            _ => ready!(coop::poll_proceed(cx)),
        }
        Poll::Ready(outcome.take())
    }

    /// Ends the call without judging what the last attempt gave, if one came to its end.
    #[cold]
    fn stop<W: Watch<E>>(
        self: Pin<&mut Self>,
        outcome: Option<Outcome<Fut::Output>>,
        reason: CancelReason,
        watch: &mut W,
    ) -> Result<T, Failure<E>> {
        let mut this = self.project();
        this.state.set(State::Over);
        disarm(this.sleep);
        this.call.end(End::Cancelled, outcome.as_ref());
        cancelled(outcome, reason, watch)
    }
}

impl<R, P, F, Fut, T, E> Drive for RetryRun<'_, R, P, F, Fut>
where
    R: Timer + Entropy,
    P: RetryPolicy<Classifier: Classify<T, E>, Observer: RetryObserver<T, E>>,
    F: FnMut(Attempt) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Error = E;
    type Output = Result<T, Failure<E>>;

    #[inline]
    fn drive<W: Watch<E>>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        watch: &mut W,
    ) -> Poll<Self::Output> {
        let ended = match self.as_mut().project().state.project() {
            StateProjected::New => self.as_mut().first(watch),
            StateProjected::Attempting { .. } => None,
            StateProjected::Waiting { .. } => ready!(self.as_mut().next(cx, watch)),
            StateProjected::Over => panic!("the retry was polled after it gave its result"),
        };
        if let Some(result) = ended {
            return Poll::Ready(result);
        }
        loop {
            let outcome = ready!(self.as_mut().poll_attempt(cx));
            let this = self.as_mut().project();
            let verdict = this.call.verdict(&outcome);
            if verdict == Verdict::Done {
                disarm(this.sleep);
                this.call.succeed(&outcome);
                return Poll::Ready(this.call.give(outcome));
            }
            if let Some(result) = self.as_mut().fail(outcome, verdict, watch) {
                return Poll::Ready(result);
            }
            if let Some(result) = ready!(self.as_mut().next(cx, watch)) {
                return Poll::Ready(result);
            }
        }
    }

    fn cancel<W: Watch<E>>(
        mut self: Pin<&mut Self>,
        reason: CancelReason,
        watch: &mut W,
    ) -> Self::Output {
        let outcome = match self.as_mut().project().state.project() {
            StateProjected::Waiting { outcome, .. } => outcome.take(),
            _ => None,
        };
        self.stop(outcome, reason, watch)
    }

    fn tally(&self) -> Tally {
        self.call.tally()
    }
}

impl<R, P, F, Fut, T, E> Future for RetryRun<'_, R, P, F, Fut>
where
    R: Timer + Entropy,
    P: RetryPolicy<Classifier: Classify<T, E>, Observer: RetryObserver<T, E>>,
    F: FnMut(Attempt) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Output = Result<T, Failure<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.drive(cx, &mut ())
    }
}

impl<R, P, F, Fut> fmt::Debug for RetryRun<'_, R, P, F, Fut>
where
    R: Timer,
    P: RetryPolicy,
    Fut: Future,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryRun")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
