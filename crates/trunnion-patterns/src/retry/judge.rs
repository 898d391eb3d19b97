//! What follows from the result of an attempt.

use core::time::Duration;

use trunnion_core::{CancelReason, Clock, Entropy, Instant};

use super::call::RetryCall;
use super::course::{End, Paid, Phase};
use super::observer::{RetryObserver, Retrying, Stopped};
use super::policy::RetryPolicy;
use super::stop::RetryStop;
use super::verdict::{Classify, Verdict};
use super::watch::Watch;
use crate::{Budget, Elapsed, Expense, Failure};

/// What an attempt came to.
#[derive(Debug)]
pub enum Outcome<Res> {
    /// It gave a result.
    Answer(Res),
    /// It was not ready by then; the origin where no clock was read.
    Late(Instant),
}

impl<Res> Outcome<Res> {
    pub(super) fn of(limited: Result<Res, Elapsed>) -> Self {
        match limited {
            Ok(result) => Self::Answer(result),
            Err(elapsed) => Self::Late(elapsed.deadline.unwrap_or(Instant::ORIGIN)),
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug)]
pub enum Next {
    /// The call is over.
    Stop,
    /// Another attempt is made at once.
    Now,
    /// Another attempt is made then.
    At(Instant),
}

/// What is borrowed of an outcome, to be told.
type Told<'r, T, E> = Result<&'r T, Failure<&'r E>>;

impl<R, P: RetryPolicy> RetryCall<'_, R, P> {
    /// Notes that the first attempt is about to be made.
    #[doc(hidden)]
    #[inline]
    pub fn begin(&mut self)
    where
        R: Clock,
    {
        self.retry.policy.budget().begin(self.rt);
        self.course.phase = Phase::Running;
    }

    /// Gives back what was paid ahead, and tells that an attempt that was paid for is over.
    #[inline]
    pub(super) fn settle(&mut self) {
        match core::mem::replace(&mut self.course.paid, Paid::Nothing) {
            Paid::Nothing => {}
            Paid::Ahead(expense) => self.retry.policy.budget().refund(expense),
            Paid::Spent => self.retry.policy.budget().release(),
        }
    }

    /// Ends the call for the budget.
    #[inline]
    pub(super) fn finish(&mut self, end: End) {
        // What is paid ahead is not made any more.
        self.course.number = self.course.made();
        self.settle();
        if self.course.phase == Phase::Running {
            self.retry.policy.budget().end();
        }
        self.course.phase = Phase::Over(end);
    }

    #[cold]
    fn elapsed(&self, at: Instant) -> Elapsed {
        let allowed = if at < self.course.deadline {
            self.retry.attempt_timeout
        } else {
            None
        };
        let deadline = (at > Instant::ORIGIN).then_some(at);
        Elapsed { allowed, deadline }
    }

    fn told<'r, T, E>(&self, outcome: &'r Outcome<Result<T, E>>) -> Told<'r, T, E> {
        match outcome {
            Outcome::Answer(result) => result.as_ref().map_err(Failure::Op),
            Outcome::Late(at) => Err(Failure::Elapsed(self.elapsed(*at))),
        }
    }

    /// What the caller gets.
    #[doc(hidden)]
    #[inline]
    pub fn give<T, E>(&self, outcome: Outcome<Result<T, E>>) -> Result<T, Failure<E>> {
        match outcome {
            Outcome::Answer(Ok(value)) => Ok(value),
            Outcome::Answer(Err(error)) => Err(Failure::Op(error)),
            Outcome::Late(at) => Err(Failure::Elapsed(self.elapsed(at))),
        }
    }

    /// What the caller gets of a call that ends now, because somebody stopped it where there is a reason.
    #[cold]
    pub(super) fn give_or_cancel<T, E>(
        &self,
        outcome: Outcome<Result<T, E>>,
        reason: Option<CancelReason>,
        watch: &mut impl Watch<E>,
    ) -> Result<T, Failure<E>> {
        match reason {
            None => self.give(outcome),
            Some(reason) => cancelled(Some(outcome), reason, watch),
        }
    }
}

