//! agnostic-lite, whose runtimes are types.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use agnostic_lite::time::{AsyncSleep, Elapsed};
use agnostic_lite::{AsyncSpawner, RuntimeLite};

use super::{Contender, SpawnDetached};

/// Uses the runtime of this type that it is called in.
pub struct Agnostic<R>(PhantomData<fn() -> R>);

impl<R> Agnostic<R> {
    /// Names the runtime.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<R> Default for Agnostic<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> Clone for Agnostic<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Agnostic<R> {}

impl<R> fmt::Debug for Agnostic<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Agnostic")
    }
}

impl<R: RuntimeLite> SpawnDetached for Agnostic<R> {
    #[inline]
    fn spawn_detached<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        R::spawn_detach(future);
    }
}

impl<R: RuntimeLite> Contender for Agnostic<R> {
    type Task<T: Send + 'static> = <R::Spawner as AsyncSpawner>::JoinHandle<T>;
    type Instant = R::Instant;
    type Sleep = R::Sleep;
    type Elapsed = Elapsed;

    #[inline]
    fn spawn<F>(&self, future: F) -> Self::Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        R::spawn(future)
    }

    #[inline]
    fn value<T: Send + 'static>(joined: <Self::Task<T> as Future>::Output) -> T {
        joined.expect("the task runs to its end")
    }

    #[inline]
    fn yield_now(&self) -> impl Future<Output = ()> + Send {
        R::yield_now()
    }

    #[inline]
    fn now(&self) -> R::Instant {
        R::now()
    }

    #[inline]
    fn sleep(&self, after: Duration) -> R::Sleep {
        R::sleep(after)
    }

    #[inline]
    fn reset(sleep: Pin<&mut R::Sleep>, deadline: R::Instant) {
        sleep.reset(deadline);
    }

    #[inline]
    fn timeout<F>(
        &self,
        after: Duration,
        future: F,
    ) -> impl Future<Output = Result<F::Output, Elapsed>> + Send
    where
        F: Future<Output: Send> + Send,
    {
        R::timeout(after, future)
    }

    #[inline]
    async fn offload<F, T>(&self, job: F) -> T
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let joined = R::spawn_blocking(job).await;
        joined.expect("the closure runs to its end")
    }
}
