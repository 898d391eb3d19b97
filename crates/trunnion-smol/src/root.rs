//! Running a root future on the calling thread.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use trunnion_core::context::unbudgeted;

pin_project! {
    struct Root<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Root<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let future = self.project().future;
        unbudgeted(|| future.poll(cx))
    }
}

/// Runs `future` to its end and drives async-io meanwhile; the caller has seen to it that this does not deadlock.
///
/// The thread may be inside a poll of another runtime whose cooperative budget nobody would renew: it is set aside.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    smol::block_on(Root { future })
}
