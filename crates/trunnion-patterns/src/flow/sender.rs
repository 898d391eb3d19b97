//! The side of a channel that sends.

use core::fmt;
use std::sync::Arc;

use super::chan::Chan;
use super::drained::Drained;
use super::error::{ReserveError, SendError};
use super::line;
use super::merge::{Tried, send_full};
use super::permit::{Permit, Reserve};
use super::put::put_free;
use super::sending::Sending;
use super::stats::FlowStats;

/// Says what became of an item that was sent, and of those that it met.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sent<T> {
    /// It waits for the receiver.
    Queued,
    /// It waits for the receiver, and these do not any more.
    Displaced {
        /// The one that had to go: the oldest, or the youngest.
        item: T,
        /// Those beside it, in the order in which they went, where the new one weighs more; else empty.
        more: Vec<T>,
    },
    /// It went into an item that waits for the receiver. If that is being merged at that moment, whoever does so takes it in.
    Conflated,
}

/// Sends items into a channel; made by [`Builder::build`](super::Builder::build). Clones are senders of the same channel.
///
/// When the last one is dropped, the receiver gets what is there, and then the end.
pub struct Sender<T> {
    chan: Arc<Chan<T>>,
}

impl<T> Sender<T> {
    pub(super) const fn new(chan: Arc<Chan<T>>) -> Self {
        Self { chan }
    }