impl<R, P> RetryCall<'_, R, P>
where
    R: Clock + Entropy,
    P: RetryPolicy,
{
    /// Judges an outcome; `cancelled` is asked only after a failure.
    #[doc(hidden)]
    #[inline]
    pub fn judge<T, E>(
        &mut self,
        outcome: &Outcome<Result<T, E>>,
        cancelled: impl FnOnce() -> bool,
    ) -> Next
    where
        P::Classifier: Classify<T, E>,
        P::Observer: RetryObserver<T, E>,
    {
        let verdict = self.verdict(outcome);
        if verdict == Verdict::Done {
            self.succeed(outcome);
            return Next::Stop;
        }
        self.fail(outcome, verdict, cancelled)
    }

    /// Ends the call with a result that is as it is to be.
    #[inline]
    pub(super) fn succeed<T, E>(&mut self, outcome: &Outcome<Result<T, E>>)
    where
        P::Observer: RetryObserver<T, E>,
    {
        self.settle();
        self.retry.policy.budget().succeeded(self.rt);
        self.end(End::Done, Some(outcome));
    }

    /// Ends the call, or prepares another attempt.
    pub(super) fn fail<T, E>(
        &mut self,
        outcome: &Outcome<Result<T, E>>,
        verdict: Verdict,
        cancelled: impl FnOnce() -> bool,
    ) -> Next
    where
        P::Observer: RetryObserver<T, E>,
    {
        self.settle();
        let next = match verdict {
            Verdict::Permanent => Err(End::Permanent),
            // A cancellation is no failure, and nothing is paid or lost for it.
            _ if cancelled() => Err(End::Cancelled),
            _ => self.again(outcome, verdict),
        };
        match next {
            Ok(next) => next,
            Err(end) => {
                self.end(end, Some(outcome));
                Next::Stop
            }
        }
    }

    #[inline]
    pub(super) fn verdict<T, E>(&self, outcome: &Outcome<Result<T, E>>) -> Verdict
    where
        P::Classifier: Classify<T, E>,
    {
        let classifier = self.retry.policy.classifier();
        match outcome {
            Outcome::Answer(result) => classifier.classify(result),
            Outcome::Late(at) => classifier.elapsed(&self.elapsed(*at)),
        }
    }

    /// Ends the call and tells the observer.
    #[inline]
    pub(super) fn end<T, E>(&mut self, end: End, outcome: Option<&Outcome<Result<T, E>>>)
    where
        P::Observer: RetryObserver<T, E>,
    {
        self.finish(end);
        self.retry.policy.observer().stopped(&Stopped {
            attempts: self.attempts(),
            waited: self.waited(),
            stop: self.stop().unwrap_or(RetryStop::Done),
            outcome: outcome.map(|outcome| self.told(outcome)),
        });
    }

    /// After a failure: attempts, wait, deadline, budget, observer.
    fn again<T, E>(
        &mut self,
        outcome: &Outcome<Result<T, E>>,
        verdict: Verdict,
    ) -> Result<Next, End>
    where
        P::Observer: RetryObserver<T, E>,
    {
        let budget = self.retry.policy.budget();
        let over = matches!(outcome, Outcome::Late(at) if *at >= self.course.deadline);
        if verdict == Verdict::NeverSent && !self.course.resent && !over {
            self.course.resent = true;
            return self.in_time(Duration::ZERO);
        }
        budget.failed();
        if over {
            return Err(End::Deadline);
        }
        if self.course.number >= self.retry.max_attempts.get() {
            return Err(End::Attempts);
        }
        let wait = self.wait(verdict)?;
        let next = self.in_time(wait)?;
        let expense = expense(outcome, verdict);
        if !budget.withdraw(expense, self.rt) {
            return Err(End::Budget);
        }
        let attempt = self.course.number;
        self.course.paid = Paid::Ahead(expense);
        self.course.number = attempt.saturating_add(1);
        self.course.waited = self.course.waited.saturating_add(nanos(wait));
        let outcome = self.told(outcome);
        self.retry.policy.observer().retrying(&Retrying {
            attempt,
            outcome,
            wait,
        });
        Ok(next)
    }

    fn wait(&mut self, verdict: Verdict) -> Result<Duration, End> {
        let previous = Duration::from_nanos(self.course.previous);
        let backoff = &self.retry.backoff;
        let delay = backoff.delay(self.course.number - 1, previous, self.rt);
        self.course.previous = nanos(delay);
        let wait = self.retry.hints.wait(verdict.hint(), delay, self.rt);
        wait.map_err(|stop| match stop {
            RetryStop::HintTooLong(hint) => {
                self.course.previous = nanos(hint);
                End::HintTooLong
            }
            _ => End::Refused,
        })
    }

    /// Refuses a wait that would reach the deadline. A wait of zero without a deadline reads no clock.
    fn in_time(&self, wait: Duration) -> Result<Next, End> {
        let unlimited = self.course.deadline == Instant::FAR_FUTURE;
        if unlimited && wait.is_zero() {
            return Ok(Next::Now);
        }
        let at = self.rt.now() + wait;
        if !unlimited && at + self.retry.min_attempt >= self.course.deadline {
            return Err(End::DeadlineTooClose);
        }
        Ok(if wait.is_zero() {
            Next::Now
        } else {
            Next::At(at)
        })
    }
}

/// What the caller gets of a call that was stopped: its last answer is not lost.
pub(super) fn cancelled<T, E>(
    outcome: Option<Outcome<Result<T, E>>>,
    reason: CancelReason,
    watch: &mut impl Watch<E>,
) -> Result<T, Failure<E>> {
    let last = match outcome {
        Some(Outcome::Answer(Ok(value))) => return Ok(value),
        Some(Outcome::Answer(Err(error))) => Some(error),
        Some(Outcome::Late(_)) | None => watch.last(),
    };
    Err(Failure::Cancelled { reason, last })
}

const fn expense<T, E>(outcome: &Outcome<Result<T, E>>, verdict: Verdict) -> Expense {
    match (outcome, verdict) {
        (Outcome::Late(_), _) => Expense::Timeout,
        (_, Verdict::Throttled(_)) => Expense::Throttled,
        _ => Expense::Failure,
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
