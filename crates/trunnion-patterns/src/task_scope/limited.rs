//! A scope in which so many children run at once.

use core::fmt;
use core::future::Future;

use trunnion_core::{CancelToken, Spawn, SpawnOptions};

use super::child::Child;
use super::error::SpawnError;
use super::runner::ToJoiner;
use super::{How, TaskScope};
use crate::Semaphore;

/// Starts children of a scope with a limit; see [`TaskScopeBuilder::limit`](super::TaskScopeBuilder::limit).
///
/// ```
/// use std::num::NonZeroUsize;
/// use trunnion_core::BlockOn;
/// use trunnion_patterns::TaskScope;
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// let two = NonZeroUsize::new(2).unwrap();
/// let squares = sim.block_on(TaskScope::builder(&rt).limit(two).run(async |s| {
///     for n in 0..5 {
///         if s.spawn(async move { Ok(n * n) }).await.is_err() {
///             break; // the scope has been cancelled
///         }
///     }
///     Ok::<_, std::io::Error>(())
/// }));
/// assert_eq!(squares.unwrap(), [0, 1, 4, 9, 16]);
/// ```
///
/// A child that waits for a place in its own scope keeps its own place meanwhile: when all do so, none gets one.
pub struct LimitedScope<R, T, E> {
    scope: TaskScope<R, T, E>,
    // Never closed, and its limit, which is not zero, never changes.
    places: Semaphore,
}

impl<R, T, E> LimitedScope<R, T, E> {
    pub(super) const fn new(scope: TaskScope<R, T, E>, places: Semaphore) -> Self {
        Self { scope, places }
    }

    pub(super) const fn scope(&self) -> &TaskScope<R, T, E> {
        &self.scope
    }
}

impl<R, T, E> LimitedScope<R, T, E>
where
    R: Spawn,
    T: Send + 'static,
    E: Send + 'static,
{
    /// Waits for a place and starts a child in it; those who wait are served in the order of their first polls.
    ///
    /// # Errors
    /// [`SpawnError`] with the future, when the scope is cancelled or has ended.
    ///
    /// # Cancel safety
    /// Dropping the returned future drops `future` unpolled; a place that it was given goes to the next.
    #[track_caller]
    pub fn spawn<F>(
        &self,
        future: F,
    ) -> impl Future<Output = Result<Child<R, ()>, SpawnError<F>>> + use<'_, R, T, E, F>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let options = SpawnOptions::new();
        async move {
            let place = self
                .token()
                .run_until_cancelled(self.places.acquire_owned())
                .await;
            let Ok(Ok(place)) = place else {
                return Err(self.scope.refuse(future));
            };
            let how = How::new(options).in_place(place);
            self.scope.launch(how, ToJoiner, future)
        }
    }

    /// Starts a child if a place is free and nobody waits for it.
    ///
    /// # Errors
    /// [`SpawnError`] with the future.
    ///
    /// # Cancel safety
    /// Dropping the handle changes nothing: the child is its scope's.
    #[track_caller]
    pub fn try_spawn<F>(&self, future: F) -> Result<Child<R, ()>, SpawnError<F>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let options = SpawnOptions::new();
        match self.places.try_acquire_owned() {
            Err(_) => Err(SpawnError::Full(future)),
            Ok(place) => {
                let how = How::new(options).in_place(place);
                self.scope.launch(how, ToJoiner, future)
            }
        }
    }

    /// Gives the scope's token: cancelling it cancels the children and ends the body.
    pub fn token(&self) -> &CancelToken {
        self.scope.token()
    }
}

impl<R: Clone, T, E> Clone for LimitedScope<R, T, E> {
    fn clone(&self) -> Self {
        Self::new(self.scope.clone(), self.places.clone())
    }
}

impl<R, T, E> fmt::Debug for LimitedScope<R, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LimitedScope").field(&self.scope).finish()
    }
}
