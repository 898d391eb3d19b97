//! Destructors that use the tokens that they are dropped by: none may run under a lock.

use std::error::Error;
use std::fmt;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Wake, Waker};

use trunnion_core::{CancelKind, CancelReason, CancelToken};

/// Uses its token in each way that takes a lock, whenever it is dropped.
#[derive(Clone)]
struct Meddler(CancelToken, Arc<AtomicUsize>);

impl Meddler {
    fn new(token: &CancelToken) -> Self {
        Self(token.clone(), Arc::default())
    }

    fn dropped(&self) -> usize {
        self.1.load(Relaxed)
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        let below = self.0.child();
        drop(below.child());
        drop(self.0.on_cancel(|_| ()));
        drop(CancelToken::any_of([&self.0, &below]));
        below.cancel();
        self.1.fetch_add(1, Relaxed);
    }
}

impl Wake for Meddler {
    fn wake(self: Arc<Self>) {}
}

impl Error for Meddler {}

impl fmt::Debug for Meddler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meddler")
    }
}

impl fmt::Display for Meddler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a meddler")
    }
}

#[test]
fn a_waker_is_dropped_outside_of_locks() {
    let token = CancelToken::new();
    let counted = Meddler::new(&token);
    let waker = || Waker::from(Arc::new(counted.clone()));
    let poll_with = |future: std::pin::Pin<&mut _>, waker: &Waker| {
        assert!(Future::poll(future, &mut Context::from_waker(waker)).is_pending());
    };
    {
        let mut replaced = pin!(token.cancelled());
        poll_with(replaced.as_mut(), &waker());
        assert_eq!(counted.dropped(), 0);
        poll_with(replaced.as_mut(), &waker());
        assert_eq!(counted.dropped(), 1, "replaced");
    }
    assert_eq!(counted.dropped(), 2, "left");
    let mut woken = pin!(token.cancelled());
    poll_with(woken.as_mut(), &waker());
    token.cancel();
    assert_eq!(counted.dropped(), 3, "woken");
}

#[test]
fn a_cause_is_dropped_outside_of_locks() {
    let (token, other) = (CancelToken::new(), CancelToken::new());
    let counted = Meddler::new(&other);
    let reason = || CancelReason::new(CancelKind::SiblingFailed).because(counted.clone());
    let below = token.child().child();
    token.cancel_with(reason());
    token.cancel_with(reason());
    assert_eq!(counted.dropped(), 1, "it came too late");
    drop((token, below));
    assert_eq!(counted.dropped(), 2, "with the last node");
}

#[test]
fn work_that_is_cancelled_may_cancel_as_it_goes() {
    let (token, other) = (CancelToken::new(), CancelToken::new());
    {
        let guard = other.guard();
        let work = async move {
            pending::<()>().await;
            drop(guard);
        };
        let mut run = pin!(token.run_until_cancelled(work));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(run.as_mut().poll(&mut cx).is_pending());
        token.cancel();
        assert!(run.poll(&mut cx).is_ready());
    }
    assert!(other.is_cancelled());
}

#[test]
fn a_callback_that_is_taken_back_is_dropped_outside_of_locks() {
    let token = CancelToken::new();
    let counted = Meddler::new(&token);
    let inside = counted.clone();
    drop(token.on_cancel(move |_| drop(inside)));
    assert_eq!(counted.dropped(), 1);
}
