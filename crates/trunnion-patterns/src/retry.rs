//! Trying again.

mod attempt;
mod call;
mod check;
mod course;
mod hints;
mod judge;
mod observer;
mod policy;
mod reported;
mod run;
mod stop;
mod until;
mod verdict;
mod watch;

use core::fmt;
use core::future::Future;
use core::num::NonZeroU32;
use core::time::Duration;

use trunnion_core::{Entropy, Timer};

use crate::{Backoff, Budget, Failure};

pub use attempt::Attempt;
pub use call::RetryCall;
pub use check::RetryCheck;
pub use course::Course;
pub use hints::Hints;
pub use judge::{Next, Outcome};
pub use observer::{RetryObserver, Retrying, Stopped};
pub use policy::{RetryPolicy, RetryRules};
pub use reported::Reported;
pub use run::{RetryRun, arm, poll_limit};
pub use stop::{RetryReport, RetryStop};
pub use until::UntilCancelled;
pub use verdict::{Classify, Hint, OnError, OnFailure, RetryIf, Verdict};

/// What the SRE book advises: three attempts for a request.
const ATTEMPTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);

/// Tries an operation again when it fails, in a way that cannot make an outage worse.
///
/// It is a value without state, made once and borrowed by each call. After an attempt that failed, a call asks in this order:
/// may the result be mended (the [classifier](Self::classify)), are there attempts left, how long to wait (the [`Backoff`] and the
/// [hint](Self::hints) of the service), is there time for that until the deadline, and does the [budget](Self::budget) pay. Then
/// the [observer](Self::observe) is told, and the call waits. The first "no" ends it, with what the last attempt gave.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{Clock, Entropy, Timer};
/// use trunnion_patterns::{Backoff, Failure, Retry, RetryBudget, RetryRules};
///
/// static BUDGET: RetryBudget = RetryBudget::new();
///
/// async fn ask<R: Timer + Entropy>(rt: &R, mut send: impl FnMut() -> Result<u32, &'static str>) -> Result<u32, Failure<&'static str>> {
///     let retry = Retry::new(Backoff::exponential(Duration::from_millis(100)))
///         .attempt_timeout(Duration::from_secs(1))
///         .budget(&BUDGET);
///     let answer = retry.run(rt, |_attempt| std::future::ready(send()));
///     answer.deadline(rt.now() + Duration::from_secs(5)).await
/// }
///
/// trunnion_sim::run(|rt| async move {
///     let mut answers = [Err("down"), Err("down"), Ok(7)].into_iter();
///     assert_eq!(ask(&rt, || answers.next().unwrap()).await, Ok(7));
/// });
/// ```
///
/// # How an operation is given
///
/// | the operation | use | the call can be spawned |
/// |---|---|---|
/// | borrows `&mut` between attempts, or uses `?` and `break` | the loop of [`start`](Self::start) | yes |
/// | makes a future that owns what it needs | [`run`](Self::run) | yes |
/// | is an async closure over state that is passed in | [`run_with`](Self::run_with) | yes, where the state holds no borrow |
/// | is an async closure that owns its captures | [`run_mut`](Self::run_mut) | yes |
/// | is an async closure that borrows its captures | [`run_mut`](Self::run_mut) | no: the compiler does not see that it is `Send` |
///
/// # Cost
/// An operation that succeeds at once costs no allocation, no clock read and no random number, and with a [`RetryBudget`](crate::RetryBudget) one
/// atomic load more. A wait of zero touches no timer. A [`run`](Self::run) holds one sleep of the runtime, which is made when something has to be
/// waited for, and moved from then on; the other forms make one for each attempt and wait that needs it.
#[derive(Clone, Copy)]
#[must_use = "a retry does nothing unless it runs something"]
pub struct Retry<P = RetryRules> {
    backoff: Backoff,
    max_attempts: NonZeroU32,
    attempt_timeout: Option<Duration>,
    min_attempt: Duration,
    hints: Hints,
    policy: P,
}

impl Retry {
    /// Makes one of three attempts that tries every error again, waiting as `backoff` says, without a budget.
    ///
    /// An operation whose error is a [`Failure`] of its own is to be judged by [`OnFailure`]: a cancellation is not to be tried again.
    pub const fn new(backoff: Backoff) -> Self {
        let rules = RetryRules {
            classifier: OnError,
            budget: (),
            observer: (),
        };
        Self::with_policy(backoff, rules)
    }
}

/// How often and how long.
impl<P> Retry<P> {
    /// Makes one with a policy of one's own, or with [`RetryRules`] in a `const`.
    pub const fn with_policy(backoff: Backoff, policy: P) -> Self {
        Self {
            backoff,
            max_attempts: ATTEMPTS,
            attempt_timeout: None,
            min_attempt: Duration::ZERO,
            hints: Hints::at_least(),
            policy,
        }
    }

    /// Makes at most so many attempts, the first included; three, if nothing else is said.
    pub const fn max_attempts(mut self, attempts: NonZeroU32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Gives up on an attempt that is not ready within `timeout`; then it may be tried again.
    ///
    /// A timeout of zero polls each attempt once.
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Says that an attempt needs at least so long: one that would begin closer to the deadline is not made.
    pub const fn min_attempt(mut self, least: Duration) -> Self {
        self.min_attempt = least;
        self
    }

    /// Chooses how the hints of a service are followed; [`Hints::at_least`], if nothing else is said.
    pub const fn hints(mut self, hints: Hints) -> Self {
        self.hints = hints;
        self
    }

    /// The same with another policy.
    fn map<Q>(self, change: impl FnOnce(P) -> Q) -> Retry<Q> {
        Retry {
            backoff: self.backoff,
            max_attempts: self.max_attempts,
            attempt_timeout: self.attempt_timeout,
            min_attempt: self.min_attempt,
            hints: self.hints,
            policy: change(self.policy),
        }
    }
}

/// What judges, pays and is told.
impl<C, B, O> Retry<RetryRules<C, B, O>> {
    /// Judges results by `classifier`: a closure over `&Result<T, E>`, or any [`Classify`].
    pub fn classify<D>(self, classifier: D) -> Retry<RetryRules<D, B, O>> {
        self.map(|rules| RetryRules {
            classifier,
            budget: rules.budget,
            observer: rules.observer,
        })
    }

