//! Tokio by hand.
#![expect(
    clippy::disallowed_methods,
    reason = "this is what the others are compared with"
)]

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, Sleep};

use super::{Contender, SpawnDetached};

/// Uses the tokio runtime that it is called in.
#[derive(Clone, Copy, Debug)]
pub struct NativeTokio;

impl SpawnDetached for NativeTokio {
    #[inline]
    fn spawn_detached<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        drop(tokio::spawn(future));
    }
}

impl Contender for NativeTokio {
    type Task<T: Send + 'static> = JoinHandle<T>;
    type Instant = Instant;
    type Sleep = Sleep;
    type Elapsed = Elapsed;

    #[inline]
    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        tokio::spawn(future)
    }

    #[inline]
    fn value<T: Send + 'static>(joined: Result<T, tokio::task::JoinError>) -> T {
        joined.expect("the task runs to its end")
    }

    #[inline]
    fn yield_now(&self) -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }

    #[inline]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[inline]
    fn sleep(&self, after: Duration) -> Sleep {
        tokio::time::sleep(after)
    }

    #[inline]
    fn reset(sleep: Pin<&mut Sleep>, deadline: Instant) {
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
        tokio::time::timeout(after, future)
    }

    #[inline]
    async fn offload<F, T>(&self, job: F) -> T
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let joined = tokio::task::spawn_blocking(job).await;
        joined.expect("the closure runs to its end")
    }
}
