//! Tokio's clock and timer.

use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use trunnion_core::{Clock, Instant, RealClock, Timer, tell_real_clock};

use crate::{Tokio, TokioSleep};

/// The time line is the process's: instants of two real-time runtimes can be compared.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::Clock;
/// use trunnion_tokio::Tokio;
///
/// #[tokio::main(flavor = "current_thread", start_paused = true)]
/// async fn main() {
///     let rt = Tokio::current().unwrap();
///     let start = rt.now();
///     tokio::time::advance(Duration::from_secs(3600)).await;
///     assert!(rt.now() - start >= Duration::from_secs(3600));
/// }
/// ```
impl Clock for Tokio {
    #[track_caller]
    fn now(&self) -> Instant {
        tell_real_clock(Location::caller());
        now()
    }
}

/// Reads tokio's clock: a paused one inside its runtime, else the operating system's.
pub(crate) fn now() -> Instant {
    RealClock.from_std(tokio::time::Instant::now().into_std())
}

impl Timer for Tokio {
    type Sleep = TokioSleep;

    fn sleep_until(&self, deadline: Instant) -> TokioSleep {
        TokioSleep::new(self.clone(), deadline)
    }

    fn start_sleep(
        &self,
        duration: Duration,
        place: Pin<&mut Option<TokioSleep>>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        TokioSleep::start(self, duration, place, cx)
    }

    /// Tokio rounds a deadline up to a millisecond, and its driver waits for whole ones.
    fn granularity(&self) -> Duration {
        Duration::from_millis(2)
    }
}
