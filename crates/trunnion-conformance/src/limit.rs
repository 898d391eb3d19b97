//! Waiting for what must happen, with a limit, so that a broken adapter is told apart from a slow machine.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use trunnion_core::Timer;

/// It is generous: what is awaited takes milliseconds, and only what never happens reaches it.
pub const LIMIT: Duration = Duration::from_secs(10);

/// Waits for `what`.
///
/// # Panics
/// When it is not ready after [`LIMIT`] on the runtime's clock.
///
/// # Cancel safety
/// That of `what`.
pub async fn soon<R: Timer, F: Future>(rt: &R, what: F) -> F::Output {
    let mut what = pin!(what);
    let mut limit = pin!(rt.sleep(LIMIT));
    poll_fn(|cx| {
        if let Poll::Ready(output) = what.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        let late = limit.as_mut().poll(cx).is_ready();
        assert!(!late, "what must happen had not happened after {LIMIT:?}");
        Poll::Pending
    })
    .await
}

/// Waits until `holds` is true, looking again after each millisecond.
///
/// # Panics
/// When it is not true after [`LIMIT`] on the runtime's clock.
///
/// # Cancel safety
/// Dropping it changes nothing.
pub async fn until<R: Timer>(rt: &R, holds: impl Fn() -> bool) {
    let end = rt.now() + LIMIT;
    while !holds() {
        assert!(
            rt.now() < end,
            "what must become true was not after {LIMIT:?}"
        );
        rt.sleep(Duration::from_millis(1)).await;
    }
}
