//! A child in the set of its scope.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use trunnion_core::PanicPayload;
use trunnion_core::panic::{catch, contain};

use super::children::Member;
use super::seats::Card;
use crate::own;

pin_project! {
    /// A child in the set.
    pub(crate) struct Held<C> {
        // Empty once it has ended.
        #[pin]
        child: Option<C>,
        card: Card,
        scope: own::Scope,
    }
}

impl<C> Held<C> {
    #[inline]
    pub(super) const fn new(child: C, card: Card, scope: own::Scope) -> Self {
        Self {
            child: Some(child),
            card,
            scope,
        }
    }
}

impl<C: Future> Future for Held<C> {
    // A panic of its destructor; rare, and therefore small.
    type Output = (Card, Result<C::Output, Box<PanicPayload>>);

    /// Panics with the child, whose scope finds out who it was.
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let card = *this.card;
        let Some(child) = this.child.as_mut().as_pin_mut() else {
            unreachable!("a child that has ended is not polled")
        };
        let value = ready!(own::polling(
            || Some((this.scope.address()?, card.id)),
            || child.poll(cx)
        ));
        // A destructor's panic is the child's.
        if core::mem::needs_drop::<C>() {
            if let Err(panic) = catch(|| this.child.set(None)) {
                contain(|| drop(value));
                return Poll::Ready((card, Err(Box::new(panic))));
            }
        }
        Poll::Ready((card, Ok(value)))
    }
}

impl<C: Future> Member for Held<C> {
    fn card(&self) -> Card {
        self.card
    }
}
