//! Executors that somebody else drives.

use core::fmt;
use core::future::Future;
use std::sync::{Arc, Weak};

use smol::Executor;
use trunnion_core::context::Context;
use trunnion_core::panic::contain;
use trunnion_core::{AnyRuntime, Flavor, Info, RuntimeId, RuntimeInfo};

use crate::blocking::Within;
use crate::ending::Ending;
use crate::home::Home;
use crate::task::Contained;
use crate::{detect, known};

/// Reaches an `async_executor::Executor`: one that the program drives itself, or that of a [`SmolOwned`](crate::SmolOwned).
///
/// It holds the executor weakly, as do its tasks: neither keeps it alive. Once the executor is dropped its tasks are, and a
/// spawn drops the future and gives [`JoinError::Shutdown`](trunnion_core::JoinError::Shutdown) at once.
///
/// All values made from one executor have the same id, and no two executors ever do.
///
/// ```
/// use std::sync::Arc;
/// use trunnion_core::Spawn;
/// use trunnion_smol::SmolExecutor;
///
/// let native = Arc::new(smol::Executor::new());
/// let rt = SmolExecutor::new(&native);
/// let task = rt.spawn(async { 6 * 7 });
/// assert_eq!(smol::block_on(native.run(task)).unwrap(), 42);
///
/// drop(native);
/// let refused = smol::block_on(rt.spawn(async {}));
/// assert!(refused.unwrap_err().is_shutdown());
/// ```
///
/// The future given to the native `run` is not inside trunnion's context; put it into
/// [`with_runtime`](trunnion_core::with_runtime) if it needs detection.
///
/// # Cost
/// A clone counts one reference. A spawn allocates twice, a detached spawn once; `spawn_blocking` twice, or three times on
/// an owned runtime, which takes queued closures back when it ends.
///
/// On an owned runtime each task that ever waits takes a lock of the runtime twice: at its first pending poll and at its end.
/// What it is given there is how the end of the runtime reaches it.
#[derive(Clone)]
pub struct SmolExecutor {
    parts: Arc<Parts>,
}

/// What all values of an executor share.
pub(crate) struct Parts {
    id: RuntimeId,
    executor: Weak<Executor<'static>>,
    /// There if the executor belongs to an owned runtime.
    ending: Option<Ending>,
}

impl SmolExecutor {
    /// Reaches `executor`, as long as somebody keeps and drives it.
    ///
    /// # Cost
    /// A lock, and one allocation where there is no other value for the executor. Make one and clone it.
    #[must_use]
    pub fn new(executor: &Arc<Executor<'static>>) -> Self {
        detect::register();
        Self {
            parts: known::of(executor),
        }
    }

    /// Reaches the executor of an owned runtime, which nobody else can reach.
    pub(crate) fn owned(executor: &Arc<Executor<'static>>, ending: Ending) -> Self {
        Self {
            parts: known::owned(executor, ending),
        }
    }

    pub(crate) fn parts(&self) -> &Arc<Parts> {
        &self.parts
    }

    /// Tasks name their runtime by its id: one that held a value would hold itself, and one that counted a reference
    /// would pay for it at each spawn.
    pub(crate) fn context(&self) -> Context {
        Context::found(self.parts.id, |id| {
            AnyRuntime::new(Self {
                parts: known::find(id),
            })
        })
    }

    /// Gives a task to the executor, or drops it here when there is none.
    pub(crate) fn start<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(executor) = self.parts.executor.upgrade() else {
            // Never a task: nothing counts it.
            contain(|| drop(future));
            return;
        };
        let task = Contained::new(self.parts.home(), future);
        executor.spawn(task).detach();
        self.parts.release(executor);
    }

    /// Queues a blocking closure, or drops it here when the executor is gone.
    pub(crate) fn queue<J: FnOnce() + Send + 'static>(&self, job: Within<J>) {
        let parts = Arc::clone(&self.parts);
        match &self.parts.ending {
            None => smol::unblock(move || parts.run_if_alive(job)).detach(),
            Some(ending) => {
                if ending.jobs.push(Box::new(|| job.run())).is_ok() {
                    smol::unblock(move || parts.run_next_job()).detach();
                }
            }
        }
    }
}

impl Parts {
    pub(crate) fn new(
        id: RuntimeId,
        executor: Weak<Executor<'static>>,
        ending: Option<Ending>,
    ) -> Arc<Self> {
        Arc::new(Self {
            id,
            executor,
            ending,
        })
    }

    pub(crate) fn id(&self) -> RuntimeId {
        self.id
    }

    fn home(&self) -> Home {
        self.ending
            .as_ref()
            .map_or(Home::None, |ending| Home::of(&ending.registry))
    }

    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// Lets go of the executor; whoever is last drops it, and its tasks.
    pub(crate) fn release(&self, executor: Arc<Executor<'static>>) {
        let Some(executor) = Arc::into_inner(executor) else {
            return;
        };
        match &self.ending {
            Some(ending) => ending.end(executor),
            None => drop(executor),
        }
    }

    /// Nobody tells when an executor of the program's own ends: the closure looks when its turn comes.
    fn run_if_alive<J: FnOnce()>(&self, job: Within<J>) {
        if self.executor.strong_count() > 0 {
            job.run();
        }
    }

    fn run_next_job(&self) {
        if let Some(ending) = &self.ending {
            ending.jobs.run_next();
        }
    }
}

impl RuntimeInfo for SmolExecutor {
    fn info(&self) -> Info {
        let workers = self.parts.ending().map_or(0, Ending::workers);
        let flavor = if workers == 1 {
            Flavor::CurrentThread
        } else {
            Flavor::MultiThread
        };
        Info::new(self.parts.id, flavor).with_workers(workers)
    }
}

impl fmt::Debug for SmolExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmolExecutor")
            .field("id", &self.parts.id)
            .finish_non_exhaustive()
    }
}