    /// Sends an item; where there is no room, the channel's [`Overflow`](super::Overflow) says what happens.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_core::{BlockOn, Spawn};
    /// use trunnion_patterns::flow::{self, Sent};
    ///
    /// let sim = trunnion_sim::Sim::new();
    /// let rt = sim.handle();
    /// sim.block_on(async {
    ///     let (sender, mut receiver) = flow::channel(NonZeroUsize::MIN).build();
    ///     rt.spawn_detached(async move {
    ///         for number in 0..10 {
    ///             assert_eq!(sender.send(number).await.unwrap(), Sent::Queued);
    ///         }
    ///     });
    ///     let mut sum = 0;
    ///     while let Some(number) = receiver.recv().await {
    ///         sum += number;
    ///     }
    ///     assert_eq!(sum, 45);
    /// });
    /// ```
    ///
    /// # Errors
    /// [`SendError`], with the item: the channel is closed, the item is too heavy, or there is no room in a channel that does not wait.
    ///
    /// # Cancel safety
    /// Until it is ready the item was not sent: dropping the future drops the item and loses the place in the line, and
    /// [`Sending::into_inner`] gives the item back. A place that it was given meanwhile goes to the next.
    ///
    /// # Cost
    /// One turn of the lock, and no allocation but the growth of the ring. It weighs the item, and hashes its key, in this call. A task
    /// that never waits gives way at every 128th.
    pub fn send(&self, item: T) -> Sending<'_, T> {
        Sending::new(&self.chan, item)
    }

    /// Sends an item now, or gives it back. It never waits, and never passes those who wait.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::flow::{self, SendError, Sent};
    ///
    /// let (sender, _receiver) = flow::channel(NonZeroUsize::MIN).build();
    /// assert_eq!(sender.try_send("first"), Ok(Sent::Queued));
    /// assert_eq!(sender.try_send("second"), Err(SendError::Full("second")));
    /// ```
    ///
    /// # Errors
    /// [`SendError`], with the item. Where nothing waits that could be displaced or merged with, because all places are reserved, it is
    /// [`SendError::Full`] too.
    ///
    /// # Cost
    /// That of [`send`](Self::send), without giving way.
    #[inline]
    pub fn try_send(&self, item: T) -> Result<Sent<T>, SendError<T>> {
        let (chan, mut parcel) = (&*self.chan, Some(self.chan.rules.parcel(item)));
        let full = put_free(&chan.line, chan.rules.rule, &mut parcel);
        let (Some(queue), Some(parcel)) = (full, parcel) else {
            return Ok(Sent::Queued);
        };
        match send_full(chan, queue, parcel, false) {
            Tried::Sent(sent) => Ok(sent),
            Tried::Full(parcel) => Err(SendError::Full(parcel.item)),
            Tried::Failed(error) => Err(error),
        }
    }

    /// Waits for a place and keeps it: what is sent into it later is never refused for want of room.
    ///
    /// It waits whatever the channel's [`Overflow`](super::Overflow) says: nothing is displaced for a place. In a channel that weighs,
    /// the place is for an item that weighs one; see [`reserve_weight`](Self::reserve_weight).
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::flow::{self, SendError};
    ///
    /// trunnion_sim::Sim::new().block_on(async {
    ///     let (sender, mut receiver) = flow::channel(NonZeroUsize::MIN).build();
    ///     let permit = sender.reserve().await.unwrap();
    ///     assert_eq!(sender.try_send("other"), Err(SendError::Full("other")));
    ///     // Only now is the work done that makes the item: it cannot be lost.
    ///     permit.send("mine").unwrap();
    ///     assert_eq!(receiver.recv().await, Some("mine"));
    /// });
    /// ```
    ///
    /// # Errors
    /// [`ReserveError::Closed`] once the channel is closed.
    ///
    /// # Cancel safety
    /// Dropping the future loses the place in the line; a place that it was given goes to the next.
    ///
    /// # Cost
    /// No allocation. Where there is room, one turn of the lock, and one for what is sent.
    pub fn reserve(&self) -> Reserve<'_, T> {
        self.reserve_weight(1)
    }

    /// Waits for a place for an item that weighs at most `weight`.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::flow;
    ///
    /// trunnion_sim::Sim::new().block_on(async {
    ///     let many = NonZeroUsize::new(100).unwrap();
    ///     let (sender, _receiver) = flow::channel(many).weigh(10, Vec::<u8>::len).build();
    ///     let permit = sender.reserve_weight(8).await.unwrap();
    ///     assert!(sender.try_send(vec![0; 3]).is_err());
    ///     assert!(permit.send(vec![0; 5]).is_ok()); // what it did not use is free again
    ///     assert!(sender.try_send(vec![0; 5]).is_ok());
    /// });
    /// ```
    ///
    /// # Errors
    /// [`ReserveError::Closed`] once the channel is closed; [`ReserveError::TooHeavy`] if it never holds so much.
    ///
    /// # Cancel safety
    /// That of [`reserve`](Self::reserve); those behind who want less are served at once.
    ///
    /// # Cost
    /// That of [`reserve`](Self::reserve).
    pub fn reserve_weight(&self, weight: usize) -> Reserve<'_, T> {
        Reserve::new(&self.chan, self.chan.rules.claimed(weight))
    }

    /// Keeps a place if there is one and nobody waits for it.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::flow::{self, ReserveError};
    ///
    /// let (sender, _receiver) = flow::channel::<u32>(NonZeroUsize::MIN).build();
    /// let permit = sender.try_reserve().unwrap();
    /// assert_eq!(sender.try_reserve().unwrap_err(), ReserveError::Full);
    /// drop(permit); // its place is free again
    /// assert!(sender.try_reserve().is_ok());
    /// ```
    ///
    /// # Errors
    /// [`ReserveError`] says why not.
    ///
    /// # Cost
    /// That of [`reserve`](Self::reserve), without giving way.
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, ReserveError> {
        self.try_reserve_weight(1)
    }

    /// Keeps a place for an item that weighs at most `weight`, if there is one and nobody waits for it.
    ///
    /// # Errors
    /// [`ReserveError`] says why not.
    ///
    /// # Cost
    /// That of [`try_reserve`](Self::try_reserve).
    pub fn try_reserve_weight(&self, weight: usize) -> Result<Permit<'_, T>, ReserveError> {
        let weight = self.chan.rules.claimed(weight);
        let max = self.chan.rules.max_weight;
        if weight > max {
            return Err(ReserveError::TooHeavy { weight, max });
        }
        match line::try_reserve(&self.chan.line, weight) {
            Some(Ok(())) => Ok(Permit::new(&self.chan, weight)),
            Some(Err(_)) => Err(ReserveError::Closed),
            None => Err(ReserveError::Full),
        }
    }

    /// Closes: who waits for room is refused, and so is whoever comes. What is there, and what has a place, goes through.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::flow::{self, SendError, TryRecvError};
    ///
    /// let (sender, mut receiver) = flow::channel(NonZeroUsize::MIN).build();
    /// sender.try_send(1).unwrap();
    /// sender.close();
    /// assert_eq!(sender.try_send(2), Err(SendError::Closed(2)));
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn close(&self) {
        line::close(&self.chan.line);
    }

    /// Closes at once: what was not received is given back here, in its order, and permits that are out are refused.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::flow::{self, TryRecvError};
    ///
    /// let (sender, mut receiver) = flow::channel(NonZeroUsize::MIN).build();
    /// sender.try_send(1).unwrap();
    /// assert_eq!(sender.close_now(), [1]);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    ///
    /// An item that is being merged at that moment is given back by the call that merges it.
    #[expect(clippy::must_use_candidate, reason = "it is called for its effect")]
    pub fn close_now(&self) -> Vec<T> {
        line::cut(&self.chan.line).collect()
    }

    /// Tells whether it is closed, or the receiver gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        line::is_closed(&self.chan.line)
    }

    /// Waits until nothing is in the channel and no place is reserved; gives how many items were never received.
    ///
    /// It is ready when one of its polls sees that. Close before, to wait for the end: while others still send, there may be no such
    /// moment. A receiver that is dropped leaves nothing in the channel, and what it left is counted.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_core::{BlockOn, Spawn, YieldOnce};
    /// use trunnion_patterns::flow;
    ///
    /// let sim = trunnion_sim::Sim::new();
    /// let rt = sim.handle();
    /// sim.block_on(async {
    ///     let (sender, mut receiver) = flow::channel(NonZeroUsize::MIN).build();
    ///     sender.send("last words").await.unwrap();
    ///     rt.spawn_detached(async move {
    ///         YieldOnce::new().await;
    ///         assert_eq!(receiver.recv().await, Some("last words"));
    ///     });
    ///     sender.close();
    ///     assert_eq!(sender.drained().await, 0);
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    ///
    /// # Cost
    /// No allocation. Two turns of the lock.
    pub fn drained(&self) -> Drained<'_, T> {
        Drained::new(&self.chan.line)
    }

    /// Tells how the channel stands.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::flow;
    ///
    /// let (sender, _receiver) = flow::channel(NonZeroUsize::MIN).build();
    /// sender.try_send(1).unwrap();
    /// let _refused = sender.try_send(2).unwrap_err();
    /// let stats = sender.stats();
    /// assert_eq!((stats.sent, stats.rejected, stats.len, stats.peak), (1, 1, 1, 1));
    /// ```
    #[must_use]
    pub fn stats(&self) -> FlowStats {
        line::look(&self.chan.line, |state| FlowStats::from(state))
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        line::add_sender(&self.chan.line);
        Self::new(Arc::clone(&self.chan))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        line::remove_sender(&self.chan.line);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&self.stats()).finish()
    }
}
