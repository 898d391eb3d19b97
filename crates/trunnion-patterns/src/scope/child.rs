//! The handle of a child.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use trunnion_core::{JoinError, PanicPayload};

use super::children::{Card, Children, Ended};
use super::held::{AnyLocal, AnySend, Same};
use super::member::Held;
use super::value::{Direct, Placed, Route};
use crate::own;

/// The handle of a child of [`scope`](fn@crate::scope) or [`try_scope`](fn@crate::try_scope).
pub type ScopeChild<'env, T> = ChildOf<AnySend<'env>, Placed<T>>;

/// The handle of a child of [`local_scope`](fn@crate::local_scope).
pub type LocalScopeChild<'env, T> = ChildOf<AnyLocal<'env>, Placed<T>>;

/// The handle of a child of [`group`](fn@crate::group).
pub type GroupChild<F> = ChildOf<Same<F>, Direct>;

/// Stops one child of a scope of one task, or waits for it.
///
/// Dropping it changes nothing, because the child is its scope's. A child that its scope did not take, or that was dropped,
/// gives [`JoinError::Cancelled`]. A panic is the scope's: the handle gets [`JoinError::Panicked`] with its text.
///
/// ```
/// use trunnion_patterns::scope;
///
/// async fn total(words: &[String]) -> usize {
///     scope(async |s| {
///         let (first, rest) = words.split_first().expect("there is one");
///         let first = s.spawn(async { first.len() });
///         let rest = s.spawn(async { rest.iter().map(String::len).sum::<usize>() });
///         first.await.unwrap_or(0) + rest.await.unwrap_or(0)
///     })
///     .await
/// }
/// # use trunnion_core::BlockOn;
/// # let words = ["one".to_owned(), "three".to_owned()];
/// # assert_eq!(trunnion_sim::Sim::new().block_on(total(&words)), 8);
/// ```
///
/// # Panics
/// Polled again after it was ready. In debug builds, when a child awaits itself, which would never end.
///
/// # Cancel safety
/// Dropping it changes nothing; the child's scope waits for the child.
#[must_use = "a refused child shows only here; drop it where that does not matter"]
pub struct ChildOf<C: Future, V> {
    children: Children<Held<C>, C::Output>,
    card: Card,
    route: V,
}

impl<C: Future, V: Route<C::Output>> ChildOf<C, V> {
    pub(super) const fn new(children: Children<Held<C>, C::Output>, card: Card, route: V) -> Self {
        Self {
            children,
            card,
            route,
        }
    }

    /// Asks the child to stop: its scope drops it before its next turn. Its siblings go on.
    pub fn abort(&self) {
        self.children.abort(self.card);
    }

    /// Aborts the child and waits until its future has been dropped.
    ///
    /// # Errors
    /// [`JoinError::Cancelled`], unless the child had ended before.
    ///
    /// # Cancel safety
    /// The abort happens at the first poll. Dropping the returned future only stops waiting.
    pub async fn cancel(self) -> Result<V::Value, JoinError> {
        self.abort();
        self.await
    }

    /// Tells whether the child has ended, or was refused.
    pub fn is_finished(&self) -> bool {
        self.children.has_ended(self.card)
    }

    /// Tells whether the scope did not take the child: its future was dropped unpolled.
    pub const fn is_refused(&self) -> bool {
        !self.card.has_seat()
    }

    /// Gives the child's number in its scope.
    pub const fn number(&self) -> u64 {
        self.card.id
    }

    #[cold]
    #[expect(clippy::panic, reason = "it would wait for itself without end")]
    fn refuse_own(&self) {
        let id = self.card.id;
        match self.children.location(self.card) {
            Some(at) => panic!("child {id} spawned at {at} awaits its own handle"),
            None => panic!("child {id} awaits its own handle"),
        }
    }
}

// Neither the card nor the route is pinned.
impl<C: Future, V> Unpin for ChildOf<C, V> {}

impl<C: Future, V: Route<C::Output>> Future for ChildOf<C, V> {
    type Output = Result<V::Value, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.is_refused() {
            return Poll::Ready(Err(JoinError::Cancelled));
        }
        if own::is_polling(self.children.address(), self.card.id) {
            self.refuse_own();
        }
        let ended = ready!(self.children.poll_end(self.card, cx));
        Poll::Ready(match ended {
            Some(Ended::Value(output)) => {
                let value = self.route.value(output);
                Ok(value.expect("a child puts its value down before it ends"))
            }
            Some(Ended::Panicked(text)) => Err(JoinError::Panicked(PanicPayload::new(Box::new(
                String::from(text),
            )))),
            Some(Ended::Cancelled) => Err(JoinError::Cancelled),
            None => unreachable!("the child's handle was polled after it gave its result"),
        })
    }
}

impl<C: Future, V> Drop for ChildOf<C, V> {
    fn drop(&mut self) {
        if self.card.has_seat() {
            self.children.leave(self.card);
        }
    }
}

impl<C: Future, V> fmt::Debug for ChildOf<C, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildOf")
            .field("number", &self.card.id)
            .field("finished", &self.children.has_ended(self.card))
            .finish_non_exhaustive()
    }
}