    /// Tries only the errors again of which `retry` says so.
    pub fn retry_if<F>(self, retry: F) -> Retry<RetryRules<RetryIf<F>, B, O>> {
        self.classify(RetryIf(retry))
    }

    /// Lets `budget` pay for each retry: a reference, an `Arc`, or a budget of its own.
    pub fn budget<D: Budget>(self, budget: D) -> Retry<RetryRules<C, D, O>> {
        self.map(|rules| RetryRules {
            classifier: rules.classifier,
            budget,
            observer: rules.observer,
        })
    }

    /// Tells `observer` of retries: a closure over [`&Retrying`](Retrying), or any [`RetryObserver`].
    pub fn observe<D>(self, observer: D) -> Retry<RetryRules<C, B, D>> {
        self.map(|rules| RetryRules {
            classifier: rules.classifier,
            budget: rules.budget,
            observer,
        })
    }
}

/// Calls.
impl<P: RetryPolicy> Retry<P> {
    /// Starts a call in the form of a loop: the first choice for operations that borrow.
    ///
    /// ```
    /// use std::ops::ControlFlow::{Break, Continue};
    /// use std::time::Duration;
    /// use trunnion_core::{Entropy, Timer};
    /// use trunnion_patterns::{Backoff, Failure, Retry};
    ///
    /// const RETRY: Retry = Retry::new(Backoff::exponential(Duration::from_millis(100)));
    ///
    /// async fn send(line: &mut Vec<u8>, byte: u8) -> Result<usize, &'static str> {
    ///     line.push(byte);
    ///     if line.len() < 3 { Err("more") } else { Ok(line.len()) }
    /// }
    ///
    /// async fn send_all<R: Timer + Entropy>(rt: &R, line: &mut Vec<u8>) -> Result<usize, Failure<&'static str>> {
    ///     let mut call = RETRY.start(rt);
    ///     loop {
    ///         let sent = send(line, 1).await;
    ///         match call.check(sent).await {
    ///             Break(result) => break result,
    ///             Continue(()) => {}
    ///         }
    ///     }
    /// }
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     assert_eq!(send_all(&rt, &mut Vec::new()).await, Ok(3));
    /// });
    /// ```
    pub fn start<'a, R: Timer>(&'a self, rt: &'a R) -> RetryCall<'a, R, P> {
        let mut call = RetryCall::new(rt, self);
        call.begin();
        call
    }

    /// Runs an operation that makes a future for each attempt.
    ///
    /// The future gives what the last attempt gave. It borrows the retry and the runtime.
    ///
    /// # Errors
    /// From the returned future: [`Failure::Op`] with the last error, or [`Failure::Elapsed`] where the last attempt was not ready in time.
    ///
    /// # Panics
    /// As the operation, classifier and observer do; what the budget had paid for an attempt that did not begin is given back.
    ///
    /// # Cancel safety
    /// Dropping the returned future drops the attempt or the wait at once, gives back what the budget had paid for an attempt
    /// that did not begin, and starts nothing.
    ///
    /// # Cost
    /// See [`Retry`].
    #[inline]
    pub fn run<'a, R, F, Fut>(&'a self, rt: &'a R, operation: F) -> RetryRun<'a, R, P, F, Fut>
    where
        R: Timer + Entropy,
        F: FnMut(Attempt) -> Fut,
        Fut: Future,
    {
        RetryRun::new(RetryCall::new(rt, self), operation)
    }

    /// Runs an async closure, which may borrow what it captures; see [`RetryCall::run_mut`].
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    ///
    /// # Cancel safety
    /// As for [`run`](Self::run).
    pub async fn run_mut<R, T, E, F>(&self, rt: &R, operation: F) -> Result<T, Failure<E>>
    where
        R: Timer + Entropy,
        F: AsyncFnMut(Attempt) -> Result<T, E>,
        P: RetryPolicy<Classifier: Classify<T, E>, Observer: RetryObserver<T, E>>,
    {
        self.start(rt).run_mut(operation).await
    }

    /// Runs an async closure over `state`; see [`RetryCall::run_with`].
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    ///
    /// # Cancel safety
    /// As for [`run`](Self::run). The state stays as the attempt left it.
    pub async fn run_with<R, S, T, E, F>(
        &self,
        rt: &R,
        state: &mut S,
        operation: F,
    ) -> Result<T, Failure<E>>
    where
        R: Timer + Entropy,
        F: AsyncFnMut(&mut S, Attempt) -> Result<T, E>,
        P: RetryPolicy<Classifier: Classify<T, E>, Observer: RetryObserver<T, E>>,
    {
        self.start(rt).run_with(state, operation).await
    }
}

impl<P> fmt::Debug for Retry<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("backoff", &self.backoff)
            .field("max_attempts", &self.max_attempts)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("min_attempt", &self.min_attempt)
            .field("hints", &self.hints)
            .finish_non_exhaustive()
    }
}
