//! One place in the line of a semaphore, for what is polled by `&mut` and cannot be pinned.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use trunnion_patterns::{AcquireError, AcquireOwned, OwnedPermit, Semaphore};

/// Holds nothing, a place in the line, or the permit.
pub(super) struct Place {
    semaphore: Semaphore,
    permit: Option<OwnedPermit>,
    // Allocated by the first wait, and kept for the others.
    waiter: Option<Pin<Box<Option<AcquireOwned>>>>,
}

impl Place {
    pub(super) const fn new(semaphore: Semaphore) -> Self {
        Self {
            semaphore,
            permit: None,
            waiter: None,
        }
    }

    /// One of the same semaphore that holds nothing.
    pub(super) fn another(&self) -> Self {
        Self::new(self.semaphore.clone())
    }

    /// Waits until it holds the permit.
    #[inline]
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
        if self.permit.is_none() {
            // Who waits already has its turn in the line.
            let free = if self.waits() {
                None
            } else {
                self.semaphore.try_acquire_owned().ok()
            };
            let permit = match free {
                Some(permit) => permit,
                None => ready!(self.poll_line(cx))?,
            };
            self.permit = Some(permit);
        }
        Poll::Ready(Ok(()))
    }

    fn waits(&self) -> bool {
        self.waiter.as_ref().is_some_and(|waiter| waiter.is_some())
    }

    /// Waits in the line, or hears there why that is of no use.
    #[cold]
    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Result<OwnedPermit, AcquireError>> {
        let waiter = self.waiter.get_or_insert_with(|| Box::pin(None));
        if waiter.is_none() {
            waiter.set(Some(self.semaphore.acquire_owned()));
        }
        let Some(acquire) = waiter.as_mut().as_pin_mut() else {
            unreachable!("the waiter was made above")
        };
        let result = ready!(acquire.poll(cx));
        waiter.set(None);
        Poll::Ready(result)
    }

    /// Takes the permit out.
    #[inline]
    pub(super) const fn take(&mut self) -> Option<OwnedPermit> {
        self.permit.take()
    }

    /// Gives back the permit, and leaves the line.
    pub(super) fn leave(&mut self) {
        self.permit = None;
        if let Some(waiter) = &mut self.waiter {
            waiter.set(None);
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place")
            .field("semaphore", &self.semaphore)
            .field("permit", &self.permit)
            .field("waiter", &self.waiter)
            .finish()
    }
}
