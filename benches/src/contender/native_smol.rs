//! smol by hand, on its global executor and on one of the program's own.
#![expect(
    clippy::disallowed_methods,
    reason = "this is what the others are compared with"
)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smol::{Executor, Task, Timer};

use super::{Contender, SpawnDetached};

/// Starts tasks of `async-executor`.
pub trait SmolSpawn: Clone + Send + Sync + 'static {
    /// Starts a task.
    fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;
}

/// Names smol's global executor.
#[derive(Clone, Copy, Debug)]
pub struct Global;

impl SmolSpawn for Global {
    #[inline]
    fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        smol::spawn(future)
    }
}

impl SmolSpawn for Arc<Executor<'static>> {
    #[inline]
    fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Executor::spawn(self, future)
    }
}

/// Uses smol with the executor that it holds.
#[derive(Clone, Copy, Debug)]
pub struct NativeSmol<E>(pub E);

/// Says that a timeout has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired;

impl<E: SmolSpawn> SpawnDetached for NativeSmol<E> {
    #[inline]
    fn spawn_detached<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.spawn(future).detach();
    }
}

impl<E: SmolSpawn> Contender for NativeSmol<E> {
    type Task<T: Send + 'static> = Task<T>;
    type Instant = Instant;
    type Sleep = Timer;
    type Elapsed = Expired;

    #[inline]
    fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.spawn(future)
    }

    #[inline]
    fn value<T: Send + 'static>(joined: T) -> T {
        joined
    }

    #[inline]
    fn yield_now(&self) -> impl Future<Output = ()> + Send {
        smol::future::yield_now()
    }

    #[inline]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[inline]
    fn sleep(&self, after: Duration) -> Timer {
        Timer::after(after)
    }

    #[inline]
    fn reset(mut sleep: Pin<&mut Timer>, deadline: Instant) {
        sleep.set_at(deadline);
    }

    #[inline]
    fn timeout<F>(
        &self,
        after: Duration,
        future: F,
    ) -> impl Future<Output = Result<F::Output, Expired>> + Send
    where
        F: Future<Output: Send> + Send,
    {
        smol::future::or(async { Ok(future.await) }, async move {
            Timer::after(after).await;
            Err(Expired)
        })
    }

    #[inline]
    fn offload<F, T>(&self, job: F) -> impl Future<Output = T> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        smol::unblock(job)
    }
}
