//! Running an operation for each item, a bounded number of them at once.

mod next;
mod slot;

use core::fmt;
use core::future::Future;
use core::iter::Fuse;
use core::num::NonZeroUsize;
use core::task::{Context, Poll};
use std::collections::VecDeque;

pub use next::Next;
use slot::Slot;

/// Runs `op` for each item, at most `limit` of them at once, and gives the outputs in the order of the items.
///
/// The operations run inside the task that awaits [`next`](MapConcurrent::next), and only while it is awaited: spawn in
/// `op` for operations that are to use several threads or to go on meanwhile. Items are taken from the iterator when
/// there is room for them. An output that is ready before its turn waits in its place, so that neither running
/// operations nor waiting outputs are ever more than `limit` together.
///
/// ```
/// use std::num::NonZeroUsize;
/// use trunnion_patterns::map_concurrent;
///
/// async fn lengths(names: Vec<String>) -> usize {
///     let limit = NonZeroUsize::new(8).unwrap_or(NonZeroUsize::MIN);
///     let mut lengths = map_concurrent(limit, names, |name| async move { name.len() });
///     let mut sum = 0;
///     while let Some(length) = lengths.next().await {
///         sum += length;
///     }
///     sum
/// }
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let names = vec!["one".to_owned(), "three".to_owned()];
/// # let polled = pin!(lengths(names)).poll(&mut Context::from_waker(Waker::noop()));
/// # assert_eq!(polled, Poll::Ready(8));
/// ```
///
/// An operation that fails is an output like any other. To stop at the first error, drop the map when it comes: nothing
/// new starts, and what runs is dropped.
///
/// # Cancel safety
/// Dropping the map drops the running operations and the outputs that wait for their turn. Dropping [`Next`] loses nothing.
///
/// # Cost
/// One allocation for each operation that runs at once, reused for the next ones: `limit` in all. A wake polls all running operations, so that
/// it costs time in proportion to `limit`.
pub fn map_concurrent<I, F, Fut>(
    limit: NonZeroUsize,
    items: I,
    op: F,
) -> MapConcurrent<I::IntoIter, F, Fut>
where
    I: IntoIterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    MapConcurrent {
        limit,
        items: items.into_iter().fuse(),
        op,
        window: VecDeque::new(),
        spare: Vec::new(),
    }
}

/// Runs a bounded number of operations at once; made by [`map_concurrent`].
///
/// # Cancel safety
/// Dropping it drops the running operations and the outputs that wait for their turn.
#[must_use = "nothing runs until `next` or `collect` is awaited"]
pub struct MapConcurrent<I, F, Fut: Future> {
    limit: NonZeroUsize,
    items: Fuse<I>,
    op: F,
    // The operations that have started and whose outputs have not been given, in the order of the items.
    window: VecDeque<Slot<Fut>>,
    // Slots without an operation, kept for their allocations.
    spare: Vec<Slot<Fut>>,
}

// Operations are pinned in boxes of their own; items and outputs are only moved.
impl<I, F, Fut: Future> Unpin for MapConcurrent<I, F, Fut> {}

impl<I, F, Fut> MapConcurrent<I, F, Fut>
where
    I: Iterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    /// Gives the output of the next item, or `None` after the last.
    ///
    /// # Panics
    /// A panic of the iterator, of `op` or of an operation reaches the caller. An operation that has panicked must not be
    /// polled again: drop the map then.
    ///
    /// # Cancel safety
    /// Dropping the returned future loses nothing: the operations stay where they are, and the next call goes on with
    /// them. They do not run in between.
    pub const fn next(&mut self) -> Next<'_, I, F, Fut> {
        Next::new(self)
    }

    /// Gathers all outputs, in the order of the items.
    ///
    /// ```
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::map_concurrent;
    ///
    /// async fn doubled(numbers: Vec<u32>) -> Vec<u32> {
    ///     map_concurrent(NonZeroUsize::MIN, numbers, |n| async move { 2 * n }).collect().await
    /// }
    /// # let polled = pin!(doubled(vec![1, 2])).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert_eq!(polled, Poll::Ready(vec![2, 4]));
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the returned future drops the operations and the outputs so far. Use [`next`](Self::next) to keep them.
    pub async fn collect<C>(mut self) -> C
    where
        C: Default + Extend<Fut::Output>,
    {
        let mut outputs = C::default();
        while let Some(output) = self.next().await {
            outputs.extend(Some(output));
        }
        outputs
    }

    /// Starts operations while there is room, then polls what is running, unless the next output is there without that.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Fut::Output>> {
        let running = self.window.len();
        self.fill();
        // What has just started is polled in any case: a caller that finds one output after the other ready would
        // otherwise not let it begin.
        for slot in self.window.range_mut(running..) {
            slot.poll(cx);
        }
        if !self.front_is_done() {
            for slot in self.window.range_mut(..running) {
                slot.poll(cx);
            }
        }
        self.take_front()
    }

    fn fill(&mut self) {
        while self.window.len() < self.limit.get() {
            let Some(item) = self.items.next() else {
                return;
            };
            let operation = (self.op)(item);
            let mut slot = self.spare.pop().unwrap_or_else(Slot::new);
            slot.start(operation);
            self.window.push_back(slot);
        }
    }

    fn front_is_done(&self) -> bool {
        self.window.front().is_some_and(Slot::is_done)
    }

    fn take_front(&mut self) -> Poll<Option<Fut::Output>> {
        let Some(front) = self.window.front_mut() else {
            return Poll::Ready(None);
        };
        let Some(output) = front.take() else {
            return Poll::Pending;
        };
        self.spare.extend(self.window.pop_front());
        Poll::Ready(Some(output))
    }
}

impl<I, F, Fut: Future> fmt::Debug for MapConcurrent<I, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapConcurrent")
            .field("limit", &self.limit)
            .field("started", &self.window.len())
            .finish_non_exhaustive()
    }
}
