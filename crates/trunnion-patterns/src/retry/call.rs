//! One call of a retry.

use core::fmt;
use core::future::IntoFuture;
use core::ops::ControlFlow;
use core::time::Duration;

use trunnion_core::{Entropy, Instant, Timer};

use super::Retry;
use super::attempt::Attempt;
use super::check::RetryCheck;
use super::course::{Course, End, Phase};
use super::judge::Outcome;
use super::observer::RetryObserver;
use super::policy::RetryPolicy;
use super::stop::RetryStop;
use super::verdict::Classify;
use super::watch::Tally;
use crate::timeout::Limit;
use crate::{Budget, Elapsed, Failure, Timeout};

/// Holds the state of one call, and is its loop form; made by [`Retry::start`].
///
/// The loop makes the attempts and hands each result to [`check`](Self::check), which gives the end or waits for the next attempt.
/// Attempts are limited where the loop says so, with [`limit`](Self::limit):
///
/// ```
/// use std::ops::ControlFlow::{Break, Continue};
/// use std::time::Duration;
/// use trunnion_core::{Clock, Entropy, Timer};
/// use trunnion_patterns::{Backoff, Failure, Retry};
///
/// const RETRY: Retry = Retry::new(Backoff::exponential(Duration::from_millis(100)))
///     .attempt_timeout(Duration::from_secs(1));
///
/// async fn slow(tries: &mut u32) -> Result<u32, &'static str> {
///     *tries += 1;
///     if *tries < 3 { std::future::pending().await } else { Ok(*tries) }
/// }
///
/// trunnion_sim::run(|rt| async move {
///     let mut tries = 0;
///     let mut call = RETRY.start(&rt).deadline(rt.now() + Duration::from_secs(9));
///     let result = loop {
///         let limited = call.limit(slow(&mut tries)).await;
///         match call.check_limited(limited).await {
///             Break(result) => break result,
///             Continue(()) => {}
///         }
///     };
///     assert_eq!(result, Ok(3));
/// });
/// ```
///
/// It is under way for the budget from when it is started until it gave the end or is dropped.
#[must_use = "a call does nothing by itself"]
pub struct RetryCall<'a, R, P: RetryPolicy> {
    pub(super) rt: &'a R,
    pub(super) retry: &'a Retry<P>,
    pub(super) course: Course,
}

impl<'a, R, P: RetryPolicy> RetryCall<'a, R, P> {
    #[inline]
    pub(super) const fn new(rt: &'a R, retry: &'a Retry<P>) -> Self {
        let course = Course::new();
        Self { rt, retry, course }
    }

    /// Ends the call at `at`: an attempt that is under way then is dropped, and no wait reaches it. A later deadline than one that was
    /// given before changes nothing.
    pub fn deadline(mut self, at: Instant) -> Self {
        self.course.deadline = self.course.deadline.min(at);
        self
    }

    /// Gives the attempt that is under way, or is to be made next.
    #[must_use]
    #[inline]
    pub fn attempt(&self) -> Attempt {
        Attempt {
            number: self.course.number,
            most: self.retry.max_attempts.get(),
            deadline: self.course.deadline,
            timeout: self.retry.attempt_timeout,
        }
    }

    /// Tells how many attempts were made; while one is under way, it is counted. Right after [`start`](crate::Retry::start) that is 1: the
    /// call begins with its first attempt, though nobody has made it yet.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.course.made()
    }

    /// Tells how long was waited between attempts; a wait that was cut short counts whole.
    #[must_use]
    pub const fn waited(&self) -> Duration {
        Duration::from_nanos(self.course.waited)
    }

    /// Says why no more attempts are made, once that is so.
    #[must_use]
    pub const fn stop(&self) -> Option<RetryStop> {
        let Phase::Over(end) = self.course.phase else {
            return None;
        };
        Some(match end {
            End::Done => RetryStop::Done,
            End::Permanent => RetryStop::Permanent,
            End::Attempts => RetryStop::Attempts,
            End::Deadline => RetryStop::Deadline,
            End::DeadlineTooClose => RetryStop::DeadlineTooClose,
            End::Budget => RetryStop::Budget,
            End::HintTooLong => RetryStop::HintTooLong(Duration::from_nanos(self.course.previous)),
            End::Refused => RetryStop::Refused,
            End::Cancelled => RetryStop::Cancelled,
        })
    }
}

impl<R, P: RetryPolicy> RetryCall<'_, R, P> {
    pub(super) fn tally(&self) -> Tally {
        Tally {
            attempts: self.attempts(),
            waited: self.waited(),
            stop: self.stop().unwrap_or(RetryStop::Done),
        }
    }
}

impl<'a, R: Timer, P: RetryPolicy> RetryCall<'a, R, P> {
    /// Ends the call no later than `attempt` ends: for a retry inside an attempt of another.
    ///
    /// # Cost
    /// One clock read, if an attempt of the other is limited: its time counts from here.
    pub fn within(self, attempt: Attempt) -> Self {
        let end = attempt.end(self.rt);
        self.deadline(end)
    }

