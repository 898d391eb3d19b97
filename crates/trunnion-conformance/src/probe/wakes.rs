//! A waker that counts.

use core::future::Future;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Wake;

use super::Event;

/// Counts how often its waker was woken.
#[derive(Debug, Default)]
pub struct Wakes {
    count: AtomicUsize,
    woken: Event,
}

impl Wakes {
    /// Starts at zero.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Makes a waker that is counted here.
    #[must_use]
    pub fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::clone(self))
    }

    /// Polls `future` once with a waker that is counted here.
    pub fn poll<F: Future + Unpin>(self: &Arc<Self>, future: &mut F) -> Poll<F::Output> {
        poll_by(&self.waker(), future)
    }

    /// Tells how often it was woken.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Happens with the first wake.
    #[must_use]
    pub fn woken(&self) -> &Event {
        &self.woken
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.count.fetch_add(1, Ordering::AcqRel);
        self.woken.set();
    }
}

/// Polls `future` once with `waker`.
pub fn poll_by<F: Future + Unpin>(waker: &Waker, future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}
