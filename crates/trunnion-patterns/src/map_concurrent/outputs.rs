//! The way from the driver to the body of a pump.
//!
//! Both are polled by one future, so that the lock is never waited for; it is there because a body may give its end to
//! another task, and so that the future stays `Send`. No user code runs under it.

use core::fmt;
use core::num::NonZeroUsize;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::sync::Arc;

use futures_core::{FusedStream, Stream};
use trunnion_core::panic::contain;
use trunnion_core::sync::Mutex;
use trunnion_core::{CancelReason, mutant};

use super::next::Next;

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all change under one lock"
)]
struct Shared<T> {
    ready: VecDeque<T>,
    // Who waits for an output.
    reader: Option<Waker>,
    // Whose turn it is when an output was taken while the driver was not polled.
    driver: Option<Waker>,
    polling: bool,
    // Whether the reader has made room, or said something, since the last look.
    touched: bool,
    limit: Option<NonZeroUsize>,
    gone: bool,
    over: bool,
    reason: Option<CancelReason>,
}

impl<T> Shared<T> {
    /// Takes note of something that the driver wants to know; gives its waker if it is not being polled.
    fn touch(&mut self) -> Option<Waker> {
        self.touched = true;
        if self.polling {
            return None;
        }
        self.driver.take()
    }
}

/// Makes both ends.
pub(super) fn channel<T>() -> (Feeder<T>, Outputs<T>) {
    let shared = Arc::new(Mutex::new(Shared {
        ready: VecDeque::new(),
        reader: None,
        driver: None,
        polling: false,
        touched: false,
        limit: None,
        gone: false,
        over: false,
        reason: None,
    }));
    (Feeder(Arc::clone(&shared)), Outputs(shared))
}

/// The driver's end.
pub(super) struct Feeder<T>(Arc<Mutex<Shared<T>>>);

/// What the reader said.
pub(super) struct Seen {
    /// How many outputs are there for it.
    pub(super) given: usize,
    /// It asks for this limit.
    pub(super) limit: Option<NonZeroUsize>,
    /// It wants nothing more.
    pub(super) gone: bool,
}

impl<T> Feeder<T> {
    /// Looks what the reader said, and begins to poll it.
    pub(super) fn enter(&self) -> Seen {
        let mut shared = self.0.lock();
        shared.polling = true;
        shared.touched = false;
        Seen {
            given: shared.ready.len(),
            limit: shared.limit.take(),
            gone: shared.gone,
        }
    }

    /// Hands outputs over, and wakes the reader if another task than that of `cx` polls it.
    pub(super) fn give(&self, cx: &Context<'_>, outputs: impl Iterator<Item = T>) {
        let mut shared = self.0.lock();
        // The iterator only moves outputs out of the window.
        shared.ready.extend(outputs);
        let foreign = |reader: &mut Waker| !reader.will_wake(cx.waker());
        let reader = shared.reader.take_if(foreign);
        drop(shared);
        reader.into_iter().for_each(Waker::wake);
    }

    /// Ends the outputs.
    pub(super) fn end(&self, reason: Option<CancelReason>) {
        let mut shared = self.0.lock();
        if shared.over {
            return;
        }
        (shared.over, shared.reason) = (true, reason);
        let reader = shared.reader.take();
        drop(shared);
        reader.into_iter().for_each(Waker::wake);
    }

    /// Looks whether another turn is to be made; if not, the reader wakes the task of `cx` when there is.
    pub(super) fn leave(&self, cx: &Context<'_>) -> bool {
        let mut shared = self.0.lock();
        if shared.touched {
            return false;
        }
        shared.polling = false;
        // It was not polled, though the future around it was: it is polled by somebody else in the same task.
        let missed = !shared.ready.is_empty();
        let reader = if missed { shared.reader.take() } else { None };
        let kept = shared.driver.as_ref();
        let kept = kept.is_some_and(|kept| kept.will_wake(cx.waker()));
        drop(shared);
        reader.into_iter().for_each(Waker::wake);
        kept || self.register(cx)
    }

