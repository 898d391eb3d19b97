//! Giving up on a response that takes too long.

mod future;

use core::fmt;
use core::task::{Context, Poll};
use core::time::Duration;

use tower_layer::Layer;
use tower_service::Service;
use trunnion_core::Timer;
use trunnion_patterns::Failure;

pub use future::TimeoutFuture;

/// Gives up on a response that is not ready in time; see [`TimeoutService`].
///
/// ```
/// use std::future::pending;
/// use std::time::Duration;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
/// use trunnion_tower::TimeoutLayer;
///
/// trunnion_sim::run(|rt| async move {
///     let silent = service_fn(|_: ()| pending::<Result<(), &str>>());
///     let service = ServiceBuilder::new()
///         .layer(TimeoutLayer::new(rt, Duration::from_secs(1)))
///         .service(silent);
///     let failure = service.oneshot(()).await.unwrap_err();
///     assert!(failure.is_elapsed());
///     assert_eq!(failure.to_string(), "timed out after 1s");
/// });
/// ```
#[derive(Clone)]
pub struct TimeoutLayer<R> {
    rt: R,
    after: Duration,
}

impl<R> TimeoutLayer<R> {
    /// Makes one that allows `after` to each response; zero polls it once.
    pub const fn new(rt: R, after: Duration) -> Self {
        Self { rt, after }
    }
}

impl<R: Clone, S> Layer<S> for TimeoutLayer<R> {
    type Service = TimeoutService<R, S>;

    fn layer(&self, service: S) -> Self::Service {
        TimeoutService {
            service,
            rt: self.rt.clone(),
            after: self.after,
        }
    }
}

impl<R> fmt::Debug for TimeoutLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutLayer")
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

/// Gives up on a response that is not ready in time; made by [`TimeoutLayer`].
///
/// The time counts from the first poll of the response: to be ready to be called takes as long as it takes.
///
/// # Errors
/// [`Failure::Op`] with the service's error, or [`Failure::Elapsed`].
///
/// # Cost
/// One clone of the runtime value for each request. No clock is read and no timer made for a response that is ready at once.
#[derive(Clone)]
pub struct TimeoutService<R, S> {
    service: S,
    rt: R,
    after: Duration,
}

impl<R, S, Req> Service<Req> for TimeoutService<R, S>
where
    R: Timer + Clone,
    S: Service<Req>,
{
    type Response = S::Response;
    type Error = Failure<S::Error>;
    type Future = TimeoutFuture<R, S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(cx).map_err(Failure::Op)
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let response = self.service.call(request);
        TimeoutFuture::new(self.rt.clone(), self.after, response)
    }
}

impl<R, S: fmt::Debug> fmt::Debug for TimeoutService<R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutService")
            .field("service", &self.service)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}
