//! Running closures that block.

use trunnion_core::sync::Arc;
use trunnion_core::task::{self, Blocking};
use trunnion_core::{SpawnBlocking, SpawnOptions};

use crate::runtime::SimRuntime;
use crate::task::{Body, NewEntry};

/// A closure runs on the simulator's thread as one step: virtual time stands still until it has ended.
///
/// It may enter the simulator again with `block_on`. Then other tasks run inside that call, and so do other closures: the
/// outer closure goes on only when the inner ones have ended. At most 64 are entered in this way, like the threads of a
/// pool; further closures wait.
///
/// # Cost
/// Two allocations: the task cell and the box in the queue; one more for a name.
impl SpawnBlocking for SimRuntime {
    type Blocking<T: Send + 'static> = Blocking<T>;

    fn spawn_blocking_with<F, T>(&self, options: SpawnOptions<'_>, job: F) -> Blocking<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (job, handle) = task::prepare_blocking(job);
        let refused = self.shared.add(NewEntry {
            body: Body::Job(Some(Box::new(job))),
            place: options.location(),
            name: options.task_name().map(Arc::from),
            runner: None,
        });
        // After the end the closure's drop tells the handle.
        drop(refused);
        handle
    }
}