    fn register(&self, cx: &Context<'_>) -> bool {
        let waker = cx.waker().clone();
        let mut shared = self.0.lock();
        // It may have moved while the lock was free.
        if mutant!("outputs-leaves-unchecked", shared.touched, false) {
            shared.polling = true;
            return false;
        }
        let old = shared.driver.replace(waker);
        drop(shared);
        contain(|| drop(old));
        true
    }
}

impl<T> Drop for Feeder<T> {
    fn drop(&mut self) {
        contain(|| self.end(None));
    }
}

/// Gives the outputs of a map to the body of a [`pump`](crate::MapConcurrent::pump).
///
/// It may be moved to another task, and wakes whoever is needed. Dropping it ends the map: what runs is dropped, and nothing
/// starts any more; the body goes on. Once the body has ended it gives what is there, then `None` for ever.
///
/// # Cancel safety
/// Dropping it drops the outputs that nobody took, and the operations that run.
pub struct Outputs<T>(Arc<Mutex<Shared<T>>>);

impl<T> Outputs<T> {
    /// Gives the next output, or `None` after the last.
    ///
    /// # Cancel safety
    /// Dropping the returned future loses nothing; the operations run on meanwhile.
    ///
    /// # Cost
    /// One lock that nobody else holds.
    pub const fn next(&mut self) -> Next<'_, Self> {
        Next::new(self)
    }

    /// Changes how many operations run at once. When that becomes less, those that run go on, and none starts before enough
    /// have ended.
    pub fn set_limit(&mut self, limit: NonZeroUsize) {
        let mut shared = self.0.lock();
        shared.limit = Some(limit);
        let driver = shared.touch();
        drop(shared);
        driver.into_iter().for_each(Waker::wake);
    }

    /// Counts the outputs that are there.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.0.lock().ready.len()
    }

    /// Says why the map was cut short, once [`next`](Self::next) gave `None`, if it was.
    #[must_use]
    pub fn reason(&self) -> Option<CancelReason> {
        self.0.lock().reason.clone()
    }
}

impl<T> Stream for Outputs<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut shared = self.0.lock();
        if let Some(output) = shared.ready.pop_front() {
            let (driver, reader) = (shared.touch(), shared.reader.take());
            drop(shared);
            contain(|| drop(reader));
            driver.into_iter().for_each(Waker::wake);
            return Poll::Ready(Some(output));
        }
        if shared.over {
            return Poll::Ready(None);
        }
        let kept = shared.reader.as_ref();
        if kept.is_some_and(|kept| kept.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        drop(shared);
        self.wait(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let shared = self.0.lock();
        let ready = shared.ready.len();
        (ready, shared.over.then_some(ready))
    }
}

impl<T> Outputs<T> {
    /// Registers the reader, unless an output came while the lock was free.
    fn wait(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let waker = cx.waker().clone();
        let mut shared = self.0.lock();
        let quiet = shared.ready.is_empty() && !shared.over;
        let quiet = mutant!("outputs-waits-unchecked", quiet, true);
        let old = shared.reader.replace(waker);
        drop(shared);
        contain(|| drop(old));
        if quiet {
            return Poll::Pending;
        }
        self.as_mut().poll_next(cx)
    }
}

impl<T> FusedStream for Outputs<T> {
    fn is_terminated(&self) -> bool {
        self.size_hint() == (0, Some(0))
    }
}

impl<T> Drop for Outputs<T> {
    fn drop(&mut self) {
        let mut shared = self.0.lock();
        shared.gone = true;
        let outputs = core::mem::take(&mut shared.ready);
        let (driver, reader) = (shared.touch(), shared.reader.take());
        drop(shared);
        driver.into_iter().for_each(Waker::wake);
        drop((outputs, reader));
    }
}

impl<T> fmt::Debug for Outputs<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outputs")
            .field("ready", &self.ready())
            .finish_non_exhaustive()
    }
}
