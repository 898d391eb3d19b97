//! The handle of a scope of one task.

use core::fmt;
use core::future::Future;
use core::panic::Location;

use super::child::ChildOf;
use super::children::Children;
use super::held::{AnyLocal, AnySend, Holds, Same};
use super::member::Held;
use super::seats::Card;
use crate::{SpawnError, own};

/// The handle of [`scope`](fn@crate::scope) and [`try_scope`](fn@crate::try_scope): its children are of any type and `Send`.
pub type Scope<'env> = ScopeOf<AnySend<'env>>;

/// The handle of [`local_scope`](fn@crate::local_scope): its children are of any type.
pub type LocalScope<'env> = ScopeOf<AnyLocal<'env>>;

/// The handle of [`group`](fn@crate::group): its children are of one type.
pub type Group<F> = ScopeOf<Same<F>>;

/// Starts children in a scope of one task.
///
/// It may be cloned, kept, sent to other threads and moved into children, which then spawn siblings. It does not keep the scope open: once
/// the body and all children have ended, or the scope is dropped, nobody comes in.
///
/// A new child waits for its first turn: nothing of it runs in the call that spawns it.
pub struct ScopeOf<C: Future> {
    children: Children<Held<C>, C::Output>,
}

impl<C: Future> ScopeOf<C> {
    pub(super) const fn new(children: Children<Held<C>, C::Output>) -> Self {
        Self { children }
    }

    #[inline]
    fn admit<F>(
        &self,
        ready: C::Ready,
        handle: Option<&'static Location<'static>>,
    ) -> Result<Card, C::Ready>
    where
        F: Future,
        C: Holds<F>,
    {
        let scope = own::Scope::at(self.children.address());
        let hold = |ready, card| Held::new(C::hold(ready), card, scope);
        self.children.admit(ready, handle, hold)
    }

    /// Starts a child.
    ///
    /// When the scope has ended, `future` is dropped unpolled and the handle says so ([`is_refused`](ChildOf::is_refused));
    /// [`try_spawn`](Self::try_spawn) gives the future back instead.
    ///
    /// # Cancel safety
    /// Dropping the handle changes nothing: the child is its scope's.
    ///
    /// # Cost
    /// In a [`group`](fn@crate::group) no allocation but the growth of its tables; elsewhere one for the child and one for its
    /// value. The lock is taken once here, once when the child ends, and once by the handle.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> ChildOf<C, C::Route>
    where
        F: Future,
        C: Holds<F>,
    {
        let (ready, route) = C::ready(future);
        match self.admit(ready, Some(Location::caller())) {
            Ok(card) => ChildOf::new(self.children.clone(), card, route),
            Err(refused) => {
                drop(refused);
                ChildOf::refused(route)
            }
        }
    }

    /// Starts a child without a handle; the scope waits for it all the same.
    ///
    /// When the scope has ended, `future` is dropped unpolled.
    ///
    /// # Cost
    /// Less than [`spawn`](Self::spawn) with the handle dropped: nothing is kept for a handle, and the lock is taken once in
    /// all. In a [`group`](fn@crate::group) no allocation but the growth of its tables; elsewhere one.
    pub fn spawn_detached<F>(&self, future: F)
    where
        F: Future,
        C: Holds<F>,
    {
        let ready = C::ready_detached(future);
        drop(self.admit(ready, None));
    }

    /// Starts a child, or gives the future back.
    ///
    /// # Errors
    /// [`SpawnError::Closed`] with the future, unpolled, when the scope has ended.
    ///
    /// # Cancel safety
    /// Dropping the handle changes nothing: the child is its scope's.
    #[track_caller]
    pub fn try_spawn<F>(&self, future: F) -> Result<ChildOf<C, C::Route>, SpawnError<F>>
    where
        F: Future,
        C: Holds<F>,
    {
        let (ready, route) = C::ready(future);
        match self.admit(ready, Some(Location::caller())) {
            Ok(card) => Ok(ChildOf::new(self.children.clone(), card, route)),
            Err(refused) => Err(SpawnError::Closed(C::give_back(refused))),
        }
    }
}

impl<C: Future> Clone for ScopeOf<C> {
    fn clone(&self) -> Self {
        Self::new(self.children.clone())
    }
}

impl<C: Future> fmt::Debug for ScopeOf<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeOf").finish_non_exhaustive()
    }
}