    /// Limits an attempt to the attempt's timeout and the call's deadline; its result is for [`check_limited`](Self::check_limited).
    ///
    /// # Errors
    /// [`Elapsed`] from the returned future when the time is over.
    ///
    /// # Cancel safety
    /// As for [`timeout`](fn@crate::timeout).
    ///
    /// # Cost
    /// As for [`timeout`](fn@crate::timeout).
    pub fn limit<F: IntoFuture>(&self, operation: F) -> Timeout<'a, R, F::IntoFuture> {
        let limit = Limit::new(self.retry.attempt_timeout, self.course.deadline);
        Timeout::new(self.rt, limit, operation.into_future())
    }
}

impl<'a, R, P: RetryPolicy> RetryCall<'a, R, P>
where
    R: Timer + Entropy,
{
    /// Takes the result of an attempt: breaks with the end, or waits, and continues when the next attempt is to be made.
    ///
    /// # Errors
    /// In the break: [`Failure::Op`] with `result`'s error.
    ///
    /// # Panics
    /// From the returned future: when the call is over, because an attempt more than it allows was made; and as the classifier and observer do.
    ///
    /// # Cancel safety
    /// Dropping the returned future stops the wait. An attempt that is made all the same is counted, and is what the budget paid for;
    /// without one that is given back when the call is dropped.
    pub fn check<T, E>(&mut self, result: Result<T, E>) -> RetryCheck<'_, 'a, R, P, Result<T, E>> {
        RetryCheck::new(self, Outcome::Answer(result))
    }

    /// Takes the result of an attempt that was [limited](Self::limit).
    ///
    /// # Errors
    /// In the break: [`Failure::Op`] with the attempt's error, or [`Failure::Elapsed`] when it was not ready in time.
    ///
    /// # Panics
    /// As [`check`](Self::check).
    ///
    /// # Cancel safety
    /// As for [`check`](Self::check).
    pub fn check_limited<T, E>(
        &mut self,
        result: Result<Result<T, E>, Elapsed>,
    ) -> RetryCheck<'_, 'a, R, P, Result<T, E>> {
        RetryCheck::new(self, Outcome::of(result))
    }

    /// Runs an async closure, which may borrow what it captures.
    ///
    /// The future is `Send` where the closure captures no reference: where it does, today's compiler does not see it, and the loop form
    /// is the way to a call that can be spawned.
    ///
    /// # Errors
    /// As for [`Retry::run`].
    ///
    /// # Cancel safety
    /// As for [`Retry::run`].
    pub async fn run_mut<T, E, F>(mut self, mut operation: F) -> Result<T, Failure<E>>
    where
        F: AsyncFnMut(Attempt) -> Result<T, E>,
        P: RetryPolicy<Classifier: Classify<T, E>, Observer: RetryObserver<T, E>>,
    {
        loop {
            let limited = self.limit(operation(self.attempt())).await;
            if let ControlFlow::Break(result) = self.check_limited(limited).await {
                return result;
            }
        }
    }

    /// Runs an async closure over `state`, which each attempt gets.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_patterns::{Backoff, Retry};
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let mut line = vec![1];
    ///     let retry = Retry::new(Backoff::fixed(Duration::from_millis(10)));
    ///     let sent = retry.run_with(&rt, &mut line, async |line: &mut Vec<u8>, _| {
    ///         line.push(2);
    ///         if line.len() < 3 { Err("more") } else { Ok(line.len()) }
    ///     });
    ///     assert_eq!(sent.await, Ok(3));
    /// });
    /// ```
    ///
    /// # Errors
    /// As for [`Retry::run`].
    ///
    /// # Cancel safety
    /// As for [`Retry::run`]. The state stays as the attempt left it.
    pub async fn run_with<S, T, E, F>(
        mut self,
        state: &mut S,
        mut operation: F,
    ) -> Result<T, Failure<E>>
    where
        F: AsyncFnMut(&mut S, Attempt) -> Result<T, E>,
        P: RetryPolicy<Classifier: Classify<T, E>, Observer: RetryObserver<T, E>>,
    {
        loop {
            let limited = self.limit(operation(state, self.attempt())).await;
            if let ControlFlow::Break(result) = self.check_limited(limited).await {
                return result;
            }
        }
    }
}

impl<R, P: RetryPolicy> Drop for RetryCall<'_, R, P> {
    #[inline]
    fn drop(&mut self) {
        if self.course.phase == Phase::Running {
            self.settle();
            self.retry.policy.budget().end();
        }
    }
}

impl<R, P: RetryPolicy> fmt::Debug for RetryCall<'_, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryCall")
            .field("attempt", &self.attempt())
            .field("waited", &self.waited())
            .field("stop", &self.stop())
            .finish_non_exhaustive()
    }
}
