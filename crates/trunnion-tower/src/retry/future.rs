//! The response of a service that is tried again.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::Arc;

use pin_project_lite::pin_project;
use tower_service::Service;
use trunnion_core::{Entropy, Instant, Timer, coop};
use trunnion_patterns::owned::{Course, Next, Outcome, arm, poll_limit};
use trunnion_patterns::{Classify, Failure, RetryCall, RetryObserver, RetryPolicy};

use super::rules::Rules;

pin_project! {
    /// Makes attempts until one gives what is to be given; made by [`RetryService`](super::RetryService).
    ///
    /// # Panics
    /// When it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops the attempt or the wait at once, gives back what the budget had paid for an attempt that did not begin,
    /// and starts nothing.
    #[must_use = "futures do nothing unless awaited"]
    pub struct RetryFuture<R, P, S, Req>
    where
        R: Timer,
        P: RetryPolicy,
        S: Service<Req>,
    {
        rules: Arc<Rules<R, P>>,
        course: Course,
        // For further attempts. It is cloned and never asked whether it is ready, so that it reserves nothing.
        spare: (S, Req),
        #[pin]
        state: State<S, S::Future>,
        // One for attempts and waits: made when it is first needed, and moved from then on.
        #[pin]
        sleep: Option<R::Sleep>,
        // The sleep says when this attempt's time is over.
        limited: bool,
    }

    impl<R, P, S, Req> PinnedDrop for RetryFuture<R, P, S, Req>
    where
        R: Timer,
        P: RetryPolicy,
        S: Service<Req>,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // The attempt is dropped before the budget hears that the call is.
            this.state.set(State::Over);
            this.rules.end(this.course);
        }
    }
}

pin_project! {
    #[project = StateProjected]
    enum State<S, Fut> {
        // The attempt waits until its service can be called.
        Readying { service: S },
        Calling { #[pin] response: Fut },
        // Until the sleep ends, if it is timed; otherwise the next attempt is made at once.
        Waiting { timed: bool },
        Over,
    }
}

impl<R, P, S, Req> RetryFuture<R, P, S, Req>
where
    R: Timer,
    P: RetryPolicy,
    S: Service<Req>,
{
    /// Begins a call whose first attempt is `first`.
    #[inline]
    pub(super) fn new(
        rules: Arc<Rules<R, P>>,
        deadline: Option<Instant>,
        first: S::Future,
        spare: (S, Req),
    ) -> Self {
        let mut call = RetryCall::resume(&rules.rt, &rules.retry, Course::default());
        if let Some(at) = deadline {
            call = call.deadline(at);
        }
        call.begin();
        let course = call.pause();
        Self {
            rules,
            course,
            spare,
            state: State::Calling { response: first },
            sleep: None,
            limited: false,
        }
    }
}

/// What an attempt of a service came to.
type Ended<S, Req> = Outcome<Result<<S as Service<Req>>::Response, <S as Service<Req>>::Error>>;

impl<R, P, S, Req> RetryFuture<R, P, S, Req>
where
    R: Timer + Entropy,
    P: RetryPolicy<
            Classifier: Classify<S::Response, S::Error>,
            Observer: RetryObserver<S::Response, S::Error>,
        >,
    S: Service<Req> + Clone,
    Req: Clone,
{
    /// Polls the attempt, and its time when it is pending.
    #[inline]
    fn poll_attempt(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended<S, Req>> {
        if let Poll::Ready(result) = self.as_mut().poll_service(cx) {
            return Poll::Ready(Outcome::Answer(result));
        }
        let this = self.project();
        let armed = core::mem::replace(this.limited, true);
        let limit = |call: &mut RetryCall<'_, R, P>| poll_limit(call, this.sleep, armed, cx);
        this.rules.with(this.course, limit).map(Outcome::Late)
    }

    /// Polls the service until it is ready, calls it, and polls its response.
    #[inline]
    fn poll_service(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<S::Response, S::Error>> {
        let mut this = self.project();
        if let StateProjected::Readying { service } = this.state.as_mut().project() {
            ready!(service.poll_ready(cx))?;
            let request = this.spare.1.clone();
            let response = service.call(request);
            this.course.spend();
            this.state.set(State::Calling { response });
        }
        let StateProjected::Calling { response } = this.state.project() else {
            unreachable!("an attempt is under way")
        };
        response.poll(cx)
    }

    /// Judges what an attempt came to: ends the call, or begins to wait.
    #[inline]
    fn judge(
        self: Pin<&mut Self>,
        ended: Ended<S, Req>,
    ) -> Poll<Result<S::Response, Failure<S::Error>>> {
        let mut this = self.project();
        // The attempt is gone before anybody is told, and so is what it reserved.
        this.state.set(State::Over);
        let step = |call: &mut RetryCall<'_, R, P>| match call.judge(&ended, || false) {
            Next::Stop => {
                // What is ready at once has none, and looking costs less than the assignment.
                if this.sleep.is_some() {
                    this.sleep.set(None);
                }
                Poll::Ready(call.give(ended))
            }
            Next::Now => {
                this.state.set(State::Waiting { timed: false });
                Poll::Pending
            }
            Next::At(at) => {
                arm(&this.rules.rt, this.sleep, at);
                this.state.set(State::Waiting { timed: true });
                Poll::Pending
            }
        };
        this.rules.with(this.course, step)
    }

    /// Waits for the next attempt, and begins it.
    #[cold]
    fn poll_wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let timed = matches!(*this.state, State::Waiting { timed: true });
        match this.sleep.as_pin_mut() {
            Some(sleep) if timed => ready!(sleep.poll(cx)),
            // A service that fails at once keeps nobody from running.
            _ => ready!(coop::poll_proceed(cx)),
        }
        *this.limited = false;
        let service = this.spare.0.clone();
        this.state.set(State::Readying { service });
        Poll::Ready(())
    }
}

impl<R, P, S, Req> Future for RetryFuture<R, P, S, Req>
where
    R: Timer + Entropy,
    P: RetryPolicy<
            Classifier: Classify<S::Response, S::Error>,
            Observer: RetryObserver<S::Response, S::Error>,
        >,
    S: Service<Req> + Clone,
    Req: Clone,
{
    type Output = Result<S::Response, Failure<S::Error>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match self.state {
                State::Readying { .. } | State::Calling { .. } => {
                    let ended = ready!(self.as_mut().poll_attempt(cx));
                    if let Poll::Ready(result) = self.as_mut().judge(ended) {
                        return Poll::Ready(result);
                    }
                }
                State::Waiting { .. } => ready!(self.as_mut().poll_wait(cx)),
                State::Over => panic!("the response was polled after it gave its result"),
            }
        }
    }
}

impl<R, P, S, Req> fmt::Debug for RetryFuture<R, P, S, Req>
where
    R: Timer,
    P: RetryPolicy,
    S: Service<Req>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture")
            .field("retry", &self.rules.retry)
            .field("course", &self.course)
            .finish_non_exhaustive()
    }
}
