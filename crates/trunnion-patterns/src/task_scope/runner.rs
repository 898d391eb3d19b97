//! The future that a child's task runs.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use pin_project_lite::pin_project;
use trunnion_core::panic::{catch, contain};
use trunnion_core::wait::Waiter;
use trunnion_core::{JoinError, PanicPayload};

use super::members::{Member, Stops, poll_stop};
use super::outcome::Outcome;
use super::state::{Joint, Ticket};
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

/// Decides who gets what a child gives: the joiner or the handle.
pub(super) trait Route<V, T, E> {
    /// What the handle gets.
    type Handed;
    /// What the task gives.
    type Given;
    /// Whether nothing but a panic goes to the joiner in any case.
    const SILENT: bool = false;

    /// Splits a value; `tells` is what [`tells`](Self::tells) said.
    fn value(&self, value: V, tells: bool) -> (Option<Outcome<T, E>>, Joined<Self::Handed>);

    /// Tells whether the joiner is told of the child; asked once, when the child has ended.
    fn tells(&self) -> bool;

    /// Turns what the handle gets into what the task gives.
    fn give(joined: Joined<Self::Handed>) -> Self::Given;
}

/// All goes to the joiner.
pub(super) struct ToJoiner;

impl<T, E> Route<Result<T, E>, T, E> for ToJoiner {
    type Handed = ();
    type Given = Joined<()>;

    fn value(&self, value: Result<T, E>, _: bool) -> (Option<Outcome<T, E>>, Joined<()>) {
        (Some(value.into()), Ok(()))
    }

    fn tells(&self) -> bool {
        true
    }

    fn give(joined: Joined<()>) -> Joined<()> {
        joined
    }
}

/// The same, where there is no handle.
pub(super) struct ToJoinerAlone;

impl<T, E> Route<Result<T, E>, T, E> for ToJoinerAlone {
    type Handed = ();
    type Given = ();

    fn value(&self, value: Result<T, E>, _: bool) -> (Option<Outcome<T, E>>, Joined<()>) {
        (Some(value.into()), Ok(()))
    }

    fn tells(&self) -> bool {
        true
    }

    fn give(_: Joined<()>) {}
}

/// All but a panic goes to the handle.
pub(super) struct ToHandle;

impl<V, T, E> Route<V, T, E> for ToHandle {
    type Handed = V;
    type Given = Joined<V>;
    const SILENT: bool = true;

    fn value(&self, value: V, _: bool) -> (Option<Outcome<T, E>>, Joined<V>) {
        (None, Ok(value))
    }

    fn tells(&self) -> bool {
        false
    }

    fn give(joined: Joined<V>) -> Joined<V> {
        joined
    }
}

/// What a child's task gives to a handle.
///
/// It lies in the task's cell beside the future, and is moved: what is large is in a box.
pub(super) type Joined<V> = Result<V, Lost>;

/// Why a handle gets no value.
pub(super) enum Lost {
    Cancelled,
    Shutdown,
    Panicked(Box<PanicPayload>),
}

impl From<Lost> for JoinError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Cancelled => Self::Cancelled,
            Lost::Shutdown => Self::Shutdown,
            Lost::Panicked(panic) => Self::Panicked(*panic),
        }
    }
}

/// Splits an end into what the joiner and what the handle gets.
fn split<V, T, E, K: Route<V, T, E>>(
    route: &K,
    ended: Ended<V>,
) -> (Option<Outcome<T, E>>, Joined<K::Handed>) {
    let tells = route.tells();
    match ended {
        Ended::Value(value) => route.value(value, tells),
        Ended::Panicked(panic) => panicked(panic),
        Ended::Cancelled => (tells.then_some(Outcome::Cancelled), Err(Lost::Cancelled)),
        Ended::Shutdown => (tells.then_some(Outcome::Shutdown), Err(Lost::Shutdown)),
    }
}

/// A panic is the scope's in any case.
#[cold]
pub(super) fn panicked<V, T, E>(panic: PanicPayload) -> (Option<Outcome<T, E>>, Joined<V>) {
    let lost = copy_of(&panic);
    (Some(Outcome::Panicked(panic)), Err(lost))
}

