//! Runtimes of one's own.

mod enter;
mod owner;

use std::fmt;
use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use trunnion_core::context::Context;
use trunnion_core::{AnyRuntime, BlockOn, ShutdownReport, ShutdownRuntime, WouldDeadlock};

use crate::{TimerDisabled, Tokio};
pub(crate) use owner::Owner;

/// Owns a tokio runtime: enters it, ends it, and gives handles to it.
///
/// Dropping it ends the runtime and drops its tasks, but does not wait for blocking closures that are running;
/// [`shutdown`](ShutdownRuntime::shutdown) is how to wait.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{BlockOn, ShutdownRuntime, Spawn, TaskHandle};
/// use trunnion_tokio::TokioOwned;
///
/// let owner = TokioOwned::multi_thread()?;
/// let rt = owner.handle();
/// assert_eq!(owner.block_on(async { 6 * 7 }), 42);
///
/// rt.spawn(std::future::pending::<()>()).detach();
/// let report = owner.shutdown(Duration::from_secs(1)).expect("not inside the runtime");
/// assert_eq!((report.tasks_dropped, report.blocking_running), (1, 0));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TokioOwned {
    owner: Owner<Runtime>,
    // The same runtime, erased once for all the contexts that are entered.
    erased: AnyRuntime,
}

impl TokioOwned {
    /// Starts a runtime with one worker thread for each core, and all drivers that are compiled in.
    ///
    /// # Errors
    /// What the operating system says when it refuses a thread or a driver.
    pub fn multi_thread() -> io::Result<Self> {
        build(&mut Builder::new_multi_thread())
    }

    /// Starts a runtime with this many worker threads, and all drivers that are compiled in.
    ///
    /// # Errors
    /// As for [`multi_thread`](Self::multi_thread).
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_core::RuntimeInfo;
    /// use trunnion_tokio::TokioOwned;
    ///
    /// let two = NonZeroUsize::new(2).unwrap();
    /// let owner = TokioOwned::with_workers(two)?;
    /// assert_eq!(owner.handle().info().workers, Some(two));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_workers(workers: NonZeroUsize) -> io::Result<Self> {
        build(Builder::new_multi_thread().worker_threads(workers.get()))
    }

    /// Starts a runtime whose tasks run on the thread that is inside `block_on`, with all drivers that are compiled in.
    ///
    /// # Errors
    /// As for [`multi_thread`](Self::multi_thread).
    pub fn current_thread() -> io::Result<Self> {
        build(&mut Builder::new_current_thread())
    }

    /// Takes over a runtime that was built by hand.
    ///
    /// # Errors
    /// [`TimerDisabled`] if it was built without a timer; it is dropped then.
    ///
    /// ```
    /// use trunnion_tokio::TokioOwned;
    ///
    /// let native = tokio::runtime::Builder::new_multi_thread().enable_time().build()?;
    /// assert!(TokioOwned::from_runtime(native).is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn from_runtime(runtime: Runtime) -> Result<Self, TimerDisabled> {
        let owner = Owner::new(runtime)?;
        let erased = AnyRuntime::new(owner.runtime().clone());
        Ok(Self { owner, erased })
    }

    /// Gives a handle to the runtime.
    #[must_use]
    pub fn handle(&self) -> Tokio {
        self.owner.runtime().clone()
    }

    /// Names this runtime for detection on the calling thread, also in the tasks that run or are dropped there.
    fn context(&self) -> Context {
        Context::new(self.erased.clone())
    }
}

fn build(builder: &mut Builder) -> io::Result<TokioOwned> {
    let runtime = builder.enable_all().build()?;
    TokioOwned::from_runtime(runtime).map_err(io::Error::other)
}

impl BlockOn for TokioOwned {
    /// Refused where tokio's own `block_on` would panic: in a poll of any tokio runtime. On blocking threads, in
    /// `block_in_place` and inside other runtimes it works.
    ///
    /// In a destructor that tokio runs, and in a poll inside `tokio::task::unconstrained`, nothing but tokio's panic tells:
    /// it is caught, after its message has reached the panic hook.
    fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, WouldDeadlock<F>> {
        self.context().enter(|| self.owner.try_block_on(future))
    }
}

impl ShutdownRuntime for TokioOwned {
    /// The report counts all of the runtime's tasks, and the closures that were given to `spawn_blocking` of a [`Tokio`].
    /// A task that ends while another thread shuts its runtime down may be counted.
    ///
    /// Worker threads drop their tasks at once, and a task in the middle of a poll after that poll; a shutdown waits for
    /// that up to the grace, or a quarter of a second if that is more. A current-thread runtime drops its tasks on this
    /// thread, after the blocking closures have ended or the grace is over.
    ///
    /// It is refused in polls and in blocking closures that a [`Tokio`] of this runtime started.
    fn shutdown(mut self, grace: Duration) -> Result<ShutdownReport, WouldDeadlock<Self>> {
        let context = self.context();
        match context.enter(|| self.owner.shutdown(grace)) {
            Some(report) => Ok(report),
            None => Err(WouldDeadlock::new(self)),
        }
    }
}

impl Drop for TokioOwned {
    fn drop(&mut self) {
        self.context().enter(|| self.owner.close());
    }
}

impl fmt::Debug for TokioOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokioOwned")
            .field(self.owner.runtime())
            .finish()
    }
}
