//! At most so many requests under way.

mod future;
mod place;

use core::fmt;
use core::num::NonZeroUsize;
use core::task::{Context, Poll, ready};

use tower_layer::Layer;
use tower_service::Service;
use trunnion_patterns::{Failure, Semaphore};

pub use future::ConcurrencyLimitFuture;
use place::Place;

/// Lets at most so many requests be under way; see [`ConcurrencyLimitService`].
///
/// All services that it makes, and those of its clones, share the one limit.
///
/// ```
/// use std::num::NonZeroUsize;
/// use std::time::Duration;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
/// use trunnion_core::{Clock, Timer};
/// use trunnion_patterns::{each, gather};
/// use trunnion_tower::ConcurrencyLimitLayer;
///
/// trunnion_sim::run(|rt| async move {
///     let slow = service_fn(|_: u32| {
///         let sleep = rt.sleep(Duration::from_secs(1));
///         async move { Ok::<(), &str>(sleep.await) }
///     });
///     let at_most_two = ConcurrencyLimitLayer::new(NonZeroUsize::new(2).unwrap());
///     let service = ServiceBuilder::new().layer(at_most_two).service(slow);
///     let start = rt.now();
///     gather(each((0..6).map(|n| service.clone().oneshot(n)))).await;
///     assert_eq!(rt.now() - start, Duration::from_secs(3));
/// });
/// ```
#[derive(Clone, Debug)]
pub struct ConcurrencyLimitLayer {
    semaphore: Semaphore,
}

impl ConcurrencyLimitLayer {
    /// Makes one with a limit of its own.
    #[must_use]
    pub fn new(limit: NonZeroUsize) -> Self {
        Self::with_semaphore(Semaphore::new(limit.get()))
    }

    /// Makes one whose requests hold a permit each of `semaphore`: to share a limit with others, to move it, or to close it.
    #[must_use]
    pub const fn with_semaphore(semaphore: Semaphore) -> Self {
        Self { semaphore }
    }

    /// Gives what the permits are of.
    #[must_use]
    pub const fn semaphore(&self) -> &Semaphore {
        &self.semaphore
    }
}

impl<S> Layer<S> for ConcurrencyLimitLayer {
    type Service = ConcurrencyLimitService<S>;

    fn layer(&self, service: S) -> Self::Service {
        ConcurrencyLimitService {
            service,
            place: Place::new(self.semaphore.clone()),
        }
    }
}

/// Lets at most so many requests be under way; made by [`ConcurrencyLimitLayer`].
///
/// The permit is taken by `poll_ready`, so that who calls sees that the service is busy, in the order in which they came. The next
/// `call` gives it to its response, which gives it back when it is ready, or dropped. A clone shares the limit and neither the
/// permit nor the place in the line.
///
/// A service that was ready, or waits to be, and is not called keeps its permit or its place: drop it, or
/// [`release`](Self::release) it.
///
/// # Errors
/// [`Failure::Op`] with the service's error, or [`Failure::Refused`] when the semaphore is closed or has no permits at all.
///
/// # Panics
/// When it is called before it was ready.
///
/// # Cost
/// What [`Semaphore::try_acquire_owned`] costs. A service that has to wait allocates once, for all its waits.
pub struct ConcurrencyLimitService<S> {
    service: S,
    place: Place,
}

impl<S> ConcurrencyLimitService<S> {
    /// Gives back what `poll_ready` took: the permit, or the place in the line.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use tower::{Layer, ServiceExt, service_fn};
    /// use trunnion_tower::ConcurrencyLimitLayer;
    ///
    /// trunnion_sim::run(|_| async {
    ///     let layer = ConcurrencyLimitLayer::new(NonZeroUsize::MIN);
    ///     let mut service = layer.layer(service_fn(async |_: ()| Ok::<(), ()>(())));
    ///     service.ready().await.unwrap();
    ///     assert_eq!(layer.semaphore().available(), 0);
    ///     service.release(); // there is nothing to ask after all
    ///     assert_eq!(layer.semaphore().available(), 1);
    /// });
    /// ```
    ///
    /// It has to become ready again before it is called.
    pub fn release(&mut self) {
        self.place.leave();
    }
}

impl<S, Req> Service<Req> for ConcurrencyLimitService<S>
where
    S: Service<Req>,
{
    type Response = S::Response;
    type Error = Failure<S::Error>;
    type Future = ConcurrencyLimitFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        ready!(self.place.poll(cx)).map_err(Failure::Refused)?;
        let ready = ready!(self.service.poll_ready(cx));
        if ready.is_err() {
            self.place.leave();
        }
        Poll::Ready(ready.map_err(Failure::Op))
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let permit = self.place.take();
        let permit = permit.expect("a service was called before it was ready: await `ready` first");
        ConcurrencyLimitFuture::new(permit, self.service.call(request))
    }
}

impl<S: Clone> Clone for ConcurrencyLimitService<S> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            place: self.place.another(),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for ConcurrencyLimitService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyLimitService")
            .field("service", &self.service)
            .field("place", &self.place)
            .finish()
    }
}
