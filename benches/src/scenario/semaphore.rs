//! Semaphores: ours, tokio's and those of peers.

pub(super) mod hand_off;
pub(super) mod held;
pub(super) mod owned;
pub(super) mod released;
pub(super) mod uncontended;

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use super::far::size_of_made;
use crate::host::Host;
use crate::subject::Subject;

const TRUNNION: &str = "trunnion";

/// Where one task measures: any runtime would do.
const HOSTS: &[Host] = &[Host::TokioCurrent];
const HEADLINE: (Host, &str) = (Host::TokioCurrent, TRUNNION);

/// What gives permits.
trait Semaphore: Send + Sync + Sized + 'static {
    /// Makes one with so many permits.
    fn new(permits: usize) -> Self;

    /// Waits for a permit, which is given back when it is dropped.
    ///
    /// # Cancel safety
    /// Dropping it leaves nothing behind.
    fn acquire(&self) -> impl Future<Output: Send> + Send;

    /// Waits for a permit that owns what it needs.
    ///
    /// # Cancel safety
    /// Dropping it leaves nothing behind.
    fn acquire_owned(this: &Arc<Self>) -> impl Future<Output: Send> + Send;
}

impl Semaphore for tokio::sync::Semaphore {
    fn new(permits: usize) -> Self {
        Self::new(permits)
    }

    #[inline]
    fn acquire(&self) -> impl Future<Output: Send> + Send {
        self.acquire()
    }

    #[inline]
    fn acquire_owned(this: &Arc<Self>) -> impl Future<Output: Send> + Send {
        Arc::clone(this).acquire_owned()
    }
}

impl Semaphore for trunnion_patterns::Semaphore {
    fn new(permits: usize) -> Self {
        Self::new(permits)
    }

    #[inline]
    fn acquire(&self) -> impl Future<Output: Send> + Send {
        self.acquire()
    }

    #[inline]
    fn acquire_owned(this: &Arc<Self>) -> impl Future<Output: Send> + Send {
        (**this).acquire_owned()
    }
}

impl Semaphore for async_lock::Semaphore {
    fn new(permits: usize) -> Self {
        Self::new(permits)
    }

    #[inline]
    fn acquire(&self) -> impl Future<Output: Send> + Send {
        self.acquire()
    }

    #[inline]
    fn acquire_owned(this: &Arc<Self>) -> impl Future<Output: Send> + Send {
        this.acquire_arc()
    }
}

impl Semaphore for asyncband::semaphore::Semaphore {
    fn new(permits: usize) -> Self {
        Self::new(permits)
    }

    #[inline]
    fn acquire(&self) -> impl Future<Output: Send> + Send {
        self.acquire(1)
    }

    #[inline]
    fn acquire_owned(this: &Arc<Self>) -> impl Future<Output: Send> + Send {
        Arc::clone(this).acquire_owned(1)
    }
}

impl Semaphore for maitake_sync::Semaphore {
    fn new(permits: usize) -> Self {
        Self::new(permits)
    }

    #[inline]
    fn acquire(&self) -> impl Future<Output: Send> + Send {
        self.acquire(1)
    }

    #[inline]
    fn acquire_owned(this: &Arc<Self>) -> impl Future<Output: Send> + Send {
        this.acquire_owned(1)
    }
}

/// What the permits of a semaphore cost at the least: a compare-and-swap to take one, an addition to give it back. There is no line: who
/// finds none gives way and asks again.
struct Limit(AtomicUsize);

/// A permit of [`Limit`].
struct LimitPermit<'a>(&'a AtomicUsize);

impl Drop for LimitPermit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

impl Limit {
    #[inline]
    fn take(&self) -> Option<LimitPermit<'_>> {
        let taken = self
            .0
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |free| {
                free.checked_sub(1)
            });
        taken.ok().map(|_| LimitPermit(&self.0))
    }
}

impl Semaphore for Limit {
    fn new(permits: usize) -> Self {
        Self(AtomicUsize::new(permits))
    }

    #[inline]
    fn acquire(&self) -> impl Future<Output: Send> + Send {
        poll_fn(|cx| {
            let taken = self.take();
            if taken.is_none() {
                cx.waker().wake_by_ref();
            }
            taken.map_or(Poll::Pending, Poll::Ready)
        })
    }

    #[inline]
    fn acquire_owned(this: &Arc<Self>) -> impl Future<Output: Send> + Send {
        this.acquire()
    }
}

/// Gives the row of the limit.
fn limit<F>(work: impl Fn(u32) -> F + Send + Sync + 'static) -> Subject
where
    F: Future<Output = u64> + Send + 'static,
{
    Subject::peer("limit", work)
        .note("one compare-and-swap and one addition; no line, who finds no permit gives way and asks again")
}

/// Gives the rows: the work of each semaphore, and the size of one acquire.
macro_rules! subjects {
    ($work:ident, $size:ident) => {{
        use $crate::scenario::semaphore::TRUNNION;
        use $crate::subject::Subject;
        vec![
            Subject::peer("tokio", $work::<tokio::sync::Semaphore>)
                .future_bytes($size::<tokio::sync::Semaphore>())
                .note("gives way now and then, to what tokio counts"),
            Subject::ours(TRUNNION, $work::<trunnion_patterns::Semaphore>)
                .future_bytes($size::<trunnion_patterns::Semaphore>())
                .note("gives way now and then"),
            Subject::peer("asyncband", $work::<asyncband::semaphore::Semaphore>)
                .future_bytes($size::<asyncband::semaphore::Semaphore>())
                .note("never gives way, cannot be closed"),
            Subject::peer("async-lock", $work::<async_lock::Semaphore>)
                .future_bytes($size::<async_lock::Semaphore>())
                .note("never gives way, is not fair, has no weights"),
            Subject::peer("maitake-sync", $work::<maitake_sync::Semaphore>)
                .future_bytes($size::<maitake_sync::Semaphore>())
                .note("never gives way; its lock spins"),
        ]
    }};
}
use subjects;

/// The size of an acquire.
fn bytes<S: Semaphore>() -> usize {
    size_of_made(&|semaphore: &'static S| semaphore.acquire())
}

/// The size of an acquire that owns.
fn owned_bytes<S: Semaphore>() -> usize {
    size_of_made(&|semaphore: &'static Arc<S>| S::acquire_owned(semaphore))
}
