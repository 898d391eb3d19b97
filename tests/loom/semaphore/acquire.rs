//! An acquire without its future, and what is left when all have gone.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trunnion_core::wait::Waiter;

use super::claim::Claim;
use super::error::AcquireError;
use super::line::{self, Core, poll_wait, snapshot, take_now};
use crate::waker::Signal;

pub(super) type Acquired = Poll<Result<usize, AcquireError>>;

/// An acquire that a thread can own.
pub(super) struct Acquire {
    pub(super) waiter: Pin<Box<Waiter<Arc<Core>>>>,
    pub(super) signal: Arc<Signal>,
}

impl Acquire {
    pub(super) fn new(core: &Arc<Core>, permits: usize) -> Self {
        let waiter = Box::pin(Waiter::new(Arc::clone(core), Claim::new(permits)));
        let signal = Signal::new();
        Self { waiter, signal }
    }

    /// Makes one that waits.
    pub(super) fn waiting(core: &Arc<Core>, permits: usize) -> Self {
        let mut acquire = Self::new(core, permits);
        assert!(acquire.poll().is_pending());
        acquire
    }

    /// Does what the future does, without giving way.
    pub(super) fn poll_with(&mut self, waker: &Waker) -> Acquired {
        let mut waiter = self.waiter.as_mut();
        let claim = waiter.as_mut().value();
        if let Some(claim) = claim {
            if take_now(waiter.home(), claim.permits()) {
                return Poll::Ready(Ok(claim.permits()));
            }
        }
        let claim = claim.unwrap_or(Claim::NONE);
        poll_wait(waiter, &mut Context::from_waker(waker), claim)
    }

    pub(super) fn poll(&mut self) -> Acquired {
        self.poll_with(&Waker::from(Arc::clone(&self.signal)))
    }

    pub(super) fn wakes(&self) -> usize {
        self.signal.wakes()
    }
}

/// Makes a semaphore of which so many permits are out.
pub(super) fn with_out(limit: usize, out: usize) -> Arc<Core> {
    let core = Arc::new(line::new(limit));
    assert!(take_now(&core, out));
    core
}

/// Asserts that nobody waits, nothing is assigned, and so many permits are free, to be had without the lock.
#[track_caller]
pub(super) fn assert_free(core: &Core, free: isize) {
    let seen = snapshot(core);
    assert_eq!((seen.free, seen.waiting), (free, 0));
    assert_eq!((seen.unclaimed, seen.assigned), (0, 0));
    assert!(free <= 0 || take_now(core, 1), "it stays locked");
}
