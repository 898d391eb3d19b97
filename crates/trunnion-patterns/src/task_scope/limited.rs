//! A scope in which so many children run at once.

use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::pin;

use trunnion_core::{CancelToken, Spawn, SpawnOptions, YieldOnce};

use super::child::Child;
use super::error::SpawnError;
use super::place::{Place, Placed};
use super::runner::{ToJoiner, address};
use super::{How, TaskScope};
use crate::{OwnedPermit, Semaphore};

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
/// A child that waits for a place in its own scope does not run meanwhile, and lends its own: to those who wait, and to what it is about to
/// spawn. It goes on when a place is free for itself again, so that children may spawn siblings at any limit. That goes for waits in the
/// child's own task, not for those in tasks that it has started elsewhere. What the child polls beside the wait, as in
/// [`gather`](fn@crate::gather), runs without a place; where it waits for anything else, a sibling's handle for instance, it keeps its own.
pub struct LimitedScope<R, T, E> {
    scope: TaskScope<R, T, E>,
    // Never closed, and its limit, which is not zero, never changes.
    places: Semaphore,
}

impl<R, T, E> LimitedScope<R, T, E> {
    pub(super) const fn new(scope: TaskScope<R, T, E>, places: Semaphore) -> Self {
        Self { scope, places }
    }

    /// Gives the scope without its limit, for what needs no place: its name and its children, [scopes inside it](TaskScope::child_scope), children
    /// whose value goes to a handle, and those that clean up.
    ///
    /// ```
    /// use std::io;
    /// use std::num::NonZeroUsize;
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::{LimitedScope, TaskScope};
    ///
    /// let sim = trunnion_sim::Sim::new();
    /// let rt = sim.handle();
    /// let limited = TaskScope::builder(&rt).limit(NonZeroUsize::MIN);
    /// let done = sim.block_on(limited.run(async |s: LimitedScope<_, (), io::Error>| {
    ///     let inner = s.scope().child_scope().run(async |s| {
    ///         drop(s.spawn(async { Ok(1) }));
    ///         Ok::<_, io::Error>(())
    ///     });
    ///     assert_eq!(inner.await.unwrap(), [1]);
    ///     Ok(())
    /// }));
    /// assert!(done.is_ok());
    /// ```
    pub const fn scope(&self) -> &TaskScope<R, T, E> {
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
    /// Dropping the returned future drops `future` unpolled; a place that it was given goes to the next. A child whose own place was lent has a place
    /// again before it is polled the next time.
    #[track_caller]
    pub fn spawn<F>(
        &self,
        future: F,
    ) -> impl Future<Output = Result<Child<R, ()>, SpawnError<F>>> + use<'_, R, T, E, F>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.spawn_with(SpawnOptions::new(), future)
    }

    /// Does the same for a child with a name.
    ///
    /// # Errors
    /// [`SpawnError`] with the future, when the scope is cancelled or has ended.
    ///
    /// # Cancel safety
    /// As for [`spawn`](Self::spawn).
    #[track_caller]
    pub fn spawn_named<'a, F>(
        &'a self,
        name: &'a str,
        future: F,
    ) -> impl Future<Output = Result<Child<R, ()>, SpawnError<F>>> + use<'a, R, T, E, F>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.spawn_with(SpawnOptions::new().name(name), future)
    }

    #[expect(
        clippy::manual_async_fn,
        reason = "an async function holds its arguments twice"
    )]
    fn spawn_with<'a, F>(
        &'a self,
        options: SpawnOptions<'a>,
        future: F,
    ) -> impl Future<Output = Result<Child<R, ()>, SpawnError<F>>> + use<'a, R, T, E, F>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        async move {
            let places = self.places.acquire_owned();
            let mut place = pin!(self.token().run_until_cancelled(places));
            let mut lent = None;
            let place = poll_fn(|cx| {
                let place = place.as_mut().poll(cx);
                if place.is_pending() && lent.is_none() {
                    lent = Place::of_polled(address(&self.scope.core)).map(Place::lend);
                }
                place
            });
            let Ok(Ok(place)) = place.await else {
                return Err(self.scope.refuse().of(future));
            };
            let child = self.launch(options, place, future);
            if lent.take().is_some() {
                // The child goes on when it has a place again.
                YieldOnce::new().await;
            }
            child
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
            Ok(place) => self.launch(options, place, future),
        }
    }

    fn launch<F>(
        &self,
        options: SpawnOptions<'_>,
        permit: OwnedPermit,
        future: F,
    ) -> Result<Child<R, ()>, SpawnError<F>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let scope = address(&self.scope.core);
        let placed = Placed::new(future, permit, &self.places, scope);
        let how = How::new(options).in_place(placed.place());
        let launched = self.scope.launch(how, ToJoiner, placed);
        launched.map_err(|refused| refused.map(Placed::into_inner))
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
