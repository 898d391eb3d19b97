//! Somebody who waits, polled by hand.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A future that was polled, and was pending.
pub(crate) struct Waits<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
    wakes: Arc<Wakes>,
}

impl<'a, T> Waits<'a, T> {
    #[track_caller]
    pub(crate) fn new(future: Pin<Box<dyn Future<Output = T> + 'a>>) -> Self {
        let mut waits = Self {
            future,
            wakes: Arc::default(),
        };
        assert!(waits.poll().is_pending(), "it has to wait");
        waits
    }

    pub(crate) fn poll(&mut self) -> Poll<T> {
        let waker = Waker::from(Arc::clone(&self.wakes));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.wakes.0.load(SeqCst) > 0
    }
}
