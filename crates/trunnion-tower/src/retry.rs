//! Trying requests again.

mod future;
mod rules;

use core::fmt;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use tower_layer::Layer;
use tower_service::Service;
use trunnion_core::{Entropy, Timer};
use trunnion_patterns::{Classify, Failure, Retry, RetryObserver, RetryPolicy, RetryRules};

pub use future::RetryFuture;
use rules::Rules;

/// Tries a request again that failed, as a [`Retry`] says; see [`RetryService`].
///
/// ```
/// use std::time::Duration;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
/// use trunnion_patterns::{Backoff, Retry};
/// use trunnion_tower::RetryLayer;
///
/// trunnion_sim::run(|rt| async move {
///     let mut answers = [Err("down"), Err("down"), Ok("here")].into_iter();
///     let answers = std::sync::Arc::new(std::sync::Mutex::new(answers));
///     let server = service_fn(|_: &str| std::future::ready(answers.lock().unwrap().next().unwrap()));
///     let retry = Retry::new(Backoff::exponential(Duration::from_millis(100)));
///     let service = ServiceBuilder::new().layer(RetryLayer::new(rt, retry)).service(server);
///     assert_eq!(service.oneshot("where?").await, Ok("here"));
/// });
/// ```
pub struct RetryLayer<R, P = RetryRules> {
    rules: Arc<Rules<R, P>>,
    total: Option<Duration>,
}

impl<R, P> RetryLayer<R, P> {
    /// Makes one that tries again as `retry` says, on the runtime `rt`.
    ///
    /// # Cost
    /// One allocation, which all services and calls share.
    pub fn new(rt: R, retry: Retry<P>) -> Self {
        let rules = Arc::new(Rules { rt, retry });
        Self { rules, total: None }
    }

    /// Ends each call at most `after` its beginning: an attempt that is under way then is dropped, and no wait reaches it.
    ///
    /// # Cost
    /// One clock read for each call.
    #[must_use]
    pub fn deadline_after(mut self, after: Duration) -> Self {
        self.total = Some(after);
        self
    }
}

impl<R, P, S> Layer<S> for RetryLayer<R, P> {
    type Service = RetryService<R, P, S>;

    fn layer(&self, service: S) -> Self::Service {
        RetryService {
            service,
            rules: Arc::clone(&self.rules),
            total: self.total,
        }
    }
}

impl<R, P> Clone for RetryLayer<R, P> {
    fn clone(&self) -> Self {
        Self {
            rules: Arc::clone(&self.rules),
            total: self.total,
        }
    }
}

impl<R, P> fmt::Debug for RetryLayer<R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryLayer")
            .field("retry", &self.rules.retry)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// Tries a request again that failed; made by [`RetryLayer`].
///
/// The first attempt is made by the service that was ready. Each other is made by a clone, which becomes ready first: that counts to the
/// attempt's time, an error of it is the attempt's result, and the budget gets back what it paid for an attempt that was given up before
/// its request left. The clone is dropped with the attempt, so that nothing is reserved while the call waits.
///
/// # Errors
/// [`Failure::Op`] with the last error, or [`Failure::Elapsed`] where the last attempt was not ready in time.
///
/// # Cancel safety
/// Dropping the response drops the attempt or the wait at once, gives back what the budget had paid for an attempt that did not begin,
/// and starts nothing. A service that ends with [`Failure::Cancelled`] is not asked again under [`OnFailure`](trunnion_patterns::OnFailure).
///
/// # Cost
/// For each call one clone of the request and of the service, and one count of what is shared; for each retry another clone of both. No
/// allocation, and no clock read for an attempt that is ready at once.
pub struct RetryService<R, P, S> {
    service: S,
    rules: Arc<Rules<R, P>>,
    total: Option<Duration>,
}

impl<R, P, S, Req> Service<Req> for RetryService<R, P, S>
where
    R: Timer + Entropy,
    P: RetryPolicy<
            Classifier: Classify<S::Response, S::Error>,
            Observer: RetryObserver<S::Response, S::Error>,
        >,
    S: Service<Req> + Clone,
    Req: Clone,
{
    type Response = S::Response;
    type Error = Failure<S::Error>;
    type Future = RetryFuture<R, P, S, Req>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(cx).map_err(Failure::Op)
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let deadline = self.total.map(|after| self.rules.rt.now() + after);
        let (spare, again) = (self.service.clone(), request.clone());
        let first = self.service.call(request);
        RetryFuture::new(Arc::clone(&self.rules), deadline, first, (spare, again))
    }
}

impl<R, P, S: Clone> Clone for RetryService<R, P, S> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            rules: Arc::clone(&self.rules),
            total: self.total,
        }
    }
}

impl<R, P, S: fmt::Debug> fmt::Debug for RetryService<R, P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryService")
            .field("service", &self.service)
            .field("retry", &self.rules.retry)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}
