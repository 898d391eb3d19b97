//! The future that a child's task runs.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use pin_project_lite::pin_project;
use trunnion_core::panic::{catch, contain};
use trunnion_core::{CancelToken, CancelledOwned, JoinError, PanicPayload};

use super::outcome::Outcome;
use super::state::{Core, Ticket};
use crate::own;

/// Says how a child's future ended.
pub(super) enum Ended<V> {
    Value(V),
    Panicked(PanicPayload),
    Cancelled,
    Shutdown,
}

impl<V> Ended<V> {
    /// Takes in the panic of the destructor: the first panic stays, and what gives way is dropped in its own catch.
    #[cold]
    fn and_then_panicked(self, panic: PanicPayload) -> Self {
        let (first, other) = match self {
            Self::Panicked(first) => (first, Self::Panicked(panic)),
            other => (panic, other),
        };
        contain(|| drop(other));
        Self::Panicked(first)
    }
}

/// Says what stops a child.
#[derive(Clone, Copy)]
pub(super) enum Stops {
    /// A cancellation of its scope.
    Cancelled,
    /// A kill: it cleans up meanwhile.
    Killed,
    /// Nothing but the end of the runtime.
    Never,
}

impl Stops {
    /// Tells whether it has come to that.
    pub(super) fn has_come(self, token: &CancelToken) -> bool {
        match self {
            Self::Cancelled => token.is_cancelled(),
            Self::Killed => token.is_killed(),
            Self::Never => false,
        }
    }
}

/// Decides who gets what a child gives: the joiner or the handle.
pub(super) trait Route<V, T, E> {
    /// What the handle gets.
    type Handed;

    fn value(&self, value: V) -> (Option<Outcome<T, E>>, Self::Handed);

    /// Tells whether the joiner is told of a child that was cancelled or lost its runtime.
    fn tells(&self) -> bool;
}

/// All goes to the joiner.
pub(super) struct ToJoiner;

impl<T, E> Route<Result<T, E>, T, E> for ToJoiner {
    type Handed = ();

    fn value(&self, value: Result<T, E>) -> (Option<Outcome<T, E>>, ()) {
        (Some(value.into()), ())
    }

    fn tells(&self) -> bool {
        true
    }
}

/// All but a panic goes to the handle.
pub(super) struct ToHandle;

impl<V, T, E> Route<V, T, E> for ToHandle {
    type Handed = V;

    fn value(&self, value: V) -> (Option<Outcome<T, E>>, V) {
        (None, value)
    }

    fn tells(&self) -> bool {
        false
    }
}

/// What a child's task gives.
///
/// It lies in the task's cell beside the future, and is moved: the error is rare and large.
pub(super) type Joined<V> = Result<V, Box<JoinError>>;

/// Splits an end into what the joiner and what the handle gets.
fn split<V, T, E, K: Route<V, T, E>>(
    route: &K,
    ended: Ended<V>,
) -> (Option<Outcome<T, E>>, Joined<K::Handed>) {
    match ended {
        Ended::Value(value) => {
            let (outcome, handed) = route.value(value);
            (outcome, Ok(handed))
        }
        Ended::Panicked(panic) => {
            // There is one payload, and it is the scope's: the handle gets the text.
            let text = panic.message().unwrap_or("a value that is not text");
            let copy = PanicPayload::new(Box::new(text.to_owned()));
            (
                Some(Outcome::Panicked(panic)),
                Err(Box::new(JoinError::Panicked(copy))),
            )
        }
        Ended::Cancelled => (
            route.tells().then_some(Outcome::Cancelled),
            Err(Box::new(JoinError::Cancelled)),
        ),
        Ended::Shutdown => (
            route.tells().then_some(Outcome::Shutdown),
            Err(Box::new(JoinError::Shutdown)),
        ),
    }
}

pin_project! {
    /// Runs a child until it ends or its scope stops it, and hands its ticket in when the future is gone.
    pub(super) struct Runner<F, T, E, K>
    where
        F: Future,
        K: Route<F::Output, T, E>,
    {
        #[pin]
        future: Option<F>,
        // Made when the future is pending for the first time.
        #[pin]
        stop: Option<CancelledOwned>,
        ticket: Ticket<T, E>,
        stops: Stops,
        started: bool,
        route: K,
    }

    impl<F, T, E, K> PinnedDrop for Runner<F, T, E, K>
    where
        F: Future,
        K: Route<F::Output, T, E>,
    {
        fn drop(this: Pin<&mut Self>) {
            this.dropped();
        }
    }
}

impl<F, T, E, K> Runner<F, T, E, K>
where
    F: Future,
    K: Route<F::Output, T, E>,
{
    pub(super) const fn new(ticket: Ticket<T, E>, stops: Stops, route: K, future: F) -> Self {
        Self {
            future: Some(future),
            stop: None,
            ticket,
            stops,
            started: false,
            route,
        }
    }

    /// Polls the future, then looks whether it is to stop: a value that is ready is never lost.
    fn poll_ended(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        let mut this = self.project();
        let token = &this.ticket.core.token;
        if !core::mem::replace(this.started, true) && this.stops.has_come(token) {
            return Poll::Ready(Ended::Cancelled);
        }
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            unreachable!("a task that has ended is not polled")
        };
        let ticket = &*this.ticket;
        let who = || Some((address(&ticket.core), ticket.entry()?.id));
        match catch(|| own::polling(who, || future.poll(cx))) {
            Ok(Poll::Ready(value)) => return Poll::Ready(Ended::Value(value)),
            Ok(Poll::Pending) => {}
            Err(panic) => return Poll::Ready(Ended::Panicked(panic)),
        }
        if this.stop.is_none() {
            let token = match this.stops {
                Stops::Cancelled => token.clone(),
                Stops::Killed => token.shield(),
                Stops::Never => return Poll::Pending,
            };
            this.stop.set(Some(token.cancelled_owned()));
        }
        let Some(stop) = this.stop.as_mut().as_pin_mut() else {
            unreachable!("it was made above")
        };
        stop.poll(cx).map(|_| Ended::Cancelled)
    }

    /// Drops the future, and hands the ticket in with what became of it.
    fn end(self: Pin<&mut Self>, ended: Ended<F::Output>) -> Joined<K::Handed> {
        let mut this = self.project();
        this.stop.set(None);
        let dropped = catch(|| this.future.set(None));
        let ended = match dropped {
            Ok(()) => ended,
            Err(panic) => ended.and_then_panicked(panic),
        };
        if let Ended::Panicked(panic) = &ended {
            this.ticket.panicked(panic);
        }
        let (outcome, handed) = split(&*this.route, ended);
        this.ticket.hand_in(outcome);
        handed
    }

    /// The executor drops the task before it has ended: its handle asked for that, or the runtime ends.
    fn dropped(self: Pin<&mut Self>) {
        if self.future.is_some() {
            let ended = if self.ticket.is_aborted() {
                Ended::Cancelled
            } else {
                Ended::Shutdown
            };
            drop(self.end(ended));
        }
    }
}

/// Tells two scopes apart.
pub(super) fn address<T, E>(core: &Arc<Core<T, E>>) -> usize {
    Arc::as_ptr(core) as usize
}

impl<F, T, E, K> Future for Runner<F, T, E, K>
where
    F: Future,
    K: Route<F::Output, T, E>,
{
    type Output = Joined<K::Handed>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.as_mut().poll_ended(cx) {
            Poll::Ready(ended) => Poll::Ready(self.end(ended)),
            Poll::Pending => Poll::Pending,
        }
    }
}