/// There is one payload, and it is the scope's: the handle gets the text.
fn copy_of(panic: &PanicPayload) -> Lost {
    let text = panic.message().unwrap_or("a value that is not text");
    let copy = PanicPayload::new(Box::new(text.to_owned()));
    Lost::Panicked(Box::new(copy))
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
        // It leads to the scope; it waits from the first time that the future is pending.
        #[pin]
        stop: Waiter<Arc<Joint<T, E>>>,
        ticket: Ticket,
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
    pub(super) fn new(
        core: Arc<Joint<T, E>>,
        (ticket, member): (Ticket, Member),
        route: K,
        future: F,
    ) -> Self {
        Self {
            future: Some(future),
            stop: Waiter::new(core, member),
            ticket,
            stops: member.stops,
            started: false,
            route,
        }
    }

    /// Polls the future, then looks whether it is to stop: a value that is ready is never lost.
    #[inline]
    fn poll_ended(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        let mut this = self.project();
        let (core, ticket, stops) = (this.stop.home().open(), &*this.ticket, *this.stops);
        if !core::mem::replace(this.started, true) && stops.has_come(&core.token) {
            return Poll::Ready(Ended::Cancelled);
        }
        let who = || Some((address(this.stop.home()), ticket.entry(core)?.id));
        let (future, mut value) = (&mut this.future, None);
        // The future is dropped in the catch in which it ended; its value is kept outside.
        let polled = catch(|| {
            own::polling(who, || {
                let Some(running) = future.as_mut().as_pin_mut() else {
                    unreachable!("a task that has ended is not polled")
                };
                if let Poll::Ready(ready) = running.poll(cx) {
                    value = Some(ready);
                    future.set(None);
                }
            });
        });
        match (polled, value) {
            (Ok(()), Some(value)) => Poll::Ready(Ended::Value(value)),
            (Ok(()), None) if stops == Stops::Never => Poll::Pending,
            (Ok(()), None) => {
                let stopped = poll_stop(this.stop, cx, |core| stops.has_come(&core.token));
                stopped.map(|()| Ended::Cancelled)
            }
            (Err(panic), value) => {
                contain(|| drop(value));
                Poll::Ready(Ended::Panicked(panic))
            }
        }
    }

    /// Drops what is left of the future, and hands the ticket in with what became of it.
    #[inline]
    fn end(self: Pin<&mut Self>, ended: Ended<F::Output>) -> K::Given {
        let mut this = self.project();
        this.stop.as_mut().leave();
        let left = this.future.is_some();
        let dropped = if left {
            catch(|| this.future.set(None))
        } else {
            Ok(())
        };
        let ended = match dropped {
            Ok(()) => ended,
            Err(panic) => ended.and_then_panicked(panic),
        };
        let core = this.stop.home().open();
        let (outcome, handed) = split(&*this.route, ended);
        if let Some(Outcome::Panicked(panic)) = &outcome {
            this.ticket.panicked(core, panic);
        }
        if outcome.is_none() && !K::SILENT {
            this.ticket.hand_in_unheard(core);
        } else {
            this.ticket.hand_in(core, outcome);
        }
        K::give(handed)
    }

    /// The executor drops the task before it has ended: its handle asked for that, or the runtime ends.
    fn dropped(self: Pin<&mut Self>) {
        if self.future.is_some() {
            let ended = if self.ticket.is_aborted(self.stop.home().open()) {
                Ended::Cancelled
            } else {
                Ended::Shutdown
            };
            drop(self.end(ended));
        }
    }
}

/// Tells two scopes apart.
pub(super) fn address<T, E>(core: &Arc<Joint<T, E>>) -> usize {
    Arc::as_ptr(core) as usize
}

impl<F, T, E, K> Future for Runner<F, T, E, K>
where
    F: Future,
    K: Route<F::Output, T, E>,
{
    type Output = K::Given;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.as_mut().poll_ended(cx) {
            Poll::Ready(ended) => Poll::Ready(self.end(ended)),
            Poll::Pending => Poll::Pending,
        }
    }
}
