//! One failure out of those of two layers.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use trunnion_patterns::Failure;

/// Makes one [`Failure`] out of those of the two layers below; see [`Failure::flatten`].
///
/// It stands outside of each layer here but the innermost.
///
/// ```
/// use std::time::Duration;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
/// use trunnion_patterns::{Backoff, Failure, OnFailure, Retry};
/// use trunnion_tower::{FlattenLayer, RetryLayer, TimeoutLayer};
///
/// trunnion_sim::run(|rt| async move {
///     let retry = Retry::new(Backoff::exponential(Duration::from_millis(100))).classify(OnFailure);
///     let service = ServiceBuilder::new()
///         .layer(FlattenLayer)
///         .layer(RetryLayer::new(rt.clone(), retry))
///         .layer(TimeoutLayer::new(rt, Duration::from_secs(1)))
///         .service(service_fn(|_: ()| std::future::ready(Err::<(), _>("down"))));
///     assert_eq!(service.oneshot(()).await, Err(Failure::Op("down")));
/// });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlattenLayer;

impl<S> Layer<S> for FlattenLayer {
    type Service = FlattenService<S>;

    fn layer(&self, service: S) -> FlattenService<S> {
        FlattenService { service }
    }
}

/// Makes one [`Failure`] out of two; made by [`FlattenLayer`].
#[derive(Clone, Debug)]
pub struct FlattenService<S> {
    service: S,
}

impl<S, Req, E> Service<Req> for FlattenService<S>
where
    S: Service<Req, Error = Failure<Failure<E>>>,
{
    type Response = S::Response;
    type Error = Failure<E>;
    type Future = FlattenFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure<E>>> {
        self.service.poll_ready(cx).map_err(Failure::flatten)
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let response = self.service.call(request);
        FlattenFuture { response }
    }
}

pin_project! {
    /// Waits for a response; made by [`FlattenService`].
    ///
    /// # Cancel safety
    /// Dropping it drops the response.
    #[must_use = "futures do nothing unless awaited"]
    pub struct FlattenFuture<F> {
        #[pin]
        response: F,
    }
}

impl<F, T, E> Future for FlattenFuture<F>
where
    F: Future<Output = Result<T, Failure<Failure<E>>>>,
{
    type Output = Result<T, Failure<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(self.project().response.poll(cx));
        Poll::Ready(result.map_err(Failure::flatten))
    }
}

impl<F> fmt::Debug for FlattenFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlattenFuture").finish_non_exhaustive()
    }
}
