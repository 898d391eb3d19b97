//! One future of a tuple, and later its output.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// The future is dropped where it lies as soon as it ends.
    #[project = MemberPinned]
    #[project_replace = MemberTaken]
    #[doc(hidden)]
    pub enum Member<F: Future> {
        Running { #[pin] future: F },
        Ended { output: F::Output },
        Gone,
    }
}

impl<F: Future> Member<F> {
    pub(super) const fn new(future: F) -> Self {
        Self::Running { future }
    }

    /// Polls the future if it is running; true if it ended in this call.
    pub(super) fn poll_ended(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> bool {
        let MemberPinned::Running { future } = self.as_mut().project() else {
            return false;
        };
        let Poll::Ready(output) = future.poll(cx) else {
            return false;
        };
        self.set(Self::Ended { output });
        true
    }

    pub(super) fn take(self: Pin<&mut Self>) -> Option<F::Output> {
        match self.project_replace(Self::Gone) {
            MemberTaken::Ended { output } => Some(output),
            _ => None,
        }
    }

    pub(super) fn clear(mut self: Pin<&mut Self>) {
        self.set(Self::Gone);
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Member<F> {
    /// Gives the error, or leaves the value.
    pub(super) fn take_error(mut self: Pin<&mut Self>) -> Option<E> {
        match self.as_mut().take()? {
            Ok(value) => {
                self.set(Self::Ended { output: Ok(value) });
                None
            }
            Err(error) => Some(error),
        }
    }
}
