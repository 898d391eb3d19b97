//! Starting tasks that may move between threads.

use core::future::Future;

use trunnion_core::task::{Scoped, Task, prepare};
use trunnion_core::{Spawn, SpawnOptions};

use crate::home::Home;
use crate::task::Contained;
use crate::{SmolExecutor, SmolGlobal};

// The context lies inside the task, so that it covers the future's destructor as well as its polls.

impl Spawn for SmolGlobal {
    type Task<T: Send + 'static> = Task<T>;

    fn spawn_with<F>(&self, _: SpawnOptions<'_>, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runner, task) = prepare(Scoped::new(Self::context(), future));
        smol::spawn(Contained::new(Home::None, runner)).detach();
        task
    }

    fn spawn_detached_with<F>(&self, _: SpawnOptions<'_>, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let future = Scoped::new(Self::context(), future);
        smol::spawn(Contained::new(Home::None, future)).detach();
    }
}

impl Spawn for SmolExecutor {
    type Task<T: Send + 'static> = Task<T>;

    fn spawn_with<F>(&self, _: SpawnOptions<'_>, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runner, task) = prepare(Scoped::new(self.context(), future));
        self.start(runner);
        task
    }

    fn spawn_detached_with<F>(&self, _: SpawnOptions<'_>, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.start(Scoped::new(self.context(), future));
    }
}
