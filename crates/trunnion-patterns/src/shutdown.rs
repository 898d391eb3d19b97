//! The orderly end of a program.

mod builder;
mod error;
mod handle;
mod limits;
mod panics;
mod phase;
mod releases;
mod report;

use core::fmt;
use core::future::poll_fn;
use core::ops::Deref;
use core::pin::pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::VecDeque;

use trunnion_core::panic::{catch, contain};
use trunnion_core::{CancelKind, CancelToken, PanicPayload, Spawn, StopSignals, Timer};

pub use builder::ShutdownBuilder;
pub use error::RegisterError;
pub use handle::{ShutdownGuard, ShutdownHandle};
pub use releases::ShutdownReleases;
pub use report::{PhaseReport, StopReport};

use limits::Limits;
use panics::Panics;
use phase::OpenPhase;

use crate::foreign::Foreign;
use crate::timeout_at;

/// Ends a program in phases, waits for all of its parts, and names those that are late.
///
/// The parts are registered under a phase: as a task ([`register`](ShutdownHandle::register)), as a closure that blocks
/// ([`register_blocking`](ShutdownHandle::register_blocking)), as a scope ([`child_scope`](ShutdownHandle::child_scope)), or by a
/// [`guard`](ShutdownHandle::guard) that is held somewhere. They run at once. [`run`](Self::run) waits for a request and then stops one phase after
/// the other:
///
/// 1. Its token is cancelled, and its parts have the phase's time to end, or what is left of the total, if that is less.
/// 2. Those that are late are killed: their futures are dropped where they wait.
/// 3. Those that are still there after the kill budget, because they block, are named as stragglers and no longer waited for.
///
/// The total is one deadline. When it has passed, and at a second request, all phases are killed at once; the kill budget counts from there.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{CancelKind, Runtime};
/// use trunnion_patterns::{Shutdown, StopReport};
///
/// async fn serve<R: Runtime>(rt: R) -> StopReport {
///     let shutdown = Shutdown::builder(&rt)
///         .phase("accept", Duration::from_secs(2))
///         .phase("flush", Duration::from_secs(5))
///         .total(Duration::from_secs(6))
///         .build();
///     let accept = shutdown.register("accept", "http", |stop| async move {
///         stop.cancelled().await;
///     });
///     let clock = rt.clone();
///     let flush = shutdown.register("flush", "journal", |stop| async move {
///         stop.cancelled().await;
///         clock.sleep(Duration::from_secs(1)).await; // writes what is left
///     });
///     assert!(accept.is_ok() && flush.is_ok());
///     shutdown.request(CancelKind::Shutdown); // a handler's clone of the handle does this
///     shutdown.run().await
/// }
/// # use trunnion_core::BlockOn;
/// # let sim = trunnion_sim::Sim::new();
/// let report = sim.block_on(serve(sim.handle()));
/// assert!(report.is_clean());
/// assert_eq!(report.elapsed, Duration::from_secs(1));
/// assert_eq!(report.phases[1].finished[0].name(), Some("journal"));
/// ```
///
/// A part that panics requests the shutdown too.
///
/// Dropping it without [`run`](Self::run) kills all parts and waits for none.
#[must_use = "a shutdown that is dropped kills all that was registered"]
pub struct Shutdown<R: Clone> {
    handle: ShutdownHandle<R>,
    open: VecDeque<OpenPhase<R>>,
    total: Duration,
    kill_budget: Duration,
    signals: Option<StopSignals>,
    foreign: Foreign,
    panics: Panics,
}

impl Shutdown<()> {
    /// Sets a shutdown up whose parts run on `rt`.
    pub fn builder<R: Clone>(rt: &R) -> ShutdownBuilder<R> {
        ShutdownBuilder::new(rt)
    }
}

impl<R: Clone> Shutdown<R> {
    /// Gives a handle that registers and requests, for those who do not wait for the end.
    #[must_use]
    pub fn handle(&self) -> ShutdownHandle<R> {
        self.handle.clone()
    }
}

