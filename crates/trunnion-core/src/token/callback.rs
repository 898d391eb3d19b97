//! Running something when a token is cancelled.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Waker};
use std::boxed::Box;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake;

use super::CancelToken;
use super::cancelled::CancelledOwned;
use crate::{CancelReason, mutant};

/// Holds a callback that runs when its token is cancelled; made by [`CancelToken::on_cancel`].
///
/// Dropping it takes the callback back. That never blocks: a callback that runs at that moment runs on, and so does one that a
/// canceller has already taken.
#[must_use = "dropping the registration takes the callback back"]
pub struct Registration {
    // A callback is a waiter whose waker runs it.
    waiter: Pin<Box<CancelledOwned>>,
}

impl Registration {
    pub(super) fn new<F>(token: &CancelToken, callback: F) -> Self
    where
        F: FnOnce(&CancelReason) + Send + 'static,
    {
        let waker = Waker::from(Arc::new(Callback {
            token: token.clone(),
            callback: Mutex::new(Some(callback)),
        }));
        let mut waiter = Box::pin(token.cancelled_owned());
        let polled = waiter.as_mut().poll(&mut Context::from_waker(&waker));
        if mutant!("token-late-callback-lost", polled.is_ready(), false) {
            waker.wake();
        }
        Self { waiter }
    }

    /// Takes the callback back. True if it has not run and never will.
    ///
    /// ```
    /// use trunnion_core::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// let registration = token.on_cancel(|_| unreachable!("it was taken back"));
    /// assert!(registration.unregister());
    /// token.cancel();
    /// ```
    #[expect(
        clippy::must_use_candidate,
        reason = "taking back is what it is called for"
    )]
    pub fn unregister(mut self) -> bool {
        self.waiter.as_mut().leave()
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("token", self.waiter.home())
            .finish()
    }
}

struct Callback<F> {
    token: CancelToken,
    // The lock makes it `Sync`; the one who wakes takes the callback out and runs it after.
    callback: Mutex<Option<F>>,
}

impl<F: FnOnce(&CancelReason) + Send + 'static> Wake for Callback<F> {
    fn wake(self: Arc<Self>) {
        let callback = self
            .callback
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let (Some(callback), Some(reason)) = (callback, self.token.reason()) {
            callback(&reason);
        }
    }
}
