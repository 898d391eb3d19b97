//! Waiting for permits.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::Arc;

use pin_project_lite::pin_project;
use trunnion_core::coop;
use trunnion_core::wait::Waiter;

use super::claim::Claim;
use super::error::AcquireError;
use super::line::{Core, poll_wait, take_now};
use super::permit::{OwnedPermit, Permit};

pin_project! {
    /// Waits for permits; made by [`Semaphore::acquire`](super::Semaphore::acquire) and
    /// [`Semaphore::acquire_many`](super::Semaphore::acquire_many).
    ///
    /// Polled again after it was ready, it begins anew.
    ///
    /// # Cancel safety
    /// Dropping it leaves the line; permits that it was granted and did not take go to the next.
    ///
    /// # Cost
    /// No allocation, 56 bytes.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Acquire<'a> {
        #[pin]
        waiter: Waiter<&'a Core>,
    }
}

impl<'a> Acquire<'a> {
    pub(super) fn new(core: &'a Core, permits: usize) -> Self {
        let waiter = Waiter::new(core, Claim::new(permits));
        Self { waiter }
    }
}

impl<'a> Future for Acquire<'a> {
    type Output = Result<Permit<'a>, AcquireError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut waiter = self.project().waiter;
        let core = *waiter.home();
        let claim = waiter.as_mut().value();
        if let Some(claim) = claim {
            ready!(coop::poll_proceed(cx));
            if take_now(core, claim.permits()) {
                return Poll::Ready(Ok(Permit::new(core, claim.permits())));
            }
        }
        poll_permit(waiter, cx, claim)
    }
}

/// Waits in the line; apart, so that what is free is taken without a call.
#[inline(never)]
fn poll_permit<'a>(
    waiter: Pin<&mut Waiter<&'a Core>>,
    cx: &mut Context<'_>,
    claim: Option<Claim>,
) -> Poll<Result<Permit<'a>, AcquireError>> {
    let core = *waiter.home();
    let permits = ready!(poll_wait(waiter, cx, claim.unwrap_or(Claim::NONE)));
    Poll::Ready(permits.map(|permits| Permit::new(core, permits)))
}

impl fmt::Debug for Acquire<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Acquire").field(&self.waiter).finish()
    }
}

pin_project! {
    /// Waits for permits and keeps the semaphore alive; made by [`Semaphore::acquire_owned`](super::Semaphore::acquire_owned) and
    /// [`Semaphore::acquire_many_owned`](super::Semaphore::acquire_many_owned).
    ///
    /// # Panics
    /// When it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it leaves the line; permits that it was granted and did not take go to the next.
    ///
    /// # Cost
    /// No allocation, 64 bytes. Its count of what it keeps alive goes to the permit, unless it had to wait.
    #[must_use = "futures do nothing unless awaited"]
    pub struct AcquireOwned {
        #[pin]
        state: State,
    }
}

pin_project! {
    #[project = Projected]
    enum State {
        // Its home lies here until it is known that it has to wait: from here it can be given away.
        New { core: Option<Arc<Core>>, claim: Claim },
        Waiting { #[pin] waiter: Waiter<Arc<Core>> },
        Over,
    }
}

impl AcquireOwned {
    pub(super) const fn new(core: Arc<Core>, permits: usize) -> Self {
        let claim = Claim::new(permits);
        Self {
            state: State::New {
                core: Some(core),
                claim,
            },
        }
    }
}

impl Future for AcquireOwned {
    type Output = Result<OwnedPermit, AcquireError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        let mut wanted = Claim::NONE;
        if let Projected::New { core, claim } = state.as_mut().project() {
            ready!(coop::poll_proceed(cx));
            let (home, permits) = (core.take().expect(REPOLLED), claim.permits());
            if take_now(&home, permits) {
                return Poll::Ready(Ok(OwnedPermit::new(home, permits)));
            }
            wanted = *claim;
            let waiter = Waiter::new(home, wanted);
            state.set(State::Waiting { waiter });
        }
        let Projected::Waiting { mut waiter } = state.as_mut().project() else {
            unreachable!("{REPOLLED}")
        };
        let permits = ready!(poll_wait(waiter.as_mut(), cx, wanted));
        let core = Arc::clone(waiter.home());
        state.set(State::Over);
        Poll::Ready(permits.map(|permits| OwnedPermit::new(core, permits)))
    }
}

const REPOLLED: &str = "the acquire was polled after it gave its result";

impl fmt::Debug for AcquireOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireOwned").finish_non_exhaustive()
    }
}
