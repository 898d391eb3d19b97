//! Running an operation for each item of a stream, a bounded number of them at once.

mod collect;
mod driver;
mod feed;
mod lazy;
mod next;
mod outputs;
mod pump;
mod settled;
mod sift;
mod terminals;
mod until;
mod window;

use core::fmt;
use core::future::Future;
use core::num::NonZeroUsize;

use futures_core::Stream;
use trunnion_core::Cancellation;

use driver::Bounds;

pub use collect::Collect;
pub use feed::{Feed, Jobs, Weighed};
pub use lazy::LazyStream;
pub use next::Next;
pub use outputs::Outputs;
pub use pump::Pump;
pub use settled::{Numbered, Settle, Settled, WithNumber};
pub use sift::{Every, Sift, UntilError};
pub use until::{ByToken, CutShort, TheEnd, Until};

/// Runs `op` for each item of `source`, at most `limit` of them at once.
///
/// The source is any `Stream`; [`each`](fn@crate::each) makes one of an iterator, a vector or an array. What is to become of
/// the outputs is said by the method that ends the chain: [`pump`](MapConcurrent::pump) and
/// [`for_each`](MapConcurrent::for_each) give them to a loop, [`collect`](MapConcurrent::collect),
/// [`try_collect`](MapConcurrent::try_collect) and [`fold`](MapConcurrent::fold) gather them.
///
/// The operations run inside the task that awaits the result; spawn in `op` those that are to use several threads. Only those
/// are polled that were woken, and all of them whatever the loop's body is waiting for.
///
/// ```
/// use std::num::NonZeroUsize;
/// use trunnion_patterns::{each, map_concurrent};
///
/// async fn lengths(names: Vec<String>) -> usize {
///     let limit = NonZeroUsize::new(8).unwrap_or(NonZeroUsize::MIN);
///     let lengths = map_concurrent(limit, each(names), |name| async move { name.len() });
///     lengths.fold(0, async |sum, length| sum + length).await
/// }
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let names = vec!["one".to_owned(), "three".to_owned()];
/// # let polled = pin!(lengths(names)).poll(&mut Context::from_waker(Waker::noop()));
/// # assert_eq!(polled, Poll::Ready(8));
/// ```
///
/// # Backpressure
///
/// An item is taken from the source when its operation can start. Running operations and outputs that nobody has taken are
/// together never more than `limit` and the [`ready_buffer`](MapConcurrent::ready_buffer), also where outputs wait for their
/// turn: a slow consumer, or one slow operation, makes the source wait. An operation is dropped, with the permits and locks
/// that it holds, when it ends, and not when its output is taken.
///
/// # Sharing a limit with others
///
/// `limit` is the map's own. An operation that is to keep to a limit of several maps or tasks acquires a permit of a semaphore
/// in its own future, before its work, and drops it at its end. While it waits for it, it holds a place of the map, and it is polled
/// when the permit comes, whatever the body does.
///
/// # Panics
/// A panic of the source, of `op`, of an operation or of the body reaches the caller, after the operations that run have been
/// dropped.
///
/// # Cancel safety
/// Nothing runs before the result is awaited. Dropping it drops the source, the operations that run and the outputs that wait.
///
/// # Cost
/// Memory for `limit` operations and outputs, in slabs that grow as they are needed: nothing is allocated for an item. One item in
/// 128 gives way. An operation that is ready at its first poll takes no locked step.
pub fn map_concurrent<S, F, Fut>(
    limit: NonZeroUsize,
    source: S,
    op: F,
) -> MapConcurrent<Feed<S, F>, TheEnd>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future,
{
    MapConcurrent {
        jobs: Feed::new(source, op),
        until: TheEnd,
        bounds: Bounds {
            limit,
            ready_buffer: 0,
            ordered: true,
        },
    }
}

/// Describes a bounded map; made by [`map_concurrent`].
///
/// Outputs come in the order of the items unless [`unordered`](Self::unordered) is asked for.
#[must_use = "nothing runs until the outputs are asked for and awaited"]
pub struct MapConcurrent<J, U> {
    jobs: J,
    until: U,
    bounds: Bounds,
}

