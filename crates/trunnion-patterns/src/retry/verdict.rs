//! What the result of an attempt means for the next.

use core::time::Duration;

use crate::{Elapsed, Failure};

/// Says whether an attempt's result is kept or the operation is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is a result as it is to be, and shows that the service works. A budget is paid for it, also where it is an error.
    Done,
    /// It is a result that more attempts would not change.
    Permanent,
    /// It failed, and may succeed next time.
    Transient,
    /// The service asks for fewer requests.
    Throttled(Hint),
    /// The service cannot serve now.
    Unavailable(Hint),
    /// The request has not left, so that the service never saw it: once in a call it is sent again at once, uncounted and unpaid.
    NeverSent,
}

impl Verdict {
    pub(super) const fn hint(self) -> Hint {
        match self {
            Self::Throttled(hint) | Self::Unavailable(hint) => hint,
            _ => Hint::Unsaid,
        }
    }
}

/// Says when a service wants to be asked again: `Retry-After` of HTTP, the pushback of gRPC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// It did not say.
    #[default]
    Unsaid,
    /// After so long.
    After(Duration),
    /// Not at all: a negative pushback.
    Never,
}

impl Hint {
    /// Reads a number of seconds as `Retry-After` has it; what is no number is [`Unsaid`](Self::Unsaid), what is negative
    /// [`Never`](Self::Never).
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_patterns::Hint;
    ///
    /// assert_eq!(Hint::seconds("120"), Hint::After(Duration::from_secs(120)));
    /// assert_eq!(Hint::seconds("-1"), Hint::Never);
    /// assert_eq!(Hint::seconds("soon"), Hint::Unsaid);
    /// ```
    #[must_use]
    pub fn seconds(text: &str) -> Self {
        let text = text.trim();
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.strip_prefix('-') {
            Some(rest) if digits(rest) => Self::Never,
            // More digits than fit say a time that never comes.
            None if digits(text) => {
                let seconds = text.parse().unwrap_or(u64::MAX);
                Self::After(Duration::from_secs(seconds))
            }
            _ => Self::Unsaid,
        }
    }
}

/// Judges the result of an attempt; given to [`Retry::classify`](crate::Retry::classify).
///
/// A closure over `&Result<T, E>` is one, so that a successful answer can be tried again: a job that is still pending, say.
///
/// ```
/// use trunnion_patterns::{Backoff, Hint, Retry, Verdict};
///
/// let retry = Retry::new(Backoff::fixed(std::time::Duration::ZERO)).classify(|result: &Result<&str, u16>| match result {
///     Ok("pending") => Verdict::Transient,
///     Ok(_) | Err(404) => Verdict::Done,
///     Err(429) => Verdict::Throttled(Hint::Unsaid),
///     Err(500..) => Verdict::Transient,
///     Err(_) => Verdict::Permanent,
/// });
/// let mut answers = [Err(503), Ok("pending"), Ok("done")].into_iter();
/// trunnion_sim::run(|rt| async move {
///     let answer = retry.run(&rt, |_| std::future::ready(answers.next().unwrap())).await;
///     assert_eq!(answer.ok(), Some("done"));
/// });
/// ```
pub trait Classify<T, E> {
    /// Judges what an attempt gave.
    fn classify(&self, result: &Result<T, E>) -> Verdict;

    /// Judges an attempt that was not ready in its time. One that was cut short by the call's deadline is not tried again whatever
    /// this says.
    fn elapsed(&self, elapsed: &Elapsed) -> Verdict {
        _ = elapsed;
        Verdict::Transient
    }
}

impl<T, E, F> Classify<T, E> for F
where
    F: Fn(&Result<T, E>) -> Verdict,
{
    #[inline]
    fn classify(&self, result: &Result<T, E>) -> Verdict {
        self(result)
    }
}

/// Tries every error again; what a [`Retry`](crate::Retry) does if nothing else is said.
///
/// It cannot look into the errors. Where they are [`Failure`]s, [`OnFailure`] knows those that no attempt mends: it does not try again
/// what failed because it was cancelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnError;

impl<T, E> Classify<T, E> for OnError {
    #[inline]
    fn classify(&self, result: &Result<T, E>) -> Verdict {
        match result {
            Ok(_) => Verdict::Done,
            Err(_) => Verdict::Transient,
        }
    }
}

/// Tries a [`Failure`] again unless it is a cancellation, or a limit that gives no permits: for operations that use patterns themselves.
///
/// It looks at the outermost failure: [flatten](crate::FlattenFailure) those that are nested.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::CancelToken;
/// use trunnion_patterns::{Backoff, Failure, OnFailure, Retry};
///
/// trunnion_sim::run(|rt| async move {
///     let token = CancelToken::new();
///     token.cancel();
///     let mut attempts = 0;
///     let retry = Retry::new(Backoff::fixed(Duration::from_secs(1))).classify(OnFailure);
///     let result = retry.run_mut(&rt, async |_| {
///         attempts += 1;
///         Ok::<u32, Failure<&str>>(token.run_until_cancelled(std::future::pending()).await?)
///     });
///     assert!(result.await.unwrap_err().flatten().is_cancelled());
///     assert_eq!(attempts, 1);
/// });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnFailure;

impl<T, E> Classify<T, Failure<E>> for OnFailure {
    #[inline]
    fn classify(&self, result: &Result<T, Failure<E>>) -> Verdict {
        match result {
            Ok(_) => Verdict::Done,
            Err(Failure::Cancelled { .. } | Failure::Refused(_)) => Verdict::Permanent,
            Err(_) => Verdict::Transient,
        }
    }
}

/// Tries the errors again of which a closure says so; made by [`Retry::retry_if`](crate::Retry::retry_if).
#[derive(Clone, Copy, Debug)]
pub struct RetryIf<F>(pub(super) F);

impl<T, E, F: Fn(&E) -> bool> Classify<T, E> for RetryIf<F> {
    #[inline]
    fn classify(&self, result: &Result<T, E>) -> Verdict {
        match result {
            Ok(_) => Verdict::Done,
            Err(error) if (self.0)(error) => Verdict::Transient,
            Err(_) => Verdict::Permanent,
        }
    }
}
