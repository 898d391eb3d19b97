//! Starting tasks.

use core::future::Future;
use core::panic::Location;

use crate::TaskHandle;

/// Says how a task is shown in reports: its name and the place that spawned it.
///
/// ```
/// use trunnion_core::SpawnOptions;
///
/// let options = SpawnOptions::new().name("reader");
/// assert_eq!(options.task_name(), Some("reader"));
/// assert!(options.location().file().ends_with(".rs"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SpawnOptions<'a> {
    name: Option<&'a str>,
    location: &'static Location<'static>,
}

impl<'a> SpawnOptions<'a> {
    /// Takes the caller's place in the source and no name.
    #[track_caller]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            name: None,
            location: Location::caller(),
        }
    }

    /// Names the task. Runtimes without names ignore it.
    #[must_use]
    pub const fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// Tells the task's name.
    #[must_use]
    pub const fn task_name(&self) -> Option<&'a str> {
        self.name
    }

    /// Tells where the task is spawned.
    #[must_use]
    pub const fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl Default for SpawnOptions<'_> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

/// Starts tasks that may move between threads.
///
/// A spawn never fails and never runs the future in the caller's stack. After the runtime's end the future is dropped and
/// its handle gives [`JoinError::Shutdown`](crate::JoinError::Shutdown).
pub trait Spawn {
    /// The handle of a task that gives a `T`.
    type Task<T: Send + 'static>: TaskHandle<T> + Send + Sync + 'static;

    /// Starts a task with a name or a place of its own; see [`spawn`](Self::spawn).
    ///
    /// # Cancel safety
    /// As for [`spawn`](Self::spawn): dropping the handle cancels the task.
    fn spawn_with<F>(&self, options: SpawnOptions<'_>, future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Starts a task without a handle, with a name or a place of its own; see [`spawn_detached`](Self::spawn_detached).
    fn spawn_detached_with<F>(&self, options: SpawnOptions<'_>, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.spawn_with(options, future).detach();
    }

    /// Starts a task. It runs without being awaited.
    ///
    /// # Cancel safety
    /// Dropping the handle cancels the task: it is not polled again, and its future is dropped on the runtime.
    /// [`detach`](TaskHandle::detach) lets it run.
    #[track_caller]
    fn spawn<F>(&self, future: F) -> Self::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_with(SpawnOptions::new(), future)
    }

    /// Starts a task that nobody waits for. It runs to its end, or until the runtime ends and drops it.
    #[track_caller]
    fn spawn_detached<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.spawn_detached_with(SpawnOptions::new(), future);
    }
}

/// Starts tasks that stay on the current thread.
pub trait SpawnLocal {
    /// The handle of a task that gives a `T`.
    type LocalTask<T: 'static>: TaskHandle<T> + 'static;

    /// Starts a task with a name or a place of its own; see [`spawn_local`](Self::spawn_local).
    ///
    /// # Cancel safety
    /// As for [`spawn_local`](Self::spawn_local): dropping the handle cancels the task.
    fn spawn_local_with<F>(
        &self,
        options: SpawnOptions<'_>,
        future: F,
    ) -> Self::LocalTask<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static;

    /// Starts a task without a handle, with a name or a place of its own; see
    /// [`spawn_local_detached`](Self::spawn_local_detached).
    fn spawn_local_detached_with<F>(&self, options: SpawnOptions<'_>, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.spawn_local_with(options, future).detach();
    }

    /// Starts a task on this thread. It is polled and dropped here.
    ///
    /// # Cancel safety
    /// Dropping the handle cancels the task; [`detach`](TaskHandle::detach) lets it run.
    #[track_caller]
    fn spawn_local<F>(&self, future: F) -> Self::LocalTask<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.spawn_local_with(SpawnOptions::new(), future)
    }

    /// Starts a task on this thread that nobody waits for. It runs to its end, or until the runtime ends and drops it.
    #[track_caller]
    fn spawn_local_detached<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.spawn_local_detached_with(SpawnOptions::new(), future);
    }
}
