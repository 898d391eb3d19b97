//! A place in a channel, kept until there is something to send.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use trunnion_core::coop;
use trunnion_core::wait::Waiter;

use super::chan::Chan;
use super::error::{ReserveError, SendError};
use super::line::{self, Claim, Line, poll_reserve};
use super::merge::send_reserved;
use super::sender::Sent;
use super::state::Parcel;

/// Keeps a place in a channel; given by [`Sender::reserve`](super::Sender::reserve). Dropping it gives the place back.
///
/// A place that was given before [`close`](super::Sender::close) stays, and the receiver waits for what comes into it.
#[must_use = "a permit that is dropped gives its place back at once"]
pub struct Permit<'a, T> {
    chan: &'a Chan<T>,
    weight: usize,
    used: bool,
}

impl<'a, T> Permit<'a, T> {
    pub(super) const fn new(chan: &'a Chan<T>, weight: usize) -> Self {
        let used = false;
        Self { chan, weight, used }
    }

    /// Sends an item into the place; there is room in any case.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::flow::{self, SendError, Sent};
    ///
    /// let (sender, receiver) = flow::channel(NonZeroUsize::MIN).build();
    /// let permit = sender.try_reserve().unwrap();
    /// assert_eq!(permit.send("it"), Ok(Sent::Queued));
    /// drop(receiver);
    /// assert_eq!(sender.try_send("late"), Err(SendError::Closed("late")));
    /// ```
    ///
    /// # Errors
    /// [`SendError::Closed`] if the channel was closed at once or its receiver is gone; [`SendError::TooHeavy`] if the item weighs more
    /// than was reserved. The item is in the error, and the place is given back.
    pub fn send(self, item: T) -> Result<Sent<T>, SendError<T>> {
        let parcel = self.chan.rules.parcel(item);
        self.send_parcel(parcel)
    }

    pub(super) fn send_parcel(mut self, parcel: Parcel<T>) -> Result<Sent<T>, SendError<T>> {
        let (weight, max) = (parcel.weight, self.weight);
        if weight > max {
            let item = parcel.item;
            return Err(SendError::TooHeavy { item, weight, max });
        }
        let sent = send_reserved(self.chan, self.weight, parcel);
        self.used = matches!(sent, Ok(Sent::Queued));
        sent
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        if !self.used {
            line::release(&self.chan.line, self.weight);
        }
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("weight", &self.weight)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// Waits for a place; made by [`Sender::reserve`](super::Sender::reserve) and those like it.
    ///
    /// Polled again after it was ready, it begins anew.
    ///
    /// # Cancel safety
    /// Dropping it leaves the line; a place that it was given goes to the next.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Reserve<'a, T> {
        chan: &'a Chan<T>,
        weight: usize,
        #[pin]
        waiter: Waiter<&'a Line<T>>,
    }
}

impl<'a, T> Reserve<'a, T> {
    pub(super) fn new(chan: &'a Chan<T>, weight: usize) -> Self {
        let waiter = Waiter::new(&chan.line, Claim::new(weight));
        Self {
            chan,
            weight,
            waiter,
        }
    }
}

impl<'a, T> Future for Reserve<'a, T> {
    type Output = Result<Permit<'a, T>, ReserveError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let (chan, weight) = (*this.chan, *this.weight);
        if this.waiter.as_mut().value().is_some() {
            ready!(coop::poll_proceed(cx));
            let max = chan.rules.max_weight;
            if weight > max {
                return Poll::Ready(Err(ReserveError::TooHeavy { weight, max }));
            }
        }
        let granted = ready!(poll_reserve(this.waiter, cx));
        Poll::Ready(match granted {
            Ok(()) => Ok(Permit::new(chan, weight)),
            Err(_) => Err(ReserveError::Closed),
        })
    }
}

impl<T> fmt::Debug for Reserve<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reserve").field(&self.waiter).finish()
    }
}
