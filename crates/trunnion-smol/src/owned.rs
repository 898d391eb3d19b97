//! A runtime with threads of its own.

use core::fmt;
use core::future::Future;
use core::num::NonZeroUsize;
use core::pin::pin;
use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use smol::Executor;
use trunnion_core::context::{is_inside, is_polling};
use trunnion_core::panic::contain;
use trunnion_core::task::Scoped;
use trunnion_core::{BlockOn, Clock, RealClock, ShutdownReport, ShutdownRuntime, WouldDeadlock};

use crate::ending::Ending;
use crate::home::enter;
use crate::{SmolExecutor, detect, root, wait::wait_until};

/// How long the end of a runtime waits for a worker that is stuck in a poll before it leaves the rest to that worker.
const PATIENCE: Duration = Duration::from_secs(1);

/// Owns an executor and the threads that drive it.
///
/// Tasks run on the worker threads and nowhere else, whether or not a thread is inside `block_on`; that thread polls its
/// root future and drives async-io.
///
/// Dropping it ends the runtime: pending tasks are dropped and their awaiters get
/// [`JoinError::Shutdown`](trunnion_core::JoinError::Shutdown), queued blocking closures are dropped, running ones are not
/// waited for. The drop waits for the workers, for a second at most when one is stuck in a poll. It may happen inside a task
/// of the same runtime: then it does not wait, and the last worker to leave drops the tasks.
///
/// ```
/// use std::num::NonZeroUsize;
/// use std::time::Duration;
/// use trunnion_core::{BlockOn, ShutdownRuntime, Spawn};
/// use trunnion_smol::SmolOwned;
///
/// let owner = SmolOwned::with_workers(NonZeroUsize::MIN)?;
/// let rt = owner.handle();
/// assert_eq!(owner.block_on(rt.spawn(async { 6 * 7 })).unwrap(), 42);
///
/// rt.spawn_detached(std::future::pending());
/// let report = owner.shutdown(Duration::from_secs(1)).expect("not inside the runtime");
/// assert_eq!(report.tasks_dropped, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct SmolOwned {
    handle: SmolExecutor,
    // Empty once the runtime has been told to end.
    executor: Option<Arc<Executor<'static>>>,
    workers: Vec<JoinHandle<Option<()>>>,
}

impl SmolOwned {
    /// Starts a runtime with this many worker threads.
    ///
    /// # Errors
    /// That of the operating system when it refuses a thread; those that were started end again.
    pub fn with_workers(threads: NonZeroUsize) -> io::Result<Self> {
        detect::register();
        let executor = Arc::new(Executor::new());
        let mut owned = Self {
            handle: SmolExecutor::owned(&executor, Ending::new(threads.get())),
            executor: Some(executor),
            workers: Vec::with_capacity(threads.get()),
        };
        for place in 0..threads.get() {
            owned.start_worker(place)?;
        }
        Ok(owned)
    }

    /// Starts a runtime with a worker thread for each processor that the program may use.
    ///
    /// # Errors
    /// As for [`with_workers`](Self::with_workers).
    pub fn multi_thread() -> io::Result<Self> {
        Self::with_workers(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }

    /// Gives the runtime's value, which does not keep it alive.
    #[must_use]
    pub fn handle(&self) -> SmolExecutor {
        self.handle.clone()
    }

    fn start_worker(&mut self, place: usize) -> io::Result<()> {
        let executor = self.executor.clone();
        let handle = self.handle.clone();
        let worker = thread::Builder::new()
            .name(format!("trunnion-smol-{place}"))
            .spawn(move || executor.map(|executor| work(executor, &handle, place)))?;
        self.workers.push(worker);
        Ok(())
    }

    fn ending(&self) -> &Ending {
        self.handle
            .parts()
            .ending()
            .expect("the handle of an owned runtime was made with an ending")
    }

    /// Tells whether this thread runs a task, a root future or a blocking closure of the runtime.
    fn is_inside(&self) -> bool {
        self.is_worker() || is_inside(self.handle.parts().id())
    }

    fn is_worker(&self) -> bool {
        let this = thread::current().id();
        self.workers
            .iter()
            .any(|worker| worker.thread().id() == this)
    }

    /// Ends the runtime and waits for the end of its tasks, but not inside a worker, which has to leave first.
    fn close(&mut self, patience: Duration) {
        let Some(executor) = self.executor.take() else {
            return;
        };
        let ending = self.ending();
        ending.stop.set();
        ending.jobs.close();
        self.handle.parts().release(executor);
        if self.is_worker() {
            return;
        }
        let mut gone = pin!(self.ending().gone.wait(0));
        if wait_until(RealClock.now() + patience, |cx| gone.as_mut().poll(cx)) {
            self.join_workers();
        }
    }

    /// Waits for threads that have left the executor and have nothing more to do than end.
    fn join_workers(&mut self) {
        for worker in self.workers.drain(..) {
            // A worker does not panic; if it did, the process's hook has reported it.
            let _ended = worker.join();
        }
    }
}

fn work(executor: Arc<Executor<'static>>, handle: &SmolExecutor, place: usize) {
    let parts = handle.parts();
    if let Some(ending) = parts.ending() {
        while !ending.stop.is_set() {
            // Tasks do not panic into the executor. Should anything else, the worker goes on.
            let run = || smol::block_on(executor.run(ending.stop.wait(place)));
            contain(|| enter(&ending.registry, run));
        }
    }
    parts.release(executor);
}

impl BlockOn for SmolOwned {
    fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, WouldDeadlock<F>> {
        if is_polling(self.handle.parts().id()) {
            return Err(WouldDeadlock::new(future));
        }
        Ok(root::block_on(Scoped::new(self.handle.context(), future)))
    }
}

impl ShutdownRuntime for SmolOwned {
    /// Ends the runtime; see [`ShutdownRuntime::shutdown`].
    ///
    /// A worker that is stuck in a poll is waited for as well, for `grace` but at least a second. It is refused inside tasks,
    /// root futures and blocking closures of the runtime.
    fn shutdown(mut self, grace: Duration) -> Result<ShutdownReport, WouldDeadlock<Self>> {
        if self.is_inside() {
            return Err(WouldDeadlock::new(self));
        }
        let deadline = RealClock.now() + grace;
        self.close(grace.max(PATIENCE));
        let ending = self.ending();
        wait_until(deadline, |cx| ending.jobs.poll_idle(cx));
        Ok(ShutdownReport::new(
            ending.tasks_dropped(),
            ending.jobs.running(),
        ))
    }
}

impl Drop for SmolOwned {
    fn drop(&mut self) {
        self.close(PATIENCE);
    }
}

impl fmt::Debug for SmolOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmolOwned")
            .field("id", &self.handle.parts().id())
            .field("workers", &self.ending().workers())
            .finish_non_exhaustive()
    }
}
