//! `any_spawner`, which spawns, gives no handle, and has one executor for the whole process.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use any_spawner::{CustomExecutor, Executor, ExecutorError, PinnedFuture, PinnedLocalFuture};
use trunnion_core::{RuntimeId, RuntimeInfo, Spawn};

use super::SpawnDetached;
use crate::host::Started;

/// Uses the executor that was chosen.
#[derive(Clone, Copy, Debug)]
pub struct AnySpawner(());

/// Which executor the process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chosen {
    /// Whichever tokio runtime is entered.
    Tokio,
    Smol,
    /// The address of an executor that is never dropped.
    Own(usize),
    Sim(RuntimeId),
}

static CHOSEN: OnceLock<Chosen> = OnceLock::new();

impl AnySpawner {
    /// Chooses the executor of the runtime that runs.
    ///
    /// # Errors
    /// When the process has another one already.
    pub fn choose(started: &Started) -> Result<Self, &'static str> {
        let wanted = Chosen::of(started);
        let chosen = *CHOSEN.get_or_init(|| {
            // Somebody else's choice shows as tasks that never run.
            let _first = init(started);
            wanted
        });
        if chosen == wanted {
            Ok(Self(()))
        } else {
            Err("its executor is chosen once in a process, and another was chosen")
        }
    }
}

impl Chosen {
    fn of(started: &Started) -> Self {
        match started {
            Started::Tokio(_) => Self::Tokio,
            Started::Smol => Self::Smol,
            Started::SmolExecutor(executor) => Self::Own(Arc::as_ptr(executor).addr()),
            Started::Sim(sim) => Self::Sim(sim.handle().info().id),
        }
    }
}

fn init(started: &Started) -> Result<(), ExecutorError> {
    match started {
        Started::Tokio(_) => Executor::init_tokio(),
        // The executor that it would make itself is driven by nobody.
        Started::Smol => Executor::init_custom_executor(Custom(|future| {
            smol::spawn(future).detach();
        })),
        Started::SmolExecutor(executor) => {
            let executor = Arc::clone(executor);
            Executor::init_custom_executor(Custom(move |future| executor.spawn(future).detach()))
        }
        Started::Sim(sim) => {
            let rt = sim.handle();
            Executor::init_custom_executor(Custom(move |future| rt.spawn_detached(future)))
        }
    }
}

impl SpawnDetached for AnySpawner {
    #[inline]
    fn spawn_detached<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Executor::spawn(future);
    }
}

/// An executor that is a function.
struct Custom<F>(F);

impl<F: Fn(PinnedFuture<()>)> CustomExecutor for Custom<F> {
    fn spawn(&self, future: PinnedFuture<()>) {
        (self.0)(future);
    }

    fn spawn_local(&self, _: PinnedLocalFuture<()>) {
        unreachable!("no scenario spawns locally")
    }

    fn poll_local(&self) {}
}
