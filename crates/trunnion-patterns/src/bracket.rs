//! Cleanup that always runs: a resource that is acquired, used and released.

mod error;
mod release_on;

use core::future::{Future, IntoFuture, poll_fn};
use core::pin::pin;
use core::task::Poll;

use trunnion_core::panic::{catch, contain};
use trunnion_core::{JoinError, PanicPayload, SpawnOptions};

use crate::Fault;

pub use error::BracketError;
pub(crate) use release_on::Lasting;
pub use release_on::{ReleaseOn, Started};

/// Acquires a resource, uses it, and releases it whatever happens: `release` runs to its end even when the caller is dropped,
/// cancelled, times out or panics.
///
/// The release always runs as a task of its own, and the returned future waits for it. Where `spawner` is a
/// [`TaskScope`](crate::TaskScope), the scope waits for it too, and neither a cancellation nor a kill stops it: only the end of
/// the runtime does; for a phase of a [`Shutdown`](crate::Shutdown) see [`releases`](crate::ShutdownHandle::releases).
/// `acquire` and `usage` run in the caller and may borrow; the resource and `release` may not.
///
/// From the moment in which `acquire` gives the resource, a drop releases it; there is no point in between at which it could be lost.
/// What `acquire` has before that moment is its own to clean up.
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use trunnion_core::Runtime;
/// use trunnion_patterns::{bracket, timeout};
///
/// struct Session(u32);
///
/// async fn log_in() -> io::Result<Session> {
///     Ok(Session(7))
/// }
///
/// async fn log_out(session: Session) -> io::Result<()> {
///     println!("session {} is over", session.0);
///     Ok(())
/// }
///
/// async fn report<R: Runtime>(rt: &R) -> Option<u32> {
///     let session = bracket(rt, log_in(), async |session: &mut Session| Ok(session.0 + 1), log_out);
///     // Though the time may be over, nobody stays logged in.
///     timeout(rt, Duration::from_secs(1), session).await.ok()?.ok()
/// }
/// # use trunnion_core::BlockOn;
/// # let sim = trunnion_sim::Sim::new();
/// # assert_eq!(sim.block_on(report(&sim.handle())), Some(8));
/// ```
///
/// It polls one thing at a time: `acquire`, then `usage`, then it waits for the release. Each is dropped before the next begins.
///
/// # Errors
/// [`BracketError`]: that of `acquire`, of `usage`, or of the release. When both of the latter fail, the one of `usage` comes first
/// and the other stands beside it.
///
/// # Panics
/// With the panic of `acquire` or `usage`, when the release has ended; with that of the release, if `usage` succeeded. In a
/// scope, a panic of the release is also a child's.
///
/// # Cancel safety
/// Dropping the returned future drops `acquire` or `usage`, and starts the release if the resource was there; nobody waits for it but
/// a scope or a phase. A release that has begun goes on.
///
/// # Cost
/// One allocation, and what the runtime allocates for the task of the release.
#[track_caller]
pub fn bracket<S, A, U, L, Fut, R, T, E>(
    spawner: &S,
    acquire: A,
    usage: U,
    release: L,
) -> impl Future<Output = Result<T, BracketError<T, E>>>
where
    S: ReleaseOn,
    A: IntoFuture<Output = Result<R, E>>,
    U: AsyncFnOnce(&mut R) -> Result<T, E>,
    L: FnOnce(R) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    R: Send + 'static,
    E: Send + 'static,
{
    let options = SpawnOptions::new().name("release");
    async move {
        let start = |(resource, release): (R, L)| {
            spawner.start_release(options, async move { release(resource).await })
        };
        let mut held = Held {
            parts: None,
            left: |parts| drop(start(parts)),
        };
        let keep = |acquired: Result<R, E>| {
            acquired.map(|resource| held.parts = Some((resource, release)))
        };
        let used = match ended(acquire.into_future(), keep).await {
            Ok(Err(error)) => return Err(BracketError::Acquire(error)),
            Ok(Ok(())) => used(&mut held.parts, usage).await,
            Err(panic) => Err(panic),
        };
        let released = match held.parts.take() {
            Some(parts) => fault(start(parts).await),
            // A panic of `acquire` itself: there is nothing.
            None => None,
        };
        conclude(used, released)
    }
}

/// Holds what is to be released; a drop that finds it there hands it to `left`.
struct Held<P, F: FnMut(P)> {
    // Empty before it is acquired, and once the release has started.
    parts: Option<P>,
    left: F,
}

impl<P, F: FnMut(P)> Drop for Held<P, F> {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take() {
            contain(|| (self.left)(parts));
        }
    }
}

/// Runs a future to its end and drops it, each in a catch; `keep` has its output before the future is dropped.
async fn ended<F: Future, V>(
    future: F,
    keep: impl FnOnce(F::Output) -> V,
) -> Result<V, PanicPayload> {
    let mut future = pin!(Some(future));
    let polled = poll_fn(|cx| {
        let Some(future) = future.as_mut().as_pin_mut() else {
            unreachable!("it is dropped below")
        };
        match catch(|| future.poll(cx)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    });
    let polled = polled.await.map(keep);
    let dropped = catch(|| future.set(None));
    match (polled, dropped) {
        (Ok(value), Ok(())) => Ok(value),
        (Err(first), dropped) => {
            contain(|| drop(dropped));
            Err(first)
        }
        (Ok(value), Err(panic)) => {
            contain(|| drop(value));
            Err(panic)
        }
    }
}

async fn used<R, L, T, E>(
    parts: &mut Option<(R, L)>,
    usage: impl AsyncFnOnce(&mut R) -> Result<T, E>,
) -> Result<Result<T, E>, PanicPayload> {
    let Some((resource, _)) = parts else {
        unreachable!("it has been acquired")
    };
    ended(async move { usage(resource).await }, |used| used).await
}

/// Says what went wrong in a release.
fn fault<E>(joined: Result<Result<(), E>, JoinError>) -> Option<Fault<E>> {
    match joined {
        Ok(released) => released.err().map(Fault::Error),
        Err(JoinError::Panicked(panic)) => Some(Fault::Panicked(panic)),
        // Nobody aborts it but a runtime that ends.
        Err(_) => Some(Fault::Shutdown),
    }
}

/// Lets what came first decide.
fn conclude<T, E>(
    used: Result<Result<T, E>, PanicPayload>,
    released: Option<Fault<E>>,
) -> Result<T, BracketError<T, E>> {
    match (used, released) {
        (Err(panic), released) => {
            contain(|| drop(released));
            panic.resume()
        }
        (Ok(Err(error)), released) => Err(BracketError::Use(error, released)),
        (Ok(Ok(value)), None) => Ok(value),
        (Ok(Ok(value)), Some(Fault::Panicked(panic))) => {
            contain(|| drop(value));
            panic.resume()
        }
        (Ok(Ok(value)), Some(fault)) => Err(BracketError::Release(fault, value)),
    }
}
