//! Where a release runs.

use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use trunnion_core::{JoinError, Spawn, SpawnOptions, TaskHandle};

/// Waits for a release; dropping it changes nothing.
///
/// It is erased: a type that names the spawner would keep the compiler from seeing that a bracket is `Send`.
#[doc(hidden)]
pub type Started<V> = Pin<Box<dyn Future<Output = Result<V, JoinError>> + Send>>;

/// Runs the releases of [`bracket`](fn@crate::bracket): any runtime that spawns, or a [`TaskScope`](crate::TaskScope) or a phase of a
/// [`Shutdown`](crate::ShutdownReleases), which count them.
pub trait ReleaseOn {
    /// Starts a task that nothing but the end of the runtime stops.
    #[doc(hidden)]
    fn start_release<F>(&self, options: SpawnOptions<'_>, release: F) -> Started<F::Output>
    where
        F: Future<Output: Send> + Send + 'static;
}

impl<R: Spawn> ReleaseOn for R {
    fn start_release<F>(&self, options: SpawnOptions<'_>, release: F) -> Started<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        Box::pin(Lasting::new(self.spawn_with(options, release)))
    }
}

/// Waits for a task that goes on when this is dropped.
pub(crate) struct Lasting<V, H: TaskHandle<V>> {
    // Empty while it is dropped.
    task: Option<H>,
    value: PhantomData<fn() -> V>,
}

impl<V, H: TaskHandle<V>> Lasting<V, H> {
    pub(crate) const fn new(task: H) -> Self {
        let task = Some(task);
        Self {
            task,
            value: PhantomData,
        }
    }
}

impl<V, H: TaskHandle<V>> Future for Lasting<V, H> {
    type Output = Result<V, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.task {
            Some(task) => Pin::new(task).poll(cx),
            None => unreachable!("it is there until the drop"),
        }
    }
}

impl<V, H: TaskHandle<V>> Drop for Lasting<V, H> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.detach();
        }
    }
}
