//! Starting tasks.

use core::any::Any;
use core::future::Future;

use trunnion_core::sync::Arc;
use trunnion_core::task::{self, Runner, Task};
use trunnion_core::{Spawn, SpawnOptions, TaskHandle, YieldNow, YieldOnce};

use crate::runtime::SimRuntime;
use crate::task::{Body, NewEntry};

/// Tasks run on the thread that is inside `block_on`, one step at a time.
///
/// # Cost
/// Three allocations: the task cell, its waker, and what the driver takes to poll it; one more for a name.
impl Spawn for SimRuntime {
    type Task<T: Send + 'static> = Task<T>;

    fn spawn_with<F>(&self, options: SpawnOptions<'_>, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runner, task) = task::prepare(future);
        self.start(options, runner);
        task
    }

    fn spawn_detached_with<F>(&self, options: SpawnOptions<'_>, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.start(options, into_runner(future));
    }
}

impl SimRuntime {
    fn start(&self, options: SpawnOptions<'_>, runner: Runner) {
        let refused = self.shared.add(NewEntry {
            body: Body::Task,
            place: options.location(),
            name: options.task_name().map(Arc::from),
            runner: Some(runner),
        });
        // After the end the runner's drop tells the handle.
        drop(refused);
    }
}

/// Uses a runner as it is: it comes from a task cell of its own, whose abort must not count as a waker given away.
fn into_runner<F: Future<Output = ()> + Send + 'static>(future: F) -> Runner {
    downcast(future).unwrap_or_else(|future| {
        let (runner, task) = task::prepare(future);
        task.detach();
        runner
    })
}

/// Gives `future` as an `R` if it is one.
pub(crate) fn downcast<F: 'static, R: 'static>(future: F) -> Result<R, F> {
    let mut future = Some(future);
    let its = (&mut future as &mut dyn Any).downcast_mut::<Option<R>>();
    if let Some(its) = its.and_then(Option::take) {
        return Ok(its);
    }
    future.map_or_else(|| unreachable!("only an `R` is taken"), Err)
}

impl YieldNow for SimRuntime {
    type Yield = YieldOnce;

    fn yield_now(&self) -> YieldOnce {
        YieldOnce::new()
    }
}
