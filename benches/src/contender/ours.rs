//! trunnion, through a value whose type is known or through `AnyRuntime`.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use trunnion_core::{Instant, JoinError, Runtime, Sleep, SpawnBlocking};
use trunnion_patterns::Elapsed;

use super::{Contender, SpawnDetached};

/// Uses the runtime that it holds.
#[derive(Clone, Copy, Debug)]
pub struct Ours<R>(pub R);

impl<R: Runtime + SpawnBlocking> SpawnDetached for Ours<R> {
    #[inline]
    fn spawn_detached<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.spawn_detached(future);
    }
}

impl<R: Runtime + SpawnBlocking> Contender for Ours<R> {
    type Task<T: Send + 'static> = R::Task<T>;
    type Instant = Instant;
    type Sleep = R::Sleep;
    type Elapsed = Elapsed;

    #[inline]
    fn spawn<F>(&self, future: F) -> R::Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.spawn(future)
    }

    #[inline]
    fn value<T: Send + 'static>(joined: Result<T, JoinError>) -> T {
        joined.expect("the task runs to its end")
    }

    #[inline]
    fn yield_now(&self) -> impl Future<Output = ()> + Send {
        self.0.yield_now()
    }

    #[inline]
    fn now(&self) -> Instant {
        self.0.now()
    }

    #[inline]
    fn sleep(&self, after: Duration) -> R::Sleep {
        self.0.sleep(after)
    }

    #[inline]
    fn reset(sleep: Pin<&mut R::Sleep>, deadline: Instant) {
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
        trunnion_patterns::timeout(&self.0, after, future)
    }

    #[inline]
    async fn offload<F, T>(&self, job: F) -> T
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let joined = self.0.spawn_blocking(job).await;
        joined.expect("the closure runs to its end")
    }
}
