//! Items in groups.

use core::fmt;
use core::mem;
use core::num::NonZeroUsize;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures_core::Stream;
use pin_project_lite::pin_project;
use trunnion_core::{Instant, Timer, coop};

use crate::alarm::Alarm;

/// Gathers items into batches of at most `max_items`.
///
/// A batch is given when it is full, when a limit of time or weight says so, and at the end of the stream; it is never empty. Without
/// [`max_delay`](Batches::max_delay) or [`idle`](Batches::idle) a batch that does not fill waits for the end.
///
/// ```
/// use std::num::NonZeroUsize;
/// use std::pin::pin;
/// use std::time::Duration;
/// use futures::StreamExt;
/// use trunnion_core::{BlockOn, Spawn, Timer};
/// use trunnion_patterns::{Flush, batch, flow};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// sim.block_on(async {
///     let ten = NonZeroUsize::new(10).unwrap();
///     let (sender, lines) = flow::channel(ten).build();
///     let clock = rt.clone();
///     rt.spawn_detached(async move {
///         for line in 0..13 {
///             sender.send(line).await.unwrap();
///         }
///         clock.sleep(Duration::from_secs(60)).await;
///     });
///     let mut writes = pin!(batch(&rt, lines, ten).max_delay(Duration::from_secs(1)));
///     let full = writes.next().await.unwrap();
///     assert_eq!((full.items.len(), full.flush), (10, Flush::Full));
///     let late = writes.next().await.unwrap();
///     assert_eq!((late.items, late.flush), (vec![10, 11, 12], Flush::Delay));
///     assert!(writes.next().await.is_none());
/// });
/// ```
///
/// # Cancel safety
/// Dropping the stream drops the items of the batch that was not given; [`take_remainder`](Batches::take_remainder) takes them out
/// before.
///
/// # Cost
/// One allocation for each batch that is no larger than the one before, and one for the timer, which is made when a batch has to wait.
/// The clock is read once for each batch that has a limit of time; with `idle`, also once for each poll that brought items and left the
/// batch waiting.
pub const fn batch<R: Timer, S: Stream>(
    timer: &R,
    stream: S,
    max_items: NonZeroUsize,
) -> Batches<'_, R, S> {
    Batches {
        stream,
        alarm: Alarm::new(timer),
        limits: Limits {
            max_items,
            max_weight: usize::MAX,
            max_delay: None,
            idle: None,
        },
        weigh: weightless,
        items: Vec::new(),
        expected: 0,
        weight: 0,
        due: None,
        idle_at: None,
        carried: None,
        ended: false,
    }
}

const fn weightless<T>(_: &T) -> usize {
    0
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    max_items: NonZeroUsize,
    max_weight: usize,
    max_delay: Option<Duration>,
    idle: Option<Duration>,
}

/// Holds the items of a batch and says why they were given; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch<T> {
    /// The items, in their order.
    pub items: Vec<T>,
    /// Why there are no more in it.
    pub flush: Flush,
}

/// Says why a batch was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flush {
    /// It has as many items as it may have.
    Full,
    /// It weighs as much as it may, or would with the next item.
    Weight,
    /// Its first item has waited as long as it may.
    Delay,
    /// No item came for a while.
    Idle,
    /// The stream is over.
    End,
}

/// What did not fit into the last batch.
struct Carried<T> {
    item: T,
    weight: usize,
    // Where there is a limit of time.
    came: Option<Instant>,
}

pin_project! {
    /// Gives items in batches; made by [`batch`](fn@batch).
    ///
    /// # Cancel safety
    /// Dropping it drops the items of the batch that was not given.
    #[must_use = "streams do nothing unless polled"]
    pub struct Batches<'a, R, S, W = fn(&<S as Stream>::Item) -> usize>
    where
        R: Timer,
        S: Stream,
    {
        #[pin]
        stream: S,
        alarm: Alarm<'a, R>,
        limits: Limits,
        weigh: W,
        items: Vec<S::Item>,
        // How many there were in the last batch: the next one is likely to have as many.
        expected: usize,
        weight: usize,
        // When the first item has waited long enough.
        due: Option<Instant>,
        // When no item has come for long enough; unknown after each.
        idle_at: Option<Instant>,
        carried: Option<Carried<S::Item>>,
        ended: bool,
    }
}

impl<'a, R: Timer, S: Stream, W: FnMut(&S::Item) -> usize> Batches<'a, R, S, W> {
    /// Gives a batch before the item with which it would weigh more than `max`. An item that weighs more by itself is a batch of its own.
    pub fn max_weight<V>(self, max: usize, weigh: V) -> Batches<'a, R, S, V>
    where
        V: FnMut(&S::Item) -> usize,
    {
        Batches {
            stream: self.stream,
            alarm: self.alarm,
            limits: Limits {
                max_weight: max,
                ..self.limits
            },
            weigh,
            items: self.items,
            expected: self.expected,
            weight: self.weight,
            due: self.due,
            idle_at: self.idle_at,
            carried: self.carried,
            ended: self.ended,
        }
    }

