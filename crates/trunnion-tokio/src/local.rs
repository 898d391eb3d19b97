//! Runtimes whose tasks stay on one thread.

mod task;

use std::fmt;
use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use trunnion_core::context::Context;
use trunnion_core::panic::contain;
use trunnion_core::{
    BlockOn, Clock, Entropy, Info, Instant, RuntimeInfo, ShutdownReport, ShutdownRuntime,
    SpawnLocal, SpawnOptions, Timer, WouldDeadlock, YieldNow, YieldOnce,
};

use crate::owned::Owner;
use crate::{TimerDisabled, Tokio, TokioSleep};
pub use task::LocalTask;

/// Owns a tokio runtime that stays on this thread: enters it, ends it, and gives handles to it.
///
/// Dropping it ends the runtime and drops its tasks, but does not wait for blocking closures that are running;
/// [`shutdown`](ShutdownRuntime::shutdown) is how to wait.
///
/// ```
/// use std::rc::Rc;
/// use trunnion_core::{BlockOn, SpawnLocal};
/// use trunnion_tokio::TokioLocalOwned;
///
/// let owner = TokioLocalOwned::new()?;
/// let rt = owner.handle();
/// let shared = Rc::new(42);
/// let task = rt.spawn_local({
///     let shared = Rc::clone(&shared);
///     async move { *shared }
/// });
/// assert_eq!(owner.block_on(task).unwrap(), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TokioLocalOwned {
    owner: Owner<Rc<LocalRuntime>>,
}

impl TokioLocalOwned {
    /// Starts a local runtime on this thread, with all drivers that are compiled in.
    ///
    /// # Errors
    /// What the operating system says when it refuses a driver.
    pub fn new() -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())?;
        Self::from_runtime(runtime).map_err(io::Error::other)
    }

    /// Takes over a local runtime that was built by hand.
    ///
    /// # Errors
    /// [`TimerDisabled`] if it was built without a timer; it is dropped then.
    pub fn from_runtime(runtime: LocalRuntime) -> Result<Self, TimerDisabled> {
        Owner::new(Rc::new(runtime)).map(|owner| Self { owner })
    }

    /// Gives a handle to the runtime.
    #[must_use]
    pub fn handle(&self) -> TokioLocal {
        TokioLocal {
            runtime: self.owner.runtime().clone(),
            native: self.owner.native().map_or_else(Weak::new, Rc::downgrade),
        }
    }

    fn context(&self) -> Context {
        Context::local(self.owner.runtime().info().id)
    }
}

impl BlockOn for TokioLocalOwned {
    fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, WouldDeadlock<F>> {
        self.context().enter(|| self.owner.try_block_on(future))
    }
}

impl ShutdownRuntime for TokioLocalOwned {
    fn shutdown(mut self, grace: Duration) -> Result<ShutdownReport, WouldDeadlock<Self>> {
        let context = self.context();
        match context.enter(|| self.owner.shutdown(grace)) {
            Some(report) => Ok(report),
            None => Err(WouldDeadlock::new(self)),
        }
    }
}

impl Drop for TokioLocalOwned {
    fn drop(&mut self) {
        self.context().enter(|| self.owner.close());
    }
}

impl fmt::Debug for TokioLocalOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokioLocalOwned")
            .field(self.owner.runtime())
            .finish()
    }
}

/// Reaches a local tokio runtime from its own thread; it does not keep the runtime running.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{BlockOn, LocalRuntime};
/// use trunnion_tokio::TokioLocalOwned;
///
/// async fn pause(rt: &impl LocalRuntime) {
///     rt.sleep(Duration::from_millis(1)).await;
/// }
///
/// let owner = TokioLocalOwned::new()?;
/// let rt = owner.handle();
/// owner.block_on(pause(&rt));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Cost
/// A clone counts two references.
#[derive(Clone)]
pub struct TokioLocal {
    runtime: Tokio,
    // Weak, because tasks own handles and the runtime owns tasks.
    native: Weak<LocalRuntime>,
}

impl SpawnLocal for TokioLocal {
    type LocalTask<T: 'static> = LocalTask<T>;

    fn spawn_local_with<F>(&self, _options: SpawnOptions<'_>, future: F) -> LocalTask<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let native = if let Some(native) = self.native.upgrade() {
            native.spawn_local(future)
        } else {
            // Not by the call below: a destructor that spawns would find tokio's context borrowed.
            contain(|| drop(future));
            let _entered = self.runtime.handle().enter();
            tokio::task::spawn_local(pending())
        };
        LocalTask::new(native)
    }
}

impl Clock for TokioLocal {
    #[track_caller]
    fn now(&self) -> Instant {
        self.runtime.now()
    }
}

impl Timer for TokioLocal {
    type Sleep = TokioSleep;

    fn sleep_until(&self, deadline: Instant) -> TokioSleep {
        self.runtime.sleep_until(deadline)
    }

    fn start_sleep(
        &self,
        duration: Duration,
        place: Pin<&mut Option<TokioSleep>>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<()> {
        self.runtime.start_sleep(duration, place, cx)
    }

    fn granularity(&self) -> Duration {
        self.runtime.granularity()
    }
}

impl YieldNow for TokioLocal {
    type Yield = YieldOnce;

    fn yield_now(&self) -> YieldOnce {
        self.runtime.yield_now()
    }
}

impl Entropy for TokioLocal {
    fn next_u64(&self) -> u64 {
        self.runtime.next_u64()
    }
}

impl RuntimeInfo for TokioLocal {
    fn info(&self) -> Info {
        self.runtime.info()
    }
}

impl fmt::Debug for TokioLocal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokioLocal")
            .field(&self.runtime.info())
            .finish()
    }
}
