//! The body of a scope.

use core::pin::Pin;

use pin_project_lite::pin_project;
use trunnion_core::panic::contain;

pin_project! {
    /// Holds the body; its destructor's panic goes no further when the scope is dropped.
    pub(super) struct Body<Fut> {
        #[pin]
        future: Option<Fut>,
    }

    impl<Fut> PinnedDrop for Body<Fut> {
        fn drop(this: Pin<&mut Self>) {
            contain(|| this.clear());
        }
    }
}

impl<Fut> Body<Fut> {
    pub(super) const fn new(future: Option<Fut>) -> Self {
        Self { future }
    }

    pub(super) fn future(self: Pin<&mut Self>) -> Option<Pin<&mut Fut>> {
        self.project().future.as_pin_mut()
    }

    pub(super) fn clear(self: Pin<&mut Self>) {
        self.project().future.set(None);
    }
}
