//! What can be done with a running task.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::num::NonZeroU64;
use core::pin::Pin;
use core::task::{Context, Poll};

#[cfg(feature = "std")]
use crate::AbortHandle;
use crate::JoinError;

/// Names a task; no two live tasks of one runtime share an id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(NonZeroU64);

impl TaskId {
    /// Makes the id with this number: for adapters whose runtime numbers its tasks. Zero counts as 1.
    #[must_use]
    pub const fn from_u64(number: u64) -> Self {
        match NonZeroU64::new(number) {
            Some(number) => Self(number),
            None => Self(NonZeroU64::MIN),
        }
    }

    /// Makes an id that no earlier call in this process has made.
    ///
    /// # Cost
    /// No locked operation but for one of 1024 calls of a thread: each takes a block of numbers.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn unique() -> Self {
        use core::cell::Cell;
        use core::sync::atomic::{AtomicU64, Ordering};
        const BLOCK: u64 = 1 << 10;
        static BLOCKS: AtomicU64 = AtomicU64::new(0);
        std::thread_local! {
            static LAST: Cell<u64> = const { Cell::new(0) };
        }
        LAST.with(|last| {
            // The last number of a block is a multiple of its size.
            if last.get() % BLOCK == 0 {
                last.set(BLOCKS.fetch_add(1, Ordering::Relaxed) * BLOCK);
            }
            last.set(last.get() + 1);
            Self::from_u64(last.get())
        })
    }

    /// Gives the number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskId({self})")
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Owns a running task: awaiting it gives the task's value, dropping it cancels the task.
///
/// It behaves the same on every runtime. A value that was ready when the task was aborted is kept. Awaiting is possible
/// from any other runtime. Polled again after it was ready, it panics.
///
/// # Cancel safety
/// Polling by reference (`(&mut task).await`) and dropping that borrow loses nothing. Dropping the handle itself cancels
/// the task: the future is dropped on the runtime, soon but not at once; [`cancel`](Self::cancel) waits for that.
#[must_use = "dropping a task's handle cancels the task; call `detach` to let it run"]
pub trait TaskHandle<T>: Future<Output = Result<T, JoinError>> + Unpin {
    /// Asks the task to stop at its next pending poll; it may be called again, and from the task itself.
    fn abort(&self);

    /// Makes a handle that can abort the task but not await it.
    ///
    /// It exists with the feature `std`: a crate that implements this trait enables that feature.
    ///
    /// # Cost
    /// One allocation.
    #[cfg(feature = "std")]
    fn abort_handle(&self) -> AbortHandle;

    /// Tells whether the task has ended; true before its awaiter is woken.
    fn is_finished(&self) -> bool;

    /// Names the task.
    fn id(&self) -> TaskId;

    /// Lets the task run to its end, or to the end of the runtime, without an owner.
    fn detach(self)
    where
        Self: Sized;

    /// Aborts the task and waits until its future has been dropped.
    ///
    /// The result is that of awaiting an aborted task: the value if the task had finished, the panic if it or one of its
    /// destructors panicked, else [`JoinError::Cancelled`].
    ///
    /// # Cancel safety
    /// The abort happens at the call. Dropping the returned future only stops waiting.
    fn cancel(self) -> Cancel<Self, T>
    where
        Self: Sized,
    {
        self.abort();
        Cancel {
            handle: self,
            output: PhantomData,
        }
    }
}

/// Waits until an aborted task is gone; made by [`TaskHandle::cancel`].
///
/// # Cancel safety
/// Dropping it stops the waiting, not the abort.
#[must_use = "futures do nothing unless awaited"]
pub struct Cancel<H, T> {
    handle: H,
    output: PhantomData<fn() -> T>,
}

impl<H: TaskHandle<T>, T> Future for Cancel<H, T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.handle).poll(cx)
    }
}

impl<H, T> fmt::Debug for Cancel<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancel").finish_non_exhaustive()
    }
}
