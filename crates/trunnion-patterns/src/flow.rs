//! A channel between a fast producer and a slow consumer, with a stated rule for what does not fit.
//!
//! [`channel`] makes one that holds a bounded number of items, and where it weighs them, a bounded weight. When there is no room, its
//! [`Overflow`] decides: the sender waits, something is handed back, or items are merged. What becomes of an item is what `send`
//! says: an item that is lost is never reported as sent.
//!
//! | when it is full | rule | for |
//! |---|---|---|
//! | the sender waits | [`Overflow::Wait`] | work that must be done |
//! | the oldest goes | [`Overflow::DropOldest`] | what is worth less with time: positions, frames |
//! | the youngest goes | [`Overflow::DropNewest`] | what came first matters most |
//! | the new one is refused | [`Overflow::Reject`] | load that is shed at the door |
//! | it is merged into the youngest | [`Overflow::Conflate`] | sums, "something has changed" |
//! | it is merged into that with its key, full or not | [`Overflow::KeyedConflate`] | the newest state of many things |
//!
//! Clones of the sender share the channel; items of one sender stay in their order. There is one receiver, so that it is a plain
//! stream and an item never waits in the hands of a receiver that was cancelled.

mod chan;
mod drained;
mod error;
mod line;
mod merge;
mod overflow;
mod permit;
mod put;
mod receiver;
mod sender;
mod sending;
mod state;
mod stats;

use core::fmt;
use core::num::NonZeroUsize;
use std::sync::Arc;

pub use drained::Drained;
pub use error::{ReserveError, SendError, TryRecvError};
pub use overflow::{Conflation, KeyedConflation, Overflow};
pub use permit::{Permit, Reserve};
pub use receiver::{Receiver, Recv, RecvMany};
pub use sender::{Sender, Sent};
pub use sending::Sending;
pub use stats::FlowStats;

use chan::{Chan, Rules, Weigh};

/// Begins a channel that holds at most `capacity` items.
///
/// ```
/// use std::num::NonZeroUsize;
/// use trunnion_core::{BlockOn, Spawn};
/// use trunnion_patterns::flow::{self, Overflow, Sent};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// sim.block_on(async {
///     let two = NonZeroUsize::new(2).unwrap();
///     let (sender, mut receiver) = flow::channel(two).overflow(Overflow::DropOldest).build();
///     let sensor = rt.spawn(async move {
///         let mut lost = 0;
///         for degrees in 20..25 {
///             match sender.send(degrees).await.unwrap() {
///                 Sent::Displaced { .. } => lost += 1,
///                 _ => {}
///             }
///         }
///         lost
///     });
///     assert_eq!(sensor.await.unwrap(), 3);
///     assert_eq!((receiver.recv().await, receiver.recv().await), (Some(23), Some(24)));
///     assert_eq!(receiver.recv().await, None);
/// });
/// ```
///
/// # Cost
/// One allocation, one more for each function of the user that holds something, and the growth of a ring up to `capacity`.
pub const fn channel<T>(capacity: NonZeroUsize) -> Builder<T> {
    Builder {
        capacity,
        overflow: Overflow::Wait,
        weigh: None,
    }
}

/// Says what a channel is like; made by [`channel`].
#[must_use = "a channel is made by `build`"]
pub struct Builder<T> {
    capacity: NonZeroUsize,
    overflow: Overflow<T>,
    weigh: Option<(usize, Weigh<T>)>,
}

impl<T> Builder<T> {
    /// Says what happens where there is no room; [`Overflow::Wait`] unless this is called.
    pub fn overflow(mut self, overflow: Overflow<T>) -> Self {
        self.overflow = overflow;
        self
    }

    /// Bounds what all items weigh together, besides their number.
    ///
    /// An item that weighs more than `max` is refused with [`SendError::TooHeavy`]. A merged item is weighed again; if that is more than
    /// fits, nothing else comes in until it was received. `weigh` runs where items are sent, without any lock.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::flow::{self, SendError};
    ///
    /// let many = NonZeroUsize::new(100).unwrap();
    /// let (sender, _receiver) = flow::channel(many).weigh(10, |text: &&str| text.len()).build();
    /// assert!(sender.try_send("six or").is_ok());
    /// assert_eq!(sender.try_send("seven"), Err(SendError::Full("seven")));
    /// let (item, weight, max) = ("more than ever fits", 19, 10);
    /// assert_eq!(sender.try_send(item), Err(SendError::TooHeavy { item, weight, max }));
    /// ```
    pub fn weigh(
        mut self,
        max: usize,
        weigh: impl Fn(&T) -> usize + Send + Sync + 'static,
    ) -> Self {
        self.weigh = Some((max, Box::new(weigh)));
        self
    }

    /// Makes the channel.
    #[must_use]
    pub fn build(self) -> (Sender<T>, Receiver<T>) {
        let (max_weight, weigh) = match self.weigh {
            Some((max, weigh)) => (max, Some(weigh)),
            None => (usize::MAX, None),
        };
        let (rule, merge, key) = self.overflow.into_parts();
        let chan = Arc::new(Chan {
            line: line::new(self.capacity.get(), max_weight),
            rules: Rules {
                rule,
                max_weight,
                weigh,
                merge,
                key,
            },
        });
        (Sender::new(Arc::clone(&chan)), Receiver::new(chan))
    }
}

impl<T> fmt::Debug for Builder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("capacity", &self.capacity)
            .field("overflow", &self.overflow)
            .field("max_weight", &self.weigh.as_ref().map(|(max, _)| max))
            .finish()
    }
}
