//! The semaphore, polled by hand.

mod ends;
mod limits;
mod line;
mod wakers;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

use trunnion_patterns::Semaphore;

/// Counts its wakes, and then does what it is told.
struct Counted(AtomicUsize, Box<dyn Fn() + Send + Sync>);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
        (self.1)();
    }
}

/// A future and its own waker.
struct Waiting<F> {
    future: Pin<Box<F>>,
    waker: Arc<Counted>,
}

impl<F: Future> Waiting<F> {
    fn woken_by(future: F, then: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            future: Box::pin(future),
            waker: Arc::new(Counted(AtomicUsize::new(0), Box::new(then))),
        }
    }

    /// Makes one that waits.
    #[track_caller]
    fn new(future: F) -> Self {
        let mut waiting = Self::woken_by(future, || ());
        assert!(waiting.poll().is_pending(), "it does not wait");
        waiting
    }

    fn poll(&mut self) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(&self.waker));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    fn wakes(&self) -> usize {
        self.waker.0.load(SeqCst)
    }
}

#[track_caller]
fn ready<F: Future>(waiting: &mut Waiting<F>) -> F::Output {
    match waiting.poll() {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

#[track_caller]
fn now<F: Future>(future: F) -> F::Output {
    ready(&mut Waiting::woken_by(future, || ()))
}

/// Asserts that all permits are free, and that nobody waits.
#[track_caller]
fn assert_whole(semaphore: &Semaphore) {
    let stats = semaphore.stats();
    assert_eq!(stats.available, stats.limit, "{stats:?}");
    let rest = (stats.held, stats.debt, stats.assigned, stats.waiting);
    assert_eq!(rest, (0, 0, 0, 0), "{stats:?}");
    assert_eq!(stats.granted_unclaimed, 0, "{stats:?}");
}