    /// Gives a batch when its first item has waited for `delay`. The clock starts with that item, not with the batch before.
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        self.limits.max_delay = Some(delay);
        self
    }

    /// Gives a batch when no item has come for `idle`.
    pub const fn idle(mut self, idle: Duration) -> Self {
        self.limits.idle = Some(idle);
        self
    }

    /// Takes the items that were gathered and not given.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use std::pin::pin;
    /// use std::time::Duration;
    /// use futures::{StreamExt, stream};
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::{batch, timeout};
    ///
    /// let sim = trunnion_sim::Sim::new();
    /// let rt = sim.handle();
    /// sim.block_on(async {
    ///     let endless = stream::iter([1, 2]).chain(stream::pending());
    ///     let mut batches = pin!(batch(&rt, endless, NonZeroUsize::new(3).unwrap()));
    ///     assert!(timeout(&rt, Duration::from_secs(1), batches.next()).await.is_err());
    ///     assert_eq!(batches.take_remainder(), [1, 2]);
    /// });
    /// ```
    #[must_use]
    pub fn take_remainder(self: Pin<&mut Self>) -> Vec<S::Item> {
        let this = self.project();
        let mut items = take(this.items, this.weight);
        items.extend(this.carried.take().map(|carried| carried.item));
        (*this.due, *this.idle_at) = (None, None);
        items
    }

    /// Takes an item in, which came now unless something else is said; the batch that has to be given now, if there is one.
    fn add(
        mut self: Pin<&mut Self>,
        item: S::Item,
        weight: usize,
        came: Option<Instant>,
    ) -> Option<Batch<S::Item>> {
        let this = self.as_mut().project();
        let Limits {
            max_delay, idle, ..
        } = *this.limits;
        let heavy = weight > this.limits.max_weight.saturating_sub(*this.weight);
        if heavy && !this.items.is_empty() {
            let timed = max_delay.is_some() || idle.is_some();
            let came = timed.then(|| this.alarm.now());
            *this.carried = Some(Carried { item, weight, came });
            return Some(self.flush(Flush::Weight));
        }
        if let (true, Some(delay)) = (this.items.is_empty(), max_delay) {
            *this.due = Some(came.unwrap_or_else(|| this.alarm.now()) + delay);
        }
        *this.idle_at = came.zip(idle).map(|(came, idle)| came + idle);
        *this.weight = this.weight.saturating_add(weight);
        if this.items.is_empty() {
            this.items.reserve_exact(*this.expected);
        }
        this.items.push(item);
        if this.items.len() >= this.limits.max_items.get() {
            return Some(self.flush(Flush::Full));
        }
        let full = *this.weight >= this.limits.max_weight;
        full.then(|| self.flush(Flush::Weight))
    }

    fn flush(self: Pin<&mut Self>, flush: Flush) -> Batch<S::Item> {
        let this = self.project();
        (*this.due, *this.idle_at) = (None, None);
        *this.expected = this.items.len();
        let items = take(this.items, this.weight);
        Batch { items, flush }
    }

    /// Waits until the items that are there have waited long enough.
    fn poll_late(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Batch<S::Item>> {
        let this = self.as_ref().get_ref();
        if this.items.is_empty() {
            return Poll::Pending;
        }
        let idle = this.limits.idle;
        let idle_at = this
            .idle_at
            .or_else(|| idle.map(|idle| this.alarm.now() + idle));
        let due = this.due;
        let this = self.as_mut().project();
        *this.idle_at = idle_at;
        let (at, flush) = match (due, idle_at) {
            (Some(due), Some(idle_at)) if idle_at < due => (idle_at, Flush::Idle),
            (Some(due), _) => (due, Flush::Delay),
            (None, Some(idle_at)) => (idle_at, Flush::Idle),
            (None, None) => return Poll::Pending,
        };
        ready!(this.alarm.poll_until(at, cx));
        Poll::Ready(self.flush(flush))
    }
}

fn take<T>(items: &mut Vec<T>, weight: &mut usize) -> Vec<T> {
    *weight = 0;
    mem::take(items)
}

impl<R, S, W> Stream for Batches<'_, R, S, W>
where
    R: Timer,
    S: Stream,
    W: FnMut(&S::Item) -> usize,
{
    type Item = Batch<S::Item>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(carried) = self.as_mut().project().carried.take() {
            let Carried { item, weight, came } = carried;
            if let Some(batch) = self.as_mut().add(item, weight, came) {
                return Poll::Ready(Some(batch));
            }
        }
        // A stream that is always ready must not keep a batch beyond its time: after a while one looks at the clock.
        while !self.ended && coop::poll_proceed(cx).is_ready() {
            let this = self.as_mut().project();
            match this.stream.poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    let weight = (this.weigh)(&item);
                    if let Some(batch) = self.as_mut().add(item, weight, None) {
                        return Poll::Ready(Some(batch));
                    }
                }
                Poll::Ready(None) => *this.ended = true,
                Poll::Pending => break,
            }
        }
        if self.ended {
            let left = !self.items.is_empty();
            return Poll::Ready(left.then(|| self.flush(Flush::End)));
        }
        self.poll_late(cx).map(Some)
    }
}

impl<R: Timer, S: Stream, W> fmt::Debug for Batches<'_, R, S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("limits", &self.limits)
            .field("gathered", &self.items.len())
            .finish_non_exhaustive()
    }
}
