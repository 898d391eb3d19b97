//! Running closures that block, on the threads of `blocking`.

use trunnion_core::context::Context;
use trunnion_core::panic::contain;
use trunnion_core::task::{Blocking, prepare_blocking};
use trunnion_core::{SpawnBlocking, SpawnOptions};

use crate::{SmolExecutor, SmolGlobal};

/// A closure that runs, or is dropped unrun, inside a runtime's context. Its panics stay in here.
pub(crate) struct Within<J: FnOnce()> {
    context: Context,
    // Empty once it runs.
    job: Option<J>,
}

impl<J: FnOnce()> Within<J> {
    fn new(context: Context, job: J) -> Self {
        Self {
            context: context.blocking(),
            job: Some(job),
        }
    }

    pub(crate) fn run(mut self) {
        if let Some(job) = self.job.take() {
            contain(|| self.context.enter(job));
        }
    }
}

impl<J: FnOnce()> Drop for Within<J> {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            contain(|| self.context.enter(|| drop(job)));
        }
    }
}

impl SpawnBlocking for SmolGlobal {
    type Blocking<T: Send + 'static> = Blocking<T>;

    fn spawn_blocking_with<F, T>(&self, options: SpawnOptions<'_>, job: F) -> Blocking<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (job, handle) = prepare_blocking(job);
        self.spawn_blocking_detached_with(options, job);
        handle
    }

    fn spawn_blocking_detached_with<F>(&self, _: SpawnOptions<'_>, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        let job = Within::new(Self::context(), job);
        // A native task that is dropped is cancelled before it starts; detached, it runs.
        smol::unblock(move || job.run()).detach();
    }
}

impl SpawnBlocking for SmolExecutor {
    type Blocking<T: Send + 'static> = Blocking<T>;

    fn spawn_blocking_with<F, T>(&self, options: SpawnOptions<'_>, job: F) -> Blocking<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (job, handle) = prepare_blocking(job);
        self.spawn_blocking_detached_with(options, job);
        handle
    }

    fn spawn_blocking_detached_with<F>(&self, _: SpawnOptions<'_>, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.queue(Within::new(self.context(), job));
    }
}
