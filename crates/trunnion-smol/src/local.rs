//! A runtime of one thread, for futures that stay there.

use core::cell::{Cell, RefCell};
use core::fmt;
use core::future::Future;
use core::time::Duration;
use std::rc::Rc;
use std::sync::Arc;

use smol::LocalExecutor;
use trunnion_core::context::{Context, is_polling};
use trunnion_core::panic::contain;
use trunnion_core::task::{LocalTask, Scoped, prepare_local};
use trunnion_core::{
    BlockOn, Flavor, Info, RuntimeId, RuntimeInfo, ShutdownReport, ShutdownRuntime, SpawnLocal,
    SpawnOptions, WouldDeadlock,
};

use crate::close::close;
use crate::home::{Home, enter};
use crate::registry::Registry;
use crate::task::Contained;
use crate::{detect, root};

/// Runs tasks on the thread that made it, while that thread is inside `block_on`.
///
/// The value that [`new`](Self::new) gave owns the executor: when it is dropped, or any clone is shut down, the runtime ends
/// and its pending tasks are dropped. Clones are for the tasks: they do not keep the executor alive. On a runtime that has
/// ended a spawn gives [`JoinError::Shutdown`](trunnion_core::JoinError::Shutdown) at once, and `block_on` runs its root
/// future alone.
///
/// ```
/// use std::rc::Rc;
/// use trunnion_core::{BlockOn, SpawnLocal};
/// use trunnion_smol::SmolLocal;
///
/// let owner = SmolLocal::new();
/// let rt = owner.clone();
/// let shared = Rc::new(6);
/// let product = owner.block_on(async {
///     let task = rt.spawn_local(async move { *shared * 7 });
///     task.await.unwrap()
/// });
/// assert_eq!(product, 42);
/// ```
///
/// It has no [`AnyRuntime`](trunnion_core::AnyRuntime): detection inside it says that the current runtime is local.
///
/// # Cost
/// A clone counts one reference, not atomically. A spawn allocates twice.
pub struct SmolLocal {
    shared: Rc<Shared>,
    owner: bool,
}

struct Shared {
    id: RuntimeId,
    // Emptied at the end, which breaks the cycle through tasks that hold clones.
    executor: RefCell<Option<Rc<LocalExecutor<'static>>>>,
    registry: Arc<Registry>,
    tasks_dropped: Cell<usize>,
}

impl SmolLocal {
    /// Makes a runtime for this thread; it starts no thread.
    #[must_use]
    pub fn new() -> Self {
        detect::register();
        Self {
            shared: Rc::new(Shared {
                id: RuntimeId::unique("smol-local"),
                executor: RefCell::new(Some(Rc::new(LocalExecutor::new()))),
                registry: Arc::new(Registry::new()),
                tasks_dropped: Cell::new(0),
            }),
            owner: true,
        }
    }
}

impl Shared {
    fn context(&self) -> Context {
        Context::local(self.id)
    }

    fn executor(&self) -> Option<Rc<LocalExecutor<'static>>> {
        self.executor.borrow().clone()
    }

    /// Gives a task to the executor, or drops it here when there is none.
    fn start(&self, future: impl Future<Output = ()> + 'static) {
        let Some(executor) = self.executor() else {
            return contain(|| drop(future));
        };
        let home = Home::of(&self.registry);
        executor.spawn(Contained::new(home, future)).detach();
        self.release(executor);
    }

    /// Lets go of the executor; whoever is last drops it, and its tasks.
    fn release(&self, executor: Rc<LocalExecutor<'static>>) {
        if let Some(executor) = Rc::into_inner(executor) {
            self.tasks_dropped.set(close(executor, &self.registry));
        }
    }

    /// Ends the runtime. A `block_on` that is under way keeps the executor until it returns.
    fn close(&self) {
        let executor = self.executor.borrow_mut().take();
        if let Some(executor) = executor {
            self.release(executor);
        }
    }

    fn run<F: Future>(&self, future: F) -> F::Output {
        let future = Scoped::new(self.context(), future);
        let Some(executor) = self.executor() else {
            return root::block_on(future);
        };
        let output = enter(&self.registry, || root::block_on(executor.run(future)));
        self.release(executor);
        output
    }
}

impl Default for SmolLocal {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for SmolLocal {
    fn clone(&self) -> Self {
        Self {
            shared: Rc::clone(&self.shared),
            owner: false,
        }
    }
}

impl SpawnLocal for SmolLocal {
    type LocalTask<T: 'static> = LocalTask<T>;

    fn spawn_local_with<F>(&self, _: SpawnOptions<'_>, future: F) -> LocalTask<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (runner, task) = prepare_local(Scoped::new(self.shared.context(), future));
        self.shared.start(runner);
        task
    }

    fn spawn_local_detached_with<F>(&self, _: SpawnOptions<'_>, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.shared
            .start(Scoped::new(self.shared.context(), future));
    }
}

impl RuntimeInfo for SmolLocal {
    fn info(&self) -> Info {
        Info::new(self.shared.id, Flavor::CurrentThread).with_workers(1)
    }
}

impl BlockOn for SmolLocal {
    fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, WouldDeadlock<F>> {
        if is_polling(self.shared.id) {
            return Err(WouldDeadlock::new(future));
        }
        Ok(self.shared.run(future))
    }
}

impl ShutdownRuntime for SmolLocal {
    /// Ends the runtime for all its clones; there are no blocking closures to wait for.
    fn shutdown(self, _: Duration) -> Result<ShutdownReport, WouldDeadlock<Self>> {
        if is_polling(self.shared.id) {
            return Err(WouldDeadlock::new(self));
        }
        self.shared.close();
        Ok(ShutdownReport::new(self.shared.tasks_dropped.get(), 0))
    }
}

impl Drop for SmolLocal {
    fn drop(&mut self) {
        if self.owner {
            self.shared.close();
        }
    }
}

impl fmt::Debug for SmolLocal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmolLocal")
            .field("id", &self.shared.id)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}
