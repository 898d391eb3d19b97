//! Giving way on a runtime whose type is erased.

use core::any::Any;
use core::fmt;
use core::future::Future;
use core::mem::take;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;

use crate::YieldOnce;

/// Gives way once on an [`AnyRuntime`](crate::AnyRuntime).
///
/// # Cancel safety
/// Dropping it changes nothing.
///
/// # Cost
/// No allocation where the runtime gives way by [`YieldOnce`], as all of ours do; else one.
#[must_use = "futures do nothing unless awaited"]
pub struct AnyYield(Turn<dyn Future<Output = ()> + Send>);

/// Gives way once on an [`AnyLocalRuntime`](crate::AnyLocalRuntime); see [`AnyYield`].
///
/// # Cancel safety
/// Dropping it changes nothing.
#[must_use = "futures do nothing unless awaited"]
pub struct AnyLocalYield(Turn<dyn Future<Output = ()>>);

enum Turn<F: ?Sized> {
    Once(YieldOnce),
    Boxed(Pin<Box<F>>),
}

impl AnyYield {
    pub(super) fn new<F: Future<Output = ()> + Send + 'static>(mut future: F) -> Self {
        Self(match once(&mut future) {
            Some(once) => Turn::Once(once),
            None => Turn::Boxed(Box::pin(future)),
        })
    }
}

impl AnyLocalYield {
    pub(super) fn new<F: Future<Output = ()> + 'static>(mut future: F) -> Self {
        Self(match once(&mut future) {
            Some(once) => Turn::Once(once),
            None => Turn::Boxed(Box::pin(future)),
        })
    }
}

/// Takes what `future` is if it is the one that needs no box.
fn once(future: &mut dyn Any) -> Option<YieldOnce> {
    future.downcast_mut().map(take)
}

impl<F: Future<Output = ()> + ?Sized> Turn<F> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Once(once) => Pin::new(once).poll(cx),
            Self::Boxed(future) => future.as_mut().poll(cx),
        }
    }
}

impl Future for AnyYield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll(cx)
    }
}

impl Future for AnyLocalYield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll(cx)
    }
}

impl fmt::Debug for AnyYield {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyYield").finish_non_exhaustive()
    }
}

impl fmt::Debug for AnyLocalYield {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyLocalYield").finish_non_exhaustive()
    }
}
