//! A child in the set of its scope.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use trunnion_core::PanicPayload;
use trunnion_core::panic::{catch, contain};

use super::children::{Card, Member};
use crate::own;

pin_project! {
    /// A child in the set: it never panics when it is polled.
    pub(crate) struct Held<C> {
        // Empty once it has ended.
        #[pin]
        child: Option<C>,
        card: Card,
        // The address of the scope.
        scope: usize,
    }
}

impl<C> Held<C> {
    pub(super) const fn new(child: C, card: Card, scope: usize) -> Self {
        Self {
            child: Some(child),
            card,
            scope,
        }
    }
}

impl<C: Future> Future for Held<C> {
    type Output = (Card, Result<C::Output, PanicPayload>);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let who = (*this.scope, this.card.id);
        let mut output = None;
        let caught = catch(|| {
            let Some(child) = this.child.as_mut().as_pin_mut() else {
                unreachable!("a child that has ended is not polled")
            };
            if let Poll::Ready(value) = own::polling(|| Some(who), || child.poll(cx)) {
                output = Some(value);
                // A destructor's panic is the child's.
                this.child.set(None);
            }
        });
        match (caught, output) {
            (Ok(()), None) => Poll::Pending,
            (Ok(()), Some(value)) => Poll::Ready((*this.card, Ok(value))),
            (Err(panic), output) => {
                contain(|| drop(output));
                contain(|| this.child.set(None));
                Poll::Ready((*this.card, Err(panic)))
            }
        }
    }
}

impl<C: Future> Member for Held<C> {
    fn card(&self) -> Card {
        self.card
    }
}
