//! Sleeps of tokio's timer that never panic.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::runtime::{EnterGuard, Handle};
use trunnion_core::panic::{catch, contain};
use trunnion_core::{Clock, Instant, RealClock, Sleep};

use crate::Tokio;
use crate::clock::now;

pin_project! {
    /// Waits until a deadline on tokio's timer; see [`Sleep`].
    ///
    /// It may be polled on any thread and by any executor. Tokio's own sleep is made at the first poll that finds the
    /// deadline in the future. When its runtime has ended it stays pending; tokio tells that by a panic only, which is
    /// caught here (its message may reach the panic hook, and `panic = "abort"` rules it out).
    ///
    /// # Cancel safety
    /// Dropping it removes the timer; nothing is lost.
    ///
    /// # Cost
    /// No allocation. Making one counts a reference; a poll reads the clock at most once.
    ///
    /// ```
    /// use std::pin::pin;
    /// use std::time::Duration;
    /// use trunnion_core::{BlockOn, Clock, Sleep, Timer};
    /// use trunnion_tokio::TokioOwned;
    ///
    /// let owner = TokioOwned::current_thread()?;
    /// let rt = owner.handle();
    /// owner.block_on(async {
    ///     let mut sleep = pin!(rt.sleep(Duration::from_secs(3600)));
    ///     sleep.as_mut().reset(rt.now() + Duration::from_millis(1));
    ///     sleep.await;
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use = "futures do nothing unless awaited"]
    pub struct TokioSleep {
        runtime: Tokio,
        deadline: Instant,
        #[pin]
        state: State,
    }
}

pin_project! {
    #[project = StateProj]
    enum State {
        // Not polled before its deadline yet: there is no timer.
        Idle,
        Armed { #[pin] native: tokio::time::Sleep },
        // The runtime ended while this was armed.
        Gone,
    }
}

impl TokioSleep {
    pub(crate) fn new(runtime: Tokio, deadline: Instant) -> Self {
        Self {
            runtime,
            deadline,
            state: State::Idle,
        }
    }

    /// Makes tokio's sleep, unless the deadline has been reached.
    fn arm(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let at = native_instant(*this.deadline);
        if is_due(*this.deadline, at) {
            return Poll::Ready(());
        }
        let native = {
            let _entered = enter(this.runtime.handle());
            tokio::time::sleep_until(at)
        };
        this.state.set(State::Armed { native });
        poll_native(this.state, this.runtime, cx)
    }
}

/// Enters the runtime unless the thread is inside it, which costs less to find out.
fn enter(runtime: &Handle) -> Option<EnterGuard<'_>> {
    let inside = Handle::try_current().is_ok_and(|current| current.id() == runtime.id());
    (!inside).then(|| runtime.enter())
}

/// Polls tokio's sleep and keeps its panic in here if its runtime has ended.
fn poll_native(mut state: Pin<&mut State>, runtime: &Tokio, cx: &mut Context<'_>) -> Poll<()> {
    let StateProj::Armed { native } = state.as_mut().project() else {
        return Poll::Pending;
    };
    match catch(|| native.poll(cx)) {
        Ok(poll) => poll,
        Err(payload) if runtime.shared.has_ended() => {
            contain(|| drop(payload));
            state.set(State::Gone);
            Poll::Pending
        }
        // Not tokio's: the waker's.
        Err(payload) => payload.resume(),
    }
}

/// Tells whether tokio's clock has come to `at`, which `deadline` was converted to. Comparing costs less than converting.
fn is_due(deadline: Instant, at: tokio::time::Instant) -> bool {
    // A paused clock may lie before the origin: it counts as being there.
    deadline == Instant::ORIGIN || tokio::time::Instant::now() >= at
}

/// Converts for tokio's timer; what the platform's clock cannot hold becomes 30 years from now, as in tokio.
fn native_instant(at: Instant) -> tokio::time::Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);
    match RealClock.to_std(at) {
        Some(at) => at.into(),
        None => tokio::time::Instant::now() + FAR,
    }
}

impl Future for TokioSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let State::Idle = self.state {
            return self.arm(cx);
        }
        let this = self.as_mut().project();
        if poll_native(this.state, this.runtime, cx).is_ready() {
            return Poll::Ready(());
        }
        // Tokio's timer lags by its granularity; the clock is what `is_elapsed` goes by.
        if self.is_elapsed() {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Sleep for TokioSleep {
    fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.project();
        *this.deadline = deadline;
        if let StateProj::Armed { native } = this.state.project() {
            native.reset(native_instant(deadline));
        }
    }

    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn is_elapsed(&self) -> bool {
        match &self.state {
            State::Idle => now() >= self.deadline,
            State::Armed { native } => is_due(self.deadline, native.deadline()),
            State::Gone => false,
        }
    }
}

impl fmt::Debug for TokioSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioSleep")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
