//! Waiting until a known number of tasks have ended.

use std::future::poll_fn;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, Waker};

/// Counts tasks down and wakes one waiter at zero. It is used again for the next batch, so that it allocates once.
#[derive(Debug, Default)]
pub(super) struct Countdown {
    begun: AtomicU32,
    left: AtomicU32,
    waiter: Mutex<Option<Waker>>,
}

impl Countdown {
    /// Expects so many tasks; the ones before have ended.
    pub(super) fn begin(&self, tasks: u32) {
        self.begun.store(tasks, Ordering::Relaxed);
        self.left.store(tasks, Ordering::Release);
    }

    /// Ends one task.
    pub(super) fn count(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            let waiter = self.waiter.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(waiter) = &*waiter {
                waiter.wake_by_ref();
            }
        }
    }

    /// Waits until all have ended and gives their number.
    pub(super) async fn finished(&self) -> u32 {
        poll_fn(|cx| {
            // The waker lies ready before the number is looked at, so that the last task cannot miss it.
            self.register(cx.waker());
            if self.left.load(Ordering::Acquire) == 0 {
                Poll::Ready(self.begun.load(Ordering::Relaxed))
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// Keeps the waker of the last time if it is still the one.
    fn register(&self, waker: &Waker) {
        let mut waiter = self.waiter.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiter.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
            *waiter = Some(waker.clone());
        }
    }
}
