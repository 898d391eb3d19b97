//! How the value of a child comes to its handle.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use trunnion_core::sync::{Arc, Mutex};

/// Turns what a held child gave into the value of its handle.
#[doc(hidden)]
pub trait Route<O> {
    type Value;

    fn value(&self, output: O) -> Option<Self::Value>;
}

/// The held child gives the value itself.
#[doc(hidden)]
#[derive(Debug)]
pub struct Direct;

impl<O> Route<O> for Direct {
    type Value = O;

    fn value(&self, output: O) -> Option<O> {
        Some(output)
    }
}

/// The child has put its value here.
#[doc(hidden)]
#[derive(Debug)]
pub struct Placed<T>(Arc<Mutex<Option<T>>>);

impl<T> Route<()> for Placed<T> {
    type Value = T;

    fn value(&self, (): ()) -> Option<T> {
        self.0.lock().take()
    }
}

pin_project! {
    /// A child whose type is forgotten: it puts its value where the handle finds it.
    #[doc(hidden)]
    pub struct Placing<F: Future> {
        #[pin]
        future: F,
        // Empty when nobody wants the value.
        place: Option<Arc<Mutex<Option<F::Output>>>>,
    }
}

impl<F: Future> Placing<F> {
    pub(super) fn new(future: F) -> (Self, Placed<F::Output>) {
        let place = Arc::new(Mutex::new(None));
        let route = Placed(Arc::clone(&place));
        let place = Some(place);
        (Self { future, place }, route)
    }

    pub(super) const fn detached(future: F) -> Self {
        let place = None;
        Self { future, place }
    }

    pub(super) fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future> Future for Placing<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        this.future.poll(cx).map(|value| {
            // A value that nobody wants is dropped here, as a part of the child.
            if let Some(place) = this.place {
                *place.lock() = Some(value);
            }
        })
    }
}

impl<F: Future> fmt::Debug for Placing<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Placing").finish_non_exhaustive()
    }
}
