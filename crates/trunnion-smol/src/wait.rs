//! Blocking a thread until something is ready or a deadline has passed.
//!
//! Not `smol::block_on`: the end of a runtime may be waited for while the thread's locals are being destroyed, and needs no
//! reactor. Not `thread::park`: it could swallow a wake that is meant for the code around.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use trunnion_core::{Clock, Instant, RealClock};

/// Blocks until `ready` is ready, and tells whether it was before `deadline`.
pub(crate) fn wait_until(
    deadline: Instant,
    mut ready: impl FnMut(&mut Context<'_>) -> Poll<()>,
) -> bool {
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut cx = Context::from_waker(&waker);
    while ready(&mut cx).is_pending() {
        if !bell.wait(deadline) {
            return ready(&mut cx).is_ready();
        }
    }
    true
}

#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next ring; false if the deadline comes first.
    fn wait(&self, deadline: Instant) -> bool {
        let mut rung = self.lock();
        while !core::mem::take(&mut *rung) {
            let left = deadline.duration_since(RealClock.now());
            if left.is_zero() {
                return false;
            }
            rung = match self.heard.wait_timeout(rung, left) {
                Ok((rung, _)) => rung,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        true
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.lock() = true;
        self.heard.notify_one();
    }
}
