//! Sending where one may have to wait.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use trunnion_core::coop;
use trunnion_core::wait::{Locked, Waiter};

use super::chan::Chan;
use super::error::SendError;
use super::line::{Claim, Line, poll_reserve};
use super::merge::{Tried, send_full};
use super::permit::Permit;
use super::put::put_free;
use super::sender::Sent;
use super::state::{Parcel, State};

const REPOLLED: &str = "a send was polled after it gave its result, or its item was taken";

pin_project! {
    /// Sends an item; made by [`Sender::send`](super::Sender::send).
    ///
    /// # Panics
    /// When it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Until it is ready the item was not sent. Dropping it drops the item and leaves the line; a place that it was given goes to the
    /// next.
    ///
    /// # Cost
    /// No allocation; at most 96 bytes besides the item.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Sending<'a, T> {
        chan: &'a Chan<T>,
        parcel: Option<Parcel<T>>,
        // Made when there is no room: most sends write none.
        #[pin]
        waiter: Option<Waiter<&'a Line<T>>>,
    }
}

impl<'a, T> Sending<'a, T> {
    #[inline]
    pub(super) fn new(chan: &'a Chan<T>, item: T) -> Self {
        Self {
            chan,
            parcel: Some(chan.rules.parcel(item)),
            waiter: None,
        }
    }

    /// Takes the item back, and leaves the line; `None` if it was sent or handed back before.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use std::pin::pin;
    /// use std::time::Duration;
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::{flow, timeout};
    ///
    /// let sim = trunnion_sim::Sim::new();
    /// let rt = sim.handle();
    /// sim.block_on(async {
    ///     let (sender, _receiver) = flow::channel(NonZeroUsize::MIN).build();
    ///     sender.send("first").await.unwrap();
    ///     let mut sending = pin!(sender.send("second"));
    ///     assert!(timeout(&rt, Duration::from_secs(1), sending.as_mut()).await.is_err());
    ///     assert_eq!(sending.into_inner(), Some("second"));
    /// });
    /// ```
    #[must_use = "what is taken back is dropped otherwise"]
    pub fn into_inner(self: Pin<&mut Self>) -> Option<T> {
        let mut this = self.project();
        this.waiter.set(None);
        this.parcel.take().map(|parcel| parcel.item)
    }
}

type Outcome<T> = Result<Sent<T>, SendError<T>>;

impl<T> Future for Sending<'_, T> {
    type Output = Outcome<T>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.as_mut().project();
        if this.waiter.is_some() {
            return self.poll_granted(cx);
        }
        ready!(coop::poll_proceed(cx));
        assert!(this.parcel.is_some(), "{REPOLLED}");
        match put_free(&this.chan.line, this.chan.rules.rule, this.parcel) {
            Some(queue) => self.poll_full(queue, cx),
            None => Poll::Ready(Ok(Sent::Queued)),
        }
    }
}

impl<'a, T> Sending<'a, T> {
    /// Does what the rule says, and if that is to wait, begins to.
    #[cold]
    fn poll_full(
        mut self: Pin<&mut Self>,
        queue: Locked<'a, State<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<Outcome<T>> {
        let mut this = self.as_mut().project();
        let (chan, patient) = (*this.chan, this.chan.rules.rule.waits());
        let parcel = this.parcel.take().expect(REPOLLED);
        match send_full(chan, queue, parcel, patient) {
            Tried::Sent(sent) => return Poll::Ready(Ok(sent)),
            Tried::Failed(error) => return Poll::Ready(Err(error)),
            Tried::Full(parcel) if !patient => {
                return Poll::Ready(Err(SendError::Full(parcel.item)));
            }
            Tried::Full(parcel) => {
                let claim = Claim::new(parcel.weight);
                *this.parcel = Some(parcel);
                this.waiter.set(Some(Waiter::new(&chan.line, claim)));
            }
        }
        self.poll_granted(cx)
    }

    /// Waits for a place, and sends into it.
    #[cold]
    fn poll_granted(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        let mut this = self.project();
        let Some(waiter) = this.waiter.as_mut().as_pin_mut() else {
            unreachable!("the send waits")
        };
        let granted = ready!(poll_reserve(waiter, cx));
        this.waiter.set(None);
        let parcel = this.parcel.take().expect(REPOLLED);
        if granted.is_err() {
            return Poll::Ready(Err(SendError::Closed(parcel.item)));
        }
        let permit = Permit::new(this.chan, parcel.weight);
        Poll::Ready(permit.send_parcel(parcel))
    }
}

impl<T> fmt::Debug for Sending<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sending").field(&self.waiter).finish()
    }
}
