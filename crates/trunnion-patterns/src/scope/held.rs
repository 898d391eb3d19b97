//! How a child is held: in a box of its own, or among others of its type.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::value::{Direct, Placed, Placing, Route};

/// Says how a scope holds a child that is an `F`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a scope that holds its children as `{Self}` cannot take this one",
    note = "`scope` takes futures that are `Send`, `local_scope` any; the children of a `group` are of one type"
)]
pub trait Holds<F: Future>: Future + Sized {
    /// How the value comes to the handle.
    type Route: Route<Self::Output, Value = F::Output>;
    /// The child before the lock is taken: what allocates has done so.
    type Ready;

    fn ready(future: F) -> (Self::Ready, Self::Route);

    fn ready_detached(future: F) -> Self::Ready;

    fn hold(ready: Self::Ready) -> Self;

    fn give_back(ready: Self::Ready) -> F;
}

/// Children of any type that are `Send`, one box each.
#[doc(hidden)]
pub struct AnySend<'env>(Pin<Box<dyn Future<Output = ()> + Send + 'env>>);

/// Children of any type that stay on their thread, one box each.
#[doc(hidden)]
pub struct AnyLocal<'env>(Pin<Box<dyn Future<Output = ()> + 'env>>);

pin_project! {
    /// Children of one type, without a box.
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct Same<F> {
        #[pin]
        future: F,
    }
}

impl Future for AnySend<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl Future for AnyLocal<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl<F: Future> Future for Same<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

impl<'env, F> Holds<F> for AnySend<'env>
where
    F: Future + Send + 'env,
    F::Output: Send + 'env,
{
    type Route = Placed<F::Output>;
    type Ready = Box<Placing<F>>;

    fn ready(future: F) -> (Self::Ready, Self::Route) {
        let (placing, route) = Placing::new(future);
        (Box::new(placing), route)
    }

    fn ready_detached(future: F) -> Self::Ready {
        Box::new(Placing::detached(future))
    }

    fn hold(ready: Self::Ready) -> Self {
        Self(Box::into_pin(ready))
    }

    fn give_back(ready: Self::Ready) -> F {
        ready.into_inner()
    }
}

impl<'env, F> Holds<F> for AnyLocal<'env>
where
    F: Future + 'env,
    F::Output: 'env,
{
    type Route = Placed<F::Output>;
    type Ready = Box<Placing<F>>;

    fn ready(future: F) -> (Self::Ready, Self::Route) {
        let (placing, route) = Placing::new(future);
        (Box::new(placing), route)
    }

    fn ready_detached(future: F) -> Self::Ready {
        Box::new(Placing::detached(future))
    }

    fn hold(ready: Self::Ready) -> Self {
        Self(Box::into_pin(ready))
    }

    fn give_back(ready: Self::Ready) -> F {
        ready.into_inner()
    }
}

impl<F: Future> Holds<F> for Same<F> {
    type Route = Direct;
    type Ready = F;

    fn ready(future: F) -> (F, Direct) {
        (future, Direct)
    }

    fn ready_detached(future: F) -> F {
        future
    }

    fn hold(future: F) -> Self {
        Self { future }
    }

    fn give_back(future: F) -> F {
        future
    }
}

impl fmt::Debug for AnySend<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnySend").finish_non_exhaustive()
    }
}

impl fmt::Debug for AnyLocal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyLocal").finish_non_exhaustive()
    }
}
