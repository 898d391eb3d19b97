//! The places of a limited scope, given in the order in which they were asked for.

use core::num::NonZeroUsize;
use std::sync::Arc;

use trunnion_core::panic::contain;
use trunnion_core::wait::{Locked, Shared, WaitQueue, Waiter, Wakers};

/// How many places are free.
pub(super) struct Free(usize);

impl Shared for Free {
    type Value = ();
    type Open = ();

    fn pass_on(queue: &mut Locked<'_, Self>, (): (), wakers: &mut Wakers) {
        if !queue.wake_front(wakers) {
            queue.shared().0 += 1;
        }
    }
}

fn take(queue: &mut Locked<'_, Free>) -> bool {
    // Who waits goes first.
    let free = queue.is_empty() && queue.shared().0 > 0;
    queue.shared().0 -= usize::from(free);
    free
}

#[derive(Clone)]
pub(super) struct Places(Arc<WaitQueue<Free>>);

impl Places {
    pub(super) fn new(limit: NonZeroUsize) -> Self {
        Self(Arc::new(WaitQueue::new(Free(limit.get()))))
    }

    pub(super) fn try_take(&self) -> Option<Place> {
        take(&mut self.0.lock()).then(|| Place(self.clone()))
    }

    pub(super) async fn take(&self) -> Place {
        let mut waiter = core::pin::pin!(Waiter::new(Arc::clone(&self.0), ()));
        core::future::poll_fn(|cx| waiter.as_mut().poll_wait(cx, take)).await;
        Place(self.clone())
    }
}

/// One of the places; dropping it gives it to the next who waits.
pub(super) struct Place(Places);

impl Drop for Place {
    fn drop(&mut self) {
        let queue = &self.0.0;
        let woken = queue.lock_and_wake(|queue, wakers| Free::pass_on(queue, (), wakers));
        contain(|| drop(woken));
    }
}