impl<R: Timer + Spawn + Clone> Shutdown<R> {
    /// Waits for a request, stops the phases in their order, and tells how that went.
    ///
    /// The first request is a call of [`request`](ShutdownHandle::request), the first signal of
    /// [`signals`](ShutdownBuilder::signals), a cancellation or the deadline of the token, a cancellation of the one it is to [`cancel_on`](ShutdownBuilder::cancel_on), or the panic of a part; the time counts from when it is seen here. Signals are taken
    /// while this is polled.
    ///
    /// # Panics
    /// When a waker or a callback of a token panicked, and all phases are over. The panic of a part is in the report and does not make
    /// this panic; where a callback does, there is no report, and the first panic of all is raised: that of a part, if it came before.
    ///
    /// # Cancel safety
    /// Dropping the future kills all parts and waits for none.
    ///
    /// # Cost
    /// What is kept of a part that ended before the shutdown began is nothing.
    pub async fn run(mut self) -> StopReport {
        let (handle, panics) = (self.handle(), self.panics.clone());
        let mut signals = self.signals.take();
        let mut foreign = core::mem::take(&mut self.foreign);
        let mut stop = pin!(self.stop());
        let report = poll_fn(|cx| {
            if let Err(panic) = foreign.pass_on(handle.token(), cx) {
                panics.keep(Err(panic));
            }
            panics.keep(catch(|| {
                take_signals(&handle, signals.as_mut(), &panics, cx);
            }));
            stop.as_mut().poll(cx)
        })
        .await;
        panics.settle(report)
    }

    async fn stop(&mut self) -> StopReport {
        let handle = self.handle();
        let (rt, token) = (handle.runtime(), handle.token());
        self.panics.keep(ask_in_time(rt, token).await);
        let reason = token.cancelled().await;
        let begun = rt.now();
        let (end, panics) = (begun + self.total, self.panics.clone());
        let mut limits = Limits::new(token.clone(), end, self.kill_budget, panics);
        let mut phases = Vec::new();
        while let Some(open) = self.open.pop_front() {
            phases.push(open.stop(rt, &mut limits, &reason).await);
        }
        let elapsed = rt.now() - begun;
        StopReport {
            reason,
            phases,
            elapsed,
        }
    }
}

/// Waits for a request, and makes one when the token's deadline comes.
async fn ask_in_time<R: Timer>(rt: &R, token: &CancelToken) -> Result<(), PanicPayload> {
    let Some(at) = token.deadline() else {
        return Ok(());
    };
    match timeout_at(rt, at, token.cancelled()).await {
        Ok(_) => Ok(()),
        Err(_) => catch(|| _ = token.cancel_with(CancelKind::Deadline)),
    }
}

/// Makes a request of each signal. After the second there is nothing more to ask for.
fn take_signals<R: Clone>(
    handle: &ShutdownHandle<R>,
    signals: Option<&mut StopSignals>,
    panics: &Panics,
    cx: &mut Context<'_>,
) {
    let Some(signals) = signals else {
        return;
    };
    while !handle.token().is_killed() {
        match signals.poll_recv(cx) {
            // Its panic must not keep this from polling for the next one.
            Poll::Ready(signal) => panics.keep(catch(|| _ = handle.request(signal))),
            Poll::Pending => return,
        }
    }
}

/// It does what its [`handle`](Self::handle) does.
impl<R: Clone> Deref for Shutdown<R> {
    type Target = ShutdownHandle<R>;

    fn deref(&self) -> &ShutdownHandle<R> {
        &self.handle
    }
}

impl<R: Clone> Drop for Shutdown<R> {
    fn drop(&mut self) {
        if !self.open.is_empty() {
            contain(|| _ = self.handle.token().kill(CancelKind::ScopeClosed));
        }
    }
}

impl<R: Clone> fmt::Debug for Shutdown<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("handle", &self.handle)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}
