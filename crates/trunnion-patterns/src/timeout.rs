//! Giving up on a future that takes too long.

mod grace;
mod limit;

use core::fmt;
use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use pin_project_lite::pin_project;
use trunnion_core::{CancelToken, Instant, Sleep, Timer};

use crate::Elapsed;
pub use grace::Graceful;
pub use limit::Limit;

/// Gives up on `future` when it is not ready within `duration`, counted from the first poll.
///
/// The future is polled before the clock is looked at: a value that is ready in the instant of expiry is never lost, and
/// a `duration` of zero polls it once, so that what is ready succeeds. A `duration` that the clock cannot reach never
/// expires. On expiry the future is dropped before [`Elapsed`] is given.
///
/// The timer is borrowed. A task that owns its runtime borrows it from itself:
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{JoinError, Runtime};
/// use trunnion_patterns::{Elapsed, timeout};
///
/// async fn answer() -> u32 {
///     42
/// }
///
/// async fn in_a_task<R: Runtime>(rt: &R) -> Result<Result<u32, Elapsed>, JoinError> {
///     let owned = rt.clone();
///     rt.spawn(async move { timeout(&owned, Duration::from_secs(1), answer()).await }).await
/// }
/// ```
///
/// # Errors
/// [`Elapsed`] from the returned future when the time is over.
///
/// # Cancel safety
/// Dropping the returned future drops `future` and the timer; nothing else happens. To keep an operation beyond its
/// timeout, pass it by reference (`timeout(&rt, duration, &mut operation)`).
///
/// # Cost
/// None but polling `future` while that is ready at once: no clock is read and no timer made. Else one clock read and one
/// sleep of the runtime.
pub fn timeout<R, F>(timer: &R, duration: Duration, future: F) -> Timeout<'_, R, F::IntoFuture>
where
    R: Timer,
    F: IntoFuture,
{
    let limit = Limit::new(Some(duration), Instant::FAR_FUTURE);
    Timeout::new(timer, limit, future.into_future())
}

/// Gives up on `future` when it is not ready at `deadline`.
///
/// It is [`timeout`] with a point in time, which counts from nothing: several operations can share one. A deadline that
/// is past polls the future once, so that what is ready succeeds.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::Timer;
/// use trunnion_patterns::{Elapsed, timeout_at};
///
/// async fn part() -> u32 {
///     21
/// }
///
/// /// Both parts together have one second.
/// async fn whole<R: Timer>(rt: &R) -> Result<u32, Elapsed> {
///     let deadline = rt.now() + Duration::from_secs(1);
///     let first = timeout_at(rt, deadline, part()).await?;
///     let second = timeout_at(rt, deadline, part()).await?;
///     Ok(first + second)
/// }
/// ```
///
/// # Errors
/// [`Elapsed`] from the returned future when the time is over.
///
/// # Cancel safety
/// As for [`timeout`].
///
/// # Cost
/// As for [`timeout`], without the clock read.
pub fn timeout_at<R, F>(timer: &R, deadline: Instant, future: F) -> Timeout<'_, R, F::IntoFuture>
where
    R: Timer,
    F: IntoFuture,
{
    let limit = Limit::new(None, deadline);
    Timeout::new(timer, limit, future.into_future())
}

pin_project! {
    /// Waits for a future or for its time to be over; made by [`timeout`] and [`timeout_at`].
    ///
    /// It is `Send` when the timer is `Sync`, and its sleep and the future are `Send`.
    ///
    /// # Panics
    /// When it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops the future and the timer; nothing else happens.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Timeout<'a, R, F>
    where
        R: Timer,
    {
        timer: &'a R,
        limit: Limit,
        // Empty once the timeout has given its result.
        #[pin]
        future: Option<F>,
        // Made when the future is pending for the first time.
        #[pin]
        sleep: Option<R::Sleep>,
    }
}

impl<'a, R: Timer, F> Timeout<'a, R, F> {
    #[inline]
    pub(crate) const fn new(timer: &'a R, limit: Limit, future: F) -> Self {
        Self {
            timer,
            limit,
            future: Some(future),
            sleep: None,
        }
    }

    /// Asks the future to stop when its time is over, by cancelling `token`, and drops it only after `grace` more.
    ///
    /// The future is to look at the token, or at a child of it, and to end when that is cancelled: with a value, if it has one. A value
    /// that comes within the grace is given; [`Elapsed`] says that none came.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_core::{CancelToken, Timer};
    /// use trunnion_patterns::timeout;
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let token = CancelToken::new();
    ///     let count = async {
    ///         let mut pages = 0;
    ///         while token.run_until_cancelled(rt.sleep(Duration::from_secs(2))).await.is_ok() {
    ///             pages += 1;
    ///         }
    ///         pages // what is there so far
    ///     };
    ///     let pages = timeout(&rt, Duration::from_secs(5), count).grace(Duration::from_secs(1), &token).await;
    ///     assert_eq!(pages, Ok(2));
    /// });
    /// ```
    ///
    /// # Errors
    /// [`Elapsed`] from the returned future when the grace is over too.
    ///
    /// # Panics
    /// From the returned future: as [`CancelToken::cancel`].
    ///
    /// # Cancel safety
    /// Dropping the returned future drops the operation and the timer, and cancels nothing.
    ///
    /// # Cost
    /// That of the timeout; the sleep is moved for the grace.
    pub const fn grace(self, grace: Duration, token: &'a CancelToken) -> Graceful<'a, R, F> {
        Graceful::new(self, grace, token)
    }

    /// Waits for the limit, arming the timer at the first call.
    fn poll_elapsed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Elapsed> {
        let this = self.project();
        this.limit.poll(*this.timer, this.sleep, cx)
    }

    /// Drops the future and the timer in place.
    fn clear(self: Pin<&mut Self>) {
        let mut this = self.project();
        // What is ready at once has none, and looking costs less than the assignment.
        if this.sleep.is_some() {
            this.sleep.set(None);
        }
        this.future.set(None);
    }
}

impl<R: Timer, F: Future> Future for Timeout<'_, R, F> {
    type Output = Result<F::Output, Elapsed>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.as_mut().project().future.as_pin_mut();
        let future = future.expect("the timeout was polled after it gave its result");
        let result = match future.poll(cx) {
            Poll::Ready(value) => Ok(value),
            Poll::Pending => Err(ready!(self.as_mut().poll_elapsed(cx))),
        };
        self.clear();
        Poll::Ready(result)
    }
}

impl<R: Timer, F> fmt::Debug for Timeout<'_, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deadline = self.sleep.as_ref().map(Sleep::deadline);
        f.debug_struct("Timeout")
            .field("limit", &self.limit)
            .field("deadline", &deadline)
            .finish_non_exhaustive()
    }
}
