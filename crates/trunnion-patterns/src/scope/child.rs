//! The handle of a child.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use trunnion_core::{JoinError, PanicPayload};

use super::children::Children;
use super::held::{AnyLocal, AnySend, Same};
use super::member::Held;
use super::seats::{Card, Ended};
use super::value::{Direct, Placed, Route};
#[cfg(debug_assertions)]
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
    // Empty if the child was refused, and once its end was given.
    children: Option<Children<Held<C>, C::Output>>,
    card: Card,
    route: V,
}

impl<C: Future, V: Route<C::Output>> ChildOf<C, V> {
    #[inline]
    pub(super) const fn new(children: Children<Held<C>, C::Output>, card: Card, route: V) -> Self {
        Self {
            children: Some(children),
            card,
            route,
        }
    }

    pub(super) const fn refused(route: V) -> Self {
        Self {
            children: None,
            card: Card::REFUSED,
            route,
        }
    }

    /// Asks the child to stop: its scope drops it before its next turn. Its siblings go on.
    pub fn abort(&self) {
        if let Some(children) = &self.children {
            children.abort(self.card);
        }
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
        has_ended(self.children.as_ref(), self.card)
    }

    /// Tells whether the scope did not take the child: its future was dropped unpolled.
    pub const fn is_refused(&self) -> bool {
        !self.card.has_seat()
    }

    /// Gives the child's number in its scope.
    pub const fn number(&self) -> u64 {
        self.card.id
    }

    /// Turns how the child ended into what its handle gives.
    fn result(&self, ended: Ended<C::Output>) -> Result<V::Value, JoinError> {
        match ended {
            Ended::Value(output) => {
                let value = self.route.value(output);
                Ok(value.expect("a child puts its value down before it ends"))
            }
            Ended::Panicked(text) => {
                let text = Box::new(String::from(text));
                Err(JoinError::Panicked(PanicPayload::new(text)))
            }
            Ended::Cancelled => Err(JoinError::Cancelled),
        }
    }
}

fn has_ended<H, O>(children: Option<&Children<H, O>>, card: Card) -> bool {
    children.is_none_or(|children| children.has_ended(card))
}

/// Panics if the child `card` is polling its own handle.
#[cfg(debug_assertions)]
#[expect(clippy::panic, reason = "it would wait for itself without end")]
fn refuse_own<H, O>(children: &Children<H, O>, card: Card) {
    let id = card.id;
    if own::is_polling(children.address(), id) {
        match children.location(card) {
            Some(at) => panic!("child {id} spawned at {at} awaits its own handle"),
            None => panic!("child {id} awaits its own handle"),
        }
    }
}

// Neither the card nor the route is pinned.
impl<C: Future, V> Unpin for ChildOf<C, V> {}

impl<C: Future, V: Route<C::Output>> Future for ChildOf<C, V> {
    type Output = Result<V::Value, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.is_refused() {
            return Poll::Ready(Err(JoinError::Cancelled));
        }
        let Some(children) = &self.children else {
            unreachable!("the child's handle was polled after it gave its result")
        };
        #[cfg(debug_assertions)]
        refuse_own(children, self.card);
        let ended = ready!(children.poll_end(self.card, cx));
        let result = self.result(ended);
        // Its seat is free.
        self.children = None;
        Poll::Ready(result)
    }
}

impl<C: Future, V> Drop for ChildOf<C, V> {
    fn drop(&mut self) {
        if let Some(children) = &self.children {
            children.leave(self.card);
        }
    }
}

impl<C: Future, V> fmt::Debug for ChildOf<C, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildOf")
            .field("number", &self.card.id)
            .field("finished", &has_ended(self.children.as_ref(), self.card))
            .finish_non_exhaustive()
    }
}
