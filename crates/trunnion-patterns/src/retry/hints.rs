//! What is made of a service's hint.

use core::time::Duration;

use trunnion_core::Entropy;

use super::stop::RetryStop;
use super::verdict::Hint;

/// The longest hint that is followed, if nothing else is said.
const CAP: Duration = Duration::from_secs(60);
/// The most that is added to a hint, so that clients with the same hint do not come back together.
const SPREAD: Duration = Duration::from_secs(1);

/// Says how the hints of a service are followed; given to [`Retry::hints`](crate::Retry::hints).
///
/// A hint says how long to wait and never how often to try: attempts, deadline and budget hold whatever the service says. A hint
/// that is too long ends the call, because to come earlier than asked would be wrong, and to wait for it would let a server
/// put its clients to sleep; the error that is returned is the one that carries it.
///
/// ```
/// use std::time::Duration;
/// use trunnion_patterns::{Backoff, Hint, Hints, Retry, RetryStop, Verdict};
///
/// trunnion_sim::run(|rt| async move {
///     let retry = Retry::new(Backoff::exponential(Duration::from_millis(100)))
///         .hints(Hints::at_least().cap(Duration::from_secs(10)))
///         .classify(|result: &Result<(), u64>| match result {
///             Ok(()) => Verdict::Done,
///             Err(after) => Verdict::Throttled(Hint::After(Duration::from_secs(*after))),
///         });
///     let mut hints = [2, 3600].into_iter();
///     let call = retry.run(&rt, |_| std::future::ready(hints.next().map_or(Ok(()), Err)));
///     let report = call.report().await;
///     assert!(report.waited >= Duration::from_secs(2));
///     assert_eq!(report.stop, RetryStop::HintTooLong(Duration::from_secs(3600)));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hints {
    rule: Rule,
    cap: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    AtLeast,
    Exact,
    Bounded(Duration),
    Ignore,
}

impl Hints {
    /// Waits at least so long: the longer of hint and delay, and up to a tenth of the hint more, at most a second. The default.
    #[must_use]
    pub const fn at_least() -> Self {
        Self::new(Rule::AtLeast)
    }

    /// Waits exactly so long, as gRPC does: clients that get the same hint come back together.
    #[must_use]
    pub const fn exact() -> Self {
        Self::new(Rule::Exact)
    }

    /// Waits for the hint, but no less than the delay and no more than `extra` beyond it, as the AWS SDKs do with 5 seconds.
    ///
    /// No hint is too long for this rule: it comes earlier than asked.
    #[must_use]
    pub const fn bounded(extra: Duration) -> Self {
        Self::new(Rule::Bounded(extra))
    }

    /// Waits for the delay, whatever the service says.
    #[must_use]
    pub const fn ignore() -> Self {
        Self::new(Rule::Ignore)
    }

    /// Ends the call on a hint longer than `cap`; one minute, if nothing else is said.
    #[must_use]
    pub const fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    const fn new(rule: Rule) -> Self {
        Self { rule, cap: CAP }
    }

    /// The wait, or why there is none.
    #[inline]
    pub(super) fn wait<E: Entropy + ?Sized>(
        self,
        hint: Hint,
        delay: Duration,
        entropy: &E,
    ) -> Result<Duration, RetryStop> {
        match (hint, self.rule) {
            (Hint::Unsaid, _) | (_, Rule::Ignore) => Ok(delay),
            (Hint::Never, _) => Err(RetryStop::Refused),
            (Hint::After(hint), Rule::Bounded(extra)) => {
                Ok(hint.clamp(delay, delay.saturating_add(extra)))
            }
            (Hint::After(hint), _) if hint > self.cap => Err(RetryStop::HintTooLong(hint)),
            (Hint::After(hint), Rule::Exact) => Ok(hint),
            (Hint::After(hint), Rule::AtLeast) => {
                let spread = draw((hint / 10).min(SPREAD), entropy);
                Ok(hint.max(delay).saturating_add(spread))
            }
        }
    }
}

impl Default for Hints {
    fn default() -> Self {
        Self::at_least()
    }
}

/// A part of `most`, which is at most a second, from all of them alike.
fn draw<E: Entropy + ?Sized>(most: Duration, entropy: &E) -> Duration {
    if most.is_zero() {
        return most;
    }
    let nanos = most.as_nanos() + 1;
    let drawn = (u128::from(entropy.next_u64()) * nanos) >> 64;
    Duration::from_nanos(u64::try_from(drawn).unwrap_or(0))
}
