//! Wakers and marks for the models.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll, Wake, Waker};

use trunnion_core::sync::atomic::{AtomicBool, Ordering};

/// A counter of the standard library's: loom does not see it, so that it orders nothing in the model.
#[derive(Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Tells another thread that something has happened before.
#[derive(Clone)]
pub(crate) struct Mark(Arc<AtomicBool>);

impl Mark {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicBool::new(false)))
    }

    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A waker that counts. As in an executor, a wake happens before the poll that it leads to.
pub(crate) struct Signal {
    woken: AtomicBool,
    wakes: Count,
}

impl Signal {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            woken: AtomicBool::new(false),
            wakes: Count::default(),
        })
    }

    /// Tells whether it was woken since the last call.
    pub(crate) fn take(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn wakes(&self) -> usize {
        self.wakes.now()
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wakes.add();
        // Not a store: loom does not order one against the swaps of `take`.
        self.woken.swap(true, Ordering::Release);
    }
}

/// Polls with `signal` as the waker.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F, signal: &Arc<Signal>) -> Poll<F::Output> {
    let waker = Waker::from(Arc::clone(signal));
    Pin::new(future).poll(&mut Context::from_waker(&waker))
}

/// Asserts that nobody keeps a clone of the waker.
#[track_caller]
pub(crate) fn assert_released(signal: &Arc<Signal>) {
    assert_eq!(Arc::strong_count(signal), 1, "a waker is kept");
}

/// A waker that calls back into what wakes it.
pub(crate) struct Callback<F>(pub(crate) F);

impl<F: Fn() + Send + Sync + 'static> Wake for Callback<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// A waker that calls back into what drops it.
pub(crate) struct Dropped<F: Fn()>(pub(crate) F);

impl<F: Fn() + Send + Sync + 'static> Wake for Dropped<F> {
    fn wake(self: Arc<Self>) {}
}

impl<F: Fn()> Drop for Dropped<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
