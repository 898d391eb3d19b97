//! Who is told of retries.

use core::fmt;
use core::time::Duration;

use super::stop::RetryStop;
use crate::Failure;

/// Is told of each retry and of the end of a call; given to [`Retry::observe`](crate::Retry::observe).
///
/// It is not told of an attempt that is made again at once because it was [never sent](crate::Verdict::NeverSent), nor that a call was
/// dropped.
///
/// Nothing is allocated or copied for it, and `()`, which is told nothing, costs nothing. A closure over `&Retrying` is an
/// observer of retries. It is called in the call's own task, after the budget was asked and before the wait.
///
/// ```
/// use std::cell::Cell;
/// use std::time::Duration;
/// use trunnion_patterns::{Backoff, Retry, Retrying};
///
/// trunnion_sim::run(|rt| async move {
///     let told = Cell::new(0);
///     let retry = Retry::new(Backoff::exponential(Duration::from_millis(100)))
///         .observe(|retrying: &Retrying<'_, u8, &str>| {
///             assert!(retrying.wait <= Duration::from_millis(200));
///             told.set(told.get() + 1);
///         });
///     let failed = retry.run(&rt, |_| async { Err::<u8, _>("no luck") }).await;
///     assert_eq!((failed.unwrap_err().into_op(), told.get()), (Some("no luck"), 2));
/// });
/// ```
pub trait RetryObserver<T, E> {
    /// Hears that an attempt failed and another is made after a wait.
    fn retrying(&self, retrying: &Retrying<'_, T, E>) {
        _ = retrying;
    }

    /// Hears that no more attempts are made.
    fn stopped(&self, stopped: &Stopped<'_, T, E>) {
        _ = stopped;
    }
}

impl<T, E> RetryObserver<T, E> for () {}

impl<T, E, F> RetryObserver<T, E> for F
where
    F: Fn(&Retrying<'_, T, E>),
{
    #[inline]
    fn retrying(&self, retrying: &Retrying<'_, T, E>) {
        self(retrying);
    }
}

/// Describes a retry to a [`RetryObserver`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Retrying<'r, T, E> {
    /// The number of the attempt that failed, 1 for the first.
    pub attempt: u32,
    /// What it gave.
    pub outcome: Result<&'r T, Failure<&'r E>>,
    /// How long is waited now.
    pub wait: Duration,
}

/// Describes the end of a call to a [`RetryObserver`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Stopped<'r, T, E> {
    /// How many attempts were made.
    pub attempts: u32,
    /// How long was waited between them.
    pub waited: Duration,
    /// Why no more are made.
    pub stop: RetryStop,
    /// What the last attempt gave, if one came to its end.
    pub outcome: Option<Result<&'r T, Failure<&'r E>>>,
}

impl<T, E> fmt::Display for Retrying<'_, T, E>
where
    E: fmt::Display,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempt, wait, .. } = self;
        match &self.outcome {
            Ok(_) => write!(f, "attempt {attempt} is tried again in {wait:?}"),
            Err(failure) => write!(f, "attempt {attempt} failed ({failure}): again in {wait:?}"),
        }
    }
}
