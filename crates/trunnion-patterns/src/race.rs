//! Waiting for the first of several futures.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::together::{Alike, Start, Together, guarded};

/// Waits for the first of `futures` that ends; the others are dropped before its output is given.
///
/// JavaScript's `Promise.race`, asyncio's `FIRST_COMPLETED`. The futures have one output type; for different ones, let each
/// give a variant of an enum. A future that is ready at once keeps those after it from being started.
///
/// Which future is polled first is not to be relied on: the start goes round from race to race, and is the simulator's choice
/// inside it. The others follow in their order.
///
/// ```
/// use trunnion_patterns::race;
///
/// enum Event {
///     Message(String),
///     Stop,
/// }
///
/// async fn next(message: impl Future<Output = String>, stop: impl Future<Output = ()>) -> Event {
///     race((
///         async { Event::Message(message.await) },
///         async { stop.await; Event::Stop },
///     ))
///     .await
/// }
/// # use std::{future::{pending, ready}, pin::pin, task::{Context, Poll, Waker}};
/// # let polled = pin!(next(pending(), ready(()))).poll(&mut Context::from_waker(Waker::noop()));
/// # assert!(matches!(polled, Poll::Ready(Event::Stop)));
/// # let polled = pin!(next(ready("hi".into()), pending())).poll(&mut Context::from_waker(Waker::noop()));
/// # assert!(matches!(polled, Poll::Ready(Event::Message(text)) if text == "hi"));
/// ```
///
/// A race of none does not compile for a tuple or an array:
///
/// ```compile_fail,E0080
/// let none: [std::future::Ready<()>; 0] = [];
/// let _ = trunnion_patterns::race(none);
/// ```
///
/// # Errors
/// [`Empty`](crate::Empty) from the returned future for a vector, or [`each`](crate::each), of none.
///
/// # Panics
/// The returned future panics with a panic of one of the futures, after the others have been dropped.
///
/// # Cancel safety
/// Dropping the returned future drops all futures. What a loser had received by then is lost with it: race only what is
/// cancel safe, or pass it by reference.
///
/// # Cost
/// A tuple allocates nothing. The others allocate four times, three times up to 16, however many futures there are.
pub fn race<T: Together<Group: Alike>>(futures: T) -> Race<T::Group> {
    let () = <T::Group as Alike>::NOT_EMPTY;
    Race {
        group: futures.into_group(Start::Chosen),
        finished: false,
    }
}

pin_project! {
    /// Waits for the first of several futures; made by [`race`](fn@crate::race).
    ///
    /// # Panics
    /// With a panic of one of the futures, and when it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops all futures.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Race<G> {
        #[pin]
        group: G,
        finished: bool,
    }
}

impl<G: Alike> Future for Race<G> {
    type Output = G::Winner;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<G::Winner> {
        let this = self.project();
        assert!(!*this.finished, "the race was polled after its result");
        let winner = ready!(guarded(this.group, |group| poll_first(group, cx)));
        *this.finished = true;
        Poll::Ready(winner)
    }
}

fn poll_first<G: Alike>(mut group: Pin<&mut G>, cx: &mut Context<'_>) -> Poll<G::Winner> {
    let first = ready!(group.as_mut().poll_ended(cx));
    let output = first.map(|number| group.as_mut().take(number));
    group.clear();
    Poll::Ready(G::winner(output))
}

impl<G: fmt::Debug> fmt::Debug for Race<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Race").field(&self.group).finish()
    }
}
