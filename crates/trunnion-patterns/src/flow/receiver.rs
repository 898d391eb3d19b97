//! The side of a channel that receives.

use core::fmt;
use core::future::Future;
use core::num::NonZeroUsize;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::Arc;

use futures_core::Stream;
use trunnion_core::coop;

use super::chan::Chan;
use super::error::TryRecvError;
use super::line;
use super::state::State;
use super::stats::FlowStats;

/// Receives items from a channel; made by [`Builder::build`](super::Builder::build). There is one, and it is a stream.
///
/// To have several workers, let it feed [`map_concurrent`](fn@crate::map_concurrent) or the tasks of a scope. Dropping it closes the
/// channel at once and drops what is there.
pub struct Receiver<T> {
    chan: Arc<Chan<T>>,
}

impl<T> Receiver<T> {
    pub(super) const fn new(chan: Arc<Chan<T>>) -> Self {
        Self { chan }
    }

    /// Waits for the next item; `None` once the channel is closed, or has no sender, and all of it was received.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::flow;
    ///
    /// trunnion_sim::Sim::new().block_on(async {
    ///     let (sender, mut receiver) = flow::channel(NonZeroUsize::MIN).build();
    ///     sender.send(1).await.unwrap();
    ///     drop(sender);
    ///     assert_eq!((receiver.recv().await, receiver.recv().await), (Some(1), None));
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: an item is taken out when it is given, and not before.
    ///
    /// # Cost
    /// One turn of the lock, no allocation. A task that never waits gives way at every 128th.
    pub const fn recv(&mut self) -> Recv<'_, T> {
        Recv { receiver: self }
    }

    /// Takes the next item if it is there.
    ///
    /// # Errors
    /// [`TryRecvError`] says why nothing is given.
    ///
    /// # Cost
    /// That of [`recv`](Self::recv), without giving way.
    #[inline]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        match line::try_take(&self.chan.line, State::pop) {
            Ok(item) => item.ok_or(TryRecvError::Empty),
            Err(_) => Err(TryRecvError::Closed),
        }
    }

    /// Waits for an item and takes all that is there, at most `max`, behind what is in `buffer`. Gives how many came: none only once
    /// the channel is over.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::flow;
    ///
    /// trunnion_sim::Sim::new().block_on(async {
    ///     let (ten, three) = (NonZeroUsize::new(10).unwrap(), NonZeroUsize::new(3).unwrap());
    ///     let (sender, mut receiver) = flow::channel(ten).build();
    ///     for number in 0..4 {
    ///         sender.send(number).await.unwrap();
    ///     }
    ///     drop(sender);
    ///     let mut all = Vec::new();
    ///     assert_eq!(receiver.recv_many(&mut all, three).await, 3);
    ///     assert_eq!(receiver.recv_many(&mut all, three).await, 1);
    ///     assert_eq!(receiver.recv_many(&mut all, three).await, 0);
    ///     assert_eq!(all, [0, 1, 2, 3]);
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: items are taken out when it is ready, and not before.
    ///
    /// # Cost
    /// One turn of the lock for all of them, and the growth of `buffer`.
    pub const fn recv_many<'a>(
        &'a mut self,
        buffer: &'a mut Vec<T>,
        max: NonZeroUsize,
    ) -> RecvMany<'a, T> {
        RecvMany {
            receiver: self,
            buffer,
            max,
        }
    }

    /// Closes: who waits for room is refused, and so is whoever comes. What is there, and what has a place, can be received.
    pub fn close(&mut self) {
        line::close(&self.chan.line);
    }

    /// Closes at once: what was not received is given back here, in its order.
    ///
    /// An item that is being merged at that moment is given back by the call that merges it.
    pub fn close_now(&mut self) -> Vec<T> {
        line::cut(&self.chan.line).collect()
    }

    /// Tells whether it is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        line::is_closed(&self.chan.line)
    }

    /// Tells how the channel stands.
    #[must_use]
    pub fn stats(&self) -> FlowStats {
        line::look(&self.chan.line, |state| FlowStats::from(state))
    }

    #[inline]
    fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        ready!(coop::poll_proceed(cx));
        line::poll_take(&self.chan.line, cx, State::pop)
    }
}

impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_recv(cx)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        drop(line::cut(&self.chan.line));
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receiver").field(&self.stats()).finish()
    }
}

/// Waits for an item; made by [`Receiver::recv`].
///
/// # Cancel safety
/// Dropping it loses nothing.
#[must_use = "futures do nothing unless awaited"]
pub struct Recv<'a, T> {
    receiver: &'a mut Receiver<T>,
}

impl<T> Future for Recv<'_, T> {
    type Output = Option<T>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.receiver.poll_recv(cx)
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recv").field(&self.receiver).finish()
    }
}

/// Waits for several items; made by [`Receiver::recv_many`].
///
/// # Cancel safety
/// Dropping it loses nothing.
#[must_use = "futures do nothing unless awaited"]
pub struct RecvMany<'a, T> {
    receiver: &'a mut Receiver<T>,
    buffer: &'a mut Vec<T>,
    max: NonZeroUsize,
}

impl<T> Future for RecvMany<'_, T> {
    type Output = usize;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        ready!(coop::poll_proceed(cx));
        let this = self.get_mut();
        let (buffer, max) = (&mut *this.buffer, this.max.get());
        let take = |state: &mut State<T>| {
            let before = buffer.len();
            buffer.extend(core::iter::from_fn(|| state.pop()).take(max));
            NonZeroUsize::new(buffer.len() - before)
        };
        let taken = ready!(line::poll_take(&this.receiver.chan.line, cx, take));
        Poll::Ready(taken.map_or(0, NonZeroUsize::get))
    }
}

impl<T> fmt::Debug for RecvMany<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvMany")
            .field("max", &self.max)
            .finish_non_exhaustive()
    }
}
