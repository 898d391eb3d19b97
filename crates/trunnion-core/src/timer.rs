//! Waiting for a point in time.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use crate::{Clock, Instant};

/// Waits until a deadline that can be moved.
///
/// It is ready at the first poll when the deadline is not in the future, and never before the deadline. Polled again after
/// it was ready, it is ready again.
///
/// # Cancel safety
/// Dropping it removes the timer; nothing is woken afterwards and nothing is lost.
pub trait Sleep: Future<Output = ()> {
    /// Moves the deadline, also after the sleep was ready. The task that polled it last is woken if that makes it due.
    fn reset(self: Pin<&mut Self>, deadline: Instant);

    /// Names the deadline.
    fn deadline(&self) -> Instant;

    /// Tells whether the deadline has been reached, that is whether a poll now is ready.
    ///
    /// That a runtime's cooperative budget is used up must not keep a sleep pending beyond its deadline.
    fn is_elapsed(&self) -> bool;
}

/// Makes sleeps on the time line of its own [`Clock`].
///
/// Every timer is a clock, so that nothing can sleep on one line and read another.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{Instant, Timer};
///
/// /// Runs unchanged on any runtime.
/// async fn measure<R: Timer>(rt: &R) -> Duration {
///     let start: Instant = rt.now();
///     rt.sleep(Duration::from_millis(5)).await;
///     rt.now() - start
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot make sleeps",
    note = "pass a runtime value, such as `trunnion_tokio::Tokio`, `trunnion_smol::SmolGlobal` or `AnyRuntime`"
)]
pub trait Timer: Clock {
    /// The future that a sleep is. It must not need its runtime to be entered when it is polled or dropped.
    type Sleep: Sleep + 'static;

    /// Waits until `deadline`; see [`Sleep`].
    ///
    /// # Cancel safety
    /// Dropping the sleep removes the timer; nothing is lost.
    fn sleep_until(&self, deadline: Instant) -> Self::Sleep;

    /// Waits for `duration`, counted from this call. A duration that the clock cannot reach stays pending.
    ///
    /// # Cancel safety
    /// Dropping the sleep removes the timer; nothing is lost.
    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.sleep_until(self.now() + duration)
    }

    /// Makes a sleep of `duration` in `place` and polls it, for those who do both at once: a runtime may save a look at its clock.
    #[doc(hidden)]
    fn start_sleep(
        &self,
        duration: Duration,
        mut place: Pin<&mut Option<Self::Sleep>>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        place.set(Some(self.sleep(duration)));
        place
            .as_pin_mut()
            .map_or(Poll::Pending, |sleep| sleep.poll(cx))
    }

    /// Tells how much later than its deadline a sleep may end on an idle machine.
    fn granularity(&self) -> Duration;
}
