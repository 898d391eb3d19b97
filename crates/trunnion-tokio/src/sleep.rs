//! Sleeps of tokio's timer that never panic.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
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
    /// caught here (its message may reach the panic hook, twice, and `panic = "abort"` rules it out).
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
        #[pin]
        state: State,
    }
}

pin_project! {
    #[project = StateProj]
    enum State {
        // Not polled before its deadline yet: there is no timer.
        Idle {
            runtime: Tokio,
            deadline: Instant,
        },
        Armed {
            #[pin]
            native: tokio::time::Sleep,
            // The deadline that was asked for; nothing where it is what tokio's sleep has.
            asked: Option<Instant>,
        },
        // The runtime ended while this was armed.
        Gone {
            deadline: Instant,
        },
    }
}

impl TokioSleep {
    pub(crate) const fn new(runtime: Tokio, deadline: Instant) -> Self {
        let state = State::Idle { runtime, deadline };
        Self { state }
    }

    /// Makes one in `place` and polls it. Both in one read the clock once, and do not count a reference.
    pub(crate) fn start(
        runtime: &Tokio,
        duration: Duration,
        mut place: Pin<&mut Option<Self>>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        // The clock that tokio's timer goes by, which may be paused.
        let now = tokio::time::Instant::now();
        let at = now.checked_add(duration).unwrap_or_else(|| now + FAR);
        {
            let _entered = enter(runtime.handle());
            let state = State::armed(at, None);
            place.set(Some(Self { state }));
        }
        match place.as_pin_mut() {
            Some(sleep) if duration.is_zero() => sleep.poll(cx),
            Some(sleep) => sleep.project().state.poll_native(cx),
            None => unreachable!("the sleep was made above"),
        }
    }
}

impl State {
    /// Makes tokio's sleep; the runtime is to be entered.
    #[inline]
    fn armed(at: tokio::time::Instant, asked: Option<Instant>) -> Self {
        let native = tokio::time::sleep_until(at);
        Self::Armed { native, asked }
    }

    /// Makes tokio's sleep of an idle one, unless the deadline has been reached.
    fn arm(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let StateProj::Idle { runtime, deadline } = self.as_mut().project() {
            let (deadline, at) = (*deadline, native_instant(*deadline));
            if is_due(Some(deadline), at) {
                return Poll::Ready(());
            }
            let armed = {
                let _entered = enter(runtime.handle());
                Self::armed(at, Some(deadline))
            };
            self.set(armed);
        }
        self.poll_native(cx)
    }

    /// Polls tokio's sleep and keeps its panic in here if its runtime has ended.
    fn poll_native(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let StateProj::Armed { mut native, .. } = self.as_mut().project() else {
            return Poll::Pending;
        };
        let payload = match catch(|| native.as_mut().poll(cx)) {
            Ok(poll) => return poll,
            Err(payload) => payload,
        };
        if !has_ended(native) {
            // Not tokio's: the waker's.
            payload.resume();
        }
        contain(|| drop(payload));
        let deadline = self.deadline();
        self.set(Self::Gone { deadline });
        Poll::Pending
    }

    fn deadline(&self) -> Instant {
        match self {
            Self::Idle { deadline, .. } | Self::Gone { deadline } => *deadline,
            Self::Armed { native, asked } => {
                asked.unwrap_or_else(|| RealClock.from_std(native.deadline().into_std()))
            }
        }
    }
}

/// Enters the runtime unless the thread is inside it, which costs less to find out.
#[inline]
fn enter(runtime: &Handle) -> Option<EnterGuard<'_>> {
    let inside = Handle::try_current().is_ok_and(|current| current.id() == runtime.id());
    (!inside).then(|| runtime.enter())
}

/// Tells whether the runtime of a sleep whose poll panicked has ended: then it panics again, with a waker that does not.
fn has_ended(sleep: Pin<&mut tokio::time::Sleep>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    let again = catch(|| sleep.poll(&mut cx));
    again.map_err(|payload| contain(|| drop(payload))).is_err()
}

/// Tells whether tokio's clock has come to `at`, which `asked` was converted to. Comparing costs less than converting.
fn is_due(asked: Option<Instant>, at: tokio::time::Instant) -> bool {
    // A paused clock may lie before the origin: it counts as being there.
    asked == Some(Instant::ORIGIN) || tokio::time::Instant::now() >= at
}

/// What tokio takes for a time that the platform's clock cannot hold: 30 years.
const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);

/// Converts for tokio's timer.
fn native_instant(at: Instant) -> tokio::time::Instant {
    match RealClock.to_std(at) {
        Some(at) => at.into(),
        None => tokio::time::Instant::now() + FAR,
    }
}

impl Future for TokioSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let state = self.as_mut().project().state;
        if let State::Idle { .. } = *state {
            return state.arm(cx);
        }
        // Tokio's timer lags by its granularity; the clock is what `is_elapsed` goes by.
        if state.poll_native(cx).is_ready() || self.is_elapsed() {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Sleep for TokioSleep {
    fn reset(self: Pin<&mut Self>, to: Instant) {
        match self.project().state.project() {
            StateProj::Idle { deadline, .. } | StateProj::Gone { deadline } => *deadline = to,
            StateProj::Armed { native, asked } => {
                *asked = Some(to);
                native.reset(native_instant(to));
            }
        }
    }

    fn deadline(&self) -> Instant {
        self.state.deadline()
    }

    fn is_elapsed(&self) -> bool {
        match &self.state {
            State::Idle { deadline, .. } => now() >= *deadline,
            State::Armed { native, asked } => is_due(*asked, native.deadline()),
            State::Gone { .. } => false,
        }
    }
}

impl fmt::Debug for TokioSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioSleep")
            .field("deadline", &self.deadline())
            .finish_non_exhaustive()
    }
}
