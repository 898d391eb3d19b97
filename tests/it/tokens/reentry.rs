//! Cancellations that lead to others.

use std::future::{Future, pending};
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use trunnion_core::{AnyRuntime, CancelKind, CancelToken, Spawn, YieldNow};

use super::{in_each_schedule, on_each};

/// Cancels when it is woken, and when it is dropped.
struct Cancels(CancelToken);

impl Wake for Cancels {
    fn wake(self: Arc<Self>) {
        self.0.cancel();
    }
}

impl Drop for Cancels {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Wakers, callbacks and destructors cancel tokens above, below and beside, and the one that runs them.
async fn cancellations_lead_to_each_other(rt: AnyRuntime) {
    let root = CancelToken::new();
    let (left, right, last) = (root.child(), root.child(), CancelToken::new());
    let (own, beside) = (left.clone(), right.clone());
    let kept = left.on_cancel(move |_| {
        assert!(!own.cancel(), "it is cancelled already");
        beside.cancel_with(CancelKind::Custom(1));
    });
    let waker = Waker::from(Arc::new(Cancels(root.clone())));
    let mut waiting = Box::pin(right.cancelled());
    assert!(
        waiting
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drop(waker);
    let task = {
        let (token, cancels) = (root.clone(), Cancels(last.clone()));
        rt.spawn(async move {
            let work = async move {
                let _cancels = cancels;
                pending::<()>().await;
            };
            token.run_until_cancelled(work).await.is_err()
        })
    };
    rt.yield_now().await;
    assert!(left.cancel_with(CancelKind::Custom(2)));
    assert!(task.await.expect("it ends"));
    drop(kept);
    let kinds = [&left, &right, &root, &last].map(|token| token.reason().map(|r| r.kind()));
    let (first, second) = (CancelKind::Custom(2), CancelKind::Custom(1));
    let asked = CancelKind::Requested;
    assert_eq!(kinds, [first, second, asked, asked].map(Some));
}

#[test]
fn cancellations_lead_to_each_other_on_each_runtime() {
    on_each(cancellations_lead_to_each_other);
}

#[test]
fn cancellations_lead_to_each_other_in_each_schedule() {
    in_each_schedule(cancellations_lead_to_each_other);
}
