//! Starting tokio tasks.

use std::future::Future;

use trunnion_core::{Spawn, SpawnOptions};

use crate::{Task, Tokio};

/// Tokio's stable tasks have no names: the options are ignored.
///
/// A task carries no context of its own: inside it, detection goes by tokio's own handle. When the runtime is driven
/// natively inside another runtime's trunnion context, that outer context is what detection finds.
///
/// # Cost
/// What tokio does, nothing more.
impl Spawn for Tokio {
    type Task<T: Send + 'static> = Task<T>;

    fn spawn_with<F>(&self, _options: SpawnOptions<'_>, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Task::new(self.handle().spawn(future))
    }

    fn spawn_detached_with<F>(&self, _options: SpawnOptions<'_>, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        drop(self.handle().spawn(future));
    }
}
