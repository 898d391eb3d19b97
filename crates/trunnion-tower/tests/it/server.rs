//! A service that insists on tower's contract.

use std::future::Future;
use std::task::{Context, Poll};

use tower::Service;

/// Answers, and panics when it is called without having been ready: it itself, not what it was cloned from.
pub(crate) struct Server<A, G> {
    answer: A,
    gate: G,
    ready: bool,
}

/// One that is always ready.
pub(crate) fn server<A, E>(answer: A) -> Server<A, impl FnMut() -> Poll<Result<(), E>> + Clone> {
    gated(answer, || Poll::Ready(Ok(())))
}

/// One that is as ready as `gate` says.
pub(crate) fn gated<A, G>(answer: A, gate: G) -> Server<A, G> {
    Server {
        answer,
        gate,
        ready: false,
    }
}

impl<Req, A, G, Fut, T, E> Service<Req> for Server<A, G>
where
    A: FnMut(Req) -> Fut,
    G: FnMut() -> Poll<Result<(), E>>,
    Fut: Future<Output = Result<T, E>>,
{
    type Response = T;
    type Error = E;
    type Future = Fut;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), E>> {
        let ready = (self.gate)();
        self.ready = matches!(ready, Poll::Ready(Ok(())));
        ready
    }

    fn call(&mut self, request: Req) -> Fut {
        assert!(std::mem::take(&mut self.ready), "it is called unready");
        (self.answer)(request)
    }
}

impl<A: Clone, G: Clone> Clone for Server<A, G> {
    fn clone(&self) -> Self {
        gated(self.answer.clone(), self.gate.clone())
    }
}
