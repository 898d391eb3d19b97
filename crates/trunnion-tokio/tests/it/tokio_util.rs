//! The bridges to tokio-util's tokens.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use ::tokio_util::sync::CancellationToken;
use trunnion_core::{CancelKind, CancelToken, Cancellation};
use trunnion_tokio::{UtilChild, UtilToken};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn a_token_of_tokio_util_is_waited_for_as_ours() {
    let theirs = CancellationToken::new();
    let ours = UtilToken::from(theirs.clone());
    let counter = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&counter));
    let mut cx = Context::from_waker(&waker);
    let mut cancelled = pin!(ours.cancelled_owned());
    assert!(cancelled.as_mut().poll(&mut cx).is_pending());
    assert!(!ours.is_cancelled() && ours.reason().is_none());
    theirs.cancel();
    assert_eq!(counter.0.load(Relaxed), 1);
    assert!(matches!(
        cancelled.poll(&mut cx),
        Poll::Ready(reason) if reason.kind() == CancelKind::Requested
    ));
    assert!(CancellationToken::from(ours).is_cancelled());
}

#[test]
fn a_token_of_ours_cancels_one_of_tokio_util() {
    let ours = CancelToken::new();
    let theirs = UtilChild::new(&ours.child());
    let below = theirs.token().child_token();
    assert!(!below.is_cancelled());
    ours.cancel();
    assert!(below.is_cancelled());
    assert!(
        UtilChild::from(&ours).token().is_cancelled(),
        "a late one too"
    );
}

#[test]
fn a_dropped_link_no_longer_cancels() {
    let ours = CancelToken::new();
    let theirs = UtilChild::new(&ours);
    let token = theirs.token().clone();
    drop(theirs);
    ours.cancel();
    assert!(!token.is_cancelled());
    token.cancel();
}
