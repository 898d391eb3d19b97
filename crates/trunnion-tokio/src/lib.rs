//! Runs trunnion libraries on tokio.
//!
//! | value | what it is | what it can do |
//! |---|---|---|
//! | [`Tokio`] | a handle to a runtime that somebody else owns | everything a library asks for |
//! | [`TokioOwned`] | a runtime of one's own | [`BlockOn`], [`ShutdownRuntime`], gives a [`Tokio`] |
//! | [`TokioLocal`] | a handle to a runtime on this thread | [`SpawnLocal`] in place of [`Spawn`] |
//! | [`TokioLocalOwned`] | a local runtime of one's own | [`BlockOn`], [`ShutdownRuntime`], gives a [`TokioLocal`] |
//!
//! Tasks, timers and blocking closures are tokio's own; the handles add what trunnion promises on every runtime: dropping
//! a task's handle cancels the task, an ended runtime is told from an aborted task, and a sleep never panics.
//!
//! ```
//! use std::time::Duration;
//! use trunnion_core::{BlockOn, JoinError, Runtime};
//! use trunnion_tokio::TokioOwned;
//!
//! async fn answer<R: Runtime>(rt: &R) -> Result<u32, JoinError> {
//!     let task = rt.spawn(async { 6 * 7 });
//!     rt.sleep(Duration::from_millis(1)).await;
//!     task.await
//! }
//!
//! # fn main() -> std::io::Result<()> {
//! let owner = TokioOwned::multi_thread()?;
//! let rt = owner.handle();
//! assert_eq!(owner.block_on(answer(&rt)).unwrap(), 42);
//! # Ok(())
//! # }
//! ```
//!
//! # Time
//!
//! The clock is [`tokio::time::Instant`]'s, so that a clock paused with tokio's `test-util` is honoured by whatever runs
//! inside the runtime. Outside of it, tokio itself reads the operating system's clock.
//!
//! # Tokens of tokio-util
//!
//! With the feature `tokio-util`, `UtilToken` lends a `tokio_util::sync::CancellationToken` to patterns that want a
//! [`Cancellation`](trunnion_core::Cancellation), and `UtilChild` makes such a token that a
//! [`CancelToken`](trunnion_core::CancelToken) cancels.
//!
//! # Signals
//!
//! With the feature `signal`, [`Tokio`] listens for Ctrl-C and `SIGTERM`: `trunnion_core::Signals`. The runtime must have its IO enabled.
//!
//! [`BlockOn`]: trunnion_core::BlockOn
//! [`ShutdownRuntime`]: trunnion_core::ShutdownRuntime
//! [`Spawn`]: trunnion_core::Spawn
//! [`SpawnLocal`]: trunnion_core::SpawnLocal
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod sleep;
mod spawn;
mod task;

mod blocking;
mod owned;

mod local;

mod detect;

mod known;
mod running;
mod shared;

#[cfg(all(feature = "signal", any(unix, windows)))]
mod stop_signal;
#[cfg(feature = "tokio-util")]
mod tokio_util;

use std::sync::Arc;

use tokio::runtime::Handle;
use trunnion_core::{Entropy, Info, NoRuntime, RuntimeInfo, ThreadEntropy, YieldNow, YieldOnce};

pub use blocking::Blocking;
pub use detect::register;
pub use local::{LocalTask, TokioLocal, TokioLocalOwned};
pub use owned::TokioOwned;
pub use shared::TimerDisabled;
pub use sleep::TokioSleep;
pub use task::Task;
#[cfg(feature = "tokio-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio-util")))]
pub use tokio_util::{UtilCancelled, UtilChild, UtilToken};

use shared::Shared;

/// Reaches a tokio runtime from any thread; it does not keep the runtime running.
///
/// Clones reach the same runtime. After the runtime's end, spawned futures are dropped and their handles give
/// [`JoinError::Shutdown`](trunnion_core::JoinError::Shutdown).
///
/// ```
/// use trunnion_core::{Spawn, SpawnBlocking};
/// use trunnion_tokio::Tokio;
///
/// #[tokio::main]
/// async fn main() {
///     let rt = Tokio::current().expect("tokio runs this");
///     let task = rt.spawn(async { 1 });
///     let job = rt.spawn_blocking(|| 2);
///     assert_eq!(task.await.unwrap() + job.await.unwrap(), 3);
/// }
/// ```
///
/// # Cost
/// A clone counts one reference. The first value for a runtime allocates; later ones find that value.
#[derive(Clone)]
pub struct Tokio {
    shared: Arc<Shared>,
}

impl Tokio {
    /// Finds the tokio runtime that this thread is inside of.
    ///
    /// # Errors
    /// [`NoRuntime`] outside of tokio, or where the runtime was built without a timer.
    ///
    /// ```
    /// use trunnion_tokio::Tokio;
    ///
    /// assert!(Tokio::current().is_err(), "no runtime is current here");
    /// ```
    pub fn current() -> Result<Self, NoRuntime> {
        register();
        let handle = Handle::try_current().map_err(|_| NoRuntime::new())?;
        Self::new(handle).map_err(|_| NoRuntime::new())
    }

    /// Wraps a handle to a runtime.
    ///
    /// # Errors
    /// [`TimerDisabled`] if the runtime was built without a timer. Tokio tells that by a panic only, so that its message
    /// reaches the panic hook in this one case.
    ///
    /// ```
    /// use trunnion_tokio::Tokio;
    ///
    /// let native = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    /// let rt = Tokio::new(native.handle().clone()).expect("time is enabled");
    /// assert_eq!(rt.handle().id(), native.handle().id());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(handle: Handle) -> Result<Self, TimerDisabled> {
        register();
        Shared::of(handle).map(|shared| Self { shared })
    }

    /// Gives tokio's own handle.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.shared.handle
    }
}

impl YieldNow for Tokio {
    type Yield = YieldOnce;

    fn yield_now(&self) -> YieldOnce {
        YieldOnce::new()
    }
}

impl Entropy for Tokio {
    fn next_u64(&self) -> u64 {
        ThreadEntropy.next_u64()
    }
}

impl RuntimeInfo for Tokio {
    fn info(&self) -> Info {
        self.shared.info
    }
}

impl std::fmt::Debug for Tokio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tokio").field(&self.shared.info).finish()
    }
}