impl<J, U> MapConcurrent<J, U> {
    /// Gives outputs as they come.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_core::YieldOnce;
    /// use trunnion_patterns::{each, map_concurrent};
    ///
    /// async fn order() -> Vec<bool> {
    ///     let limit = NonZeroUsize::MIN.saturating_add(1);
    ///     let map = map_concurrent(limit, each([true, false]), |slow| async move {
    ///         if slow {
    ///             YieldOnce::new().await;
    ///         }
    ///         slow
    ///     });
    ///     map.unordered().collect().await
    /// }
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// # let mut order = pin!(order());
    /// # let mut cx = Context::from_waker(Waker::noop());
    /// # assert!(order.as_mut().poll(&mut cx).is_pending());
    /// # assert_eq!(order.poll(&mut cx), Poll::Ready(vec![false, true]));
    /// ```
    pub const fn unordered(mut self) -> Self {
        self.bounds.ordered = false;
        self
    }

    /// Lets so many outputs wait beside `limit` operations that run.
    ///
    /// Without it an output that nobody has taken keeps the place of its operation.
    pub const fn ready_buffer(mut self, outputs: usize) -> Self {
        self.bounds.ready_buffer = outputs;
        self
    }
}

impl<S: Stream, F, U> MapConcurrent<Feed<S, F>, U> {
    /// Gives each item a weight; those that run weigh at most `most` together.
    ///
    /// The next item waits until there is room for it, and no later one passes it. One that is heavier than `most` runs alone. The
    /// limit of their number holds as well.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::{each, map_concurrent};
    ///
    /// async fn upload(files: Vec<Vec<u8>>) -> usize {
    ///     let limit = NonZeroUsize::new(100).unwrap_or(NonZeroUsize::MIN);
    ///     let megabyte = NonZeroUsize::new(1 << 20).unwrap_or(NonZeroUsize::MIN);
    ///     let sent = map_concurrent(limit, each(files), |file| async move { file.len() })
    ///         .weigh(megabyte, |file| file.len());
    ///     sent.fold(0, async |sum, bytes| sum + bytes).await
    /// }
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    /// # let polled = pin!(upload(vec![vec![0; 3], vec![0; 4]])).poll(&mut Context::from_waker(Waker::noop()));
    /// # assert_eq!(polled, Poll::Ready(7));
    /// ```
    ///
    /// A limit that several maps share is a [`Semaphore`](crate::Semaphore) that the source asks: an item that waits for its permits takes
    /// no place of the map, and they are free again when its operation has ended.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use futures::StreamExt;
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::{Semaphore, each, map_concurrent};
    ///
    /// trunnion_sim::Sim::new().block_on(async {
    ///     let (memory, limit) = (Semaphore::new(8), NonZeroUsize::new(100).unwrap());
    ///     let files = [vec![0; 3], vec![0; 4], vec![0; 5]];
    ///     let admitted = each(files).then(async |file| (memory.acquire_many(file.len()).await.unwrap(), file));
    ///     let sent = map_concurrent(limit, admitted, |(permit, file)| async move {
    ///         assert_eq!(permit.count(), file.len());
    ///     });
    ///     sent.collect::<()>().await;
    ///     assert_eq!(memory.stats().held, 0);
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// The item that waits was taken from the source, and is dropped with the map.
    pub fn weigh<W>(self, most: NonZeroUsize, weigh: W) -> MapConcurrent<Weighed<S, F, W>, U>
    where
        W: FnMut(&S::Item) -> usize,
    {
        MapConcurrent {
            jobs: self.jobs.weighed(most.get(), weigh),
            until: self.until,
            bounds: self.bounds,
        }
    }
}

impl<J> MapConcurrent<J, TheEnd> {
    /// Ends the map when `token` is cancelled: nothing new starts, and the operations that run are dropped.
    ///
    /// Operations that are ready at that moment keep their outputs. The result becomes a `Result`, whose error, [`CutShort`],
    /// holds what there was by then; in a [`pump`](Self::pump) the outputs end, and [`Outputs::reason`] says why.
    ///
    /// # Cost
    /// One load for each turn, and the token's waiter when there is nothing to do.
    pub fn cancel<C: Cancellation>(self, token: C) -> MapConcurrent<J, ByToken<C>> {
        self.until(token, false)
    }

    /// Ends the map when `token` is cancelled: nothing new starts, and the operations that run may end.
    ///
    /// The result is that of [`cancel`](Self::cancel).
    ///
    /// # Cost
    /// That of [`cancel`](Self::cancel).
    pub fn drain<C: Cancellation>(self, token: C) -> MapConcurrent<J, ByToken<C>> {
        self.until(token, true)
    }

    fn until<C: Cancellation>(self, token: C, drains: bool) -> MapConcurrent<J, ByToken<C>> {
        MapConcurrent {
            jobs: self.jobs,
            until: ByToken::new(token, drains),
            bounds: self.bounds,
        }
    }
}

impl<J, U> fmt::Debug for MapConcurrent<J, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapConcurrent")
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}
