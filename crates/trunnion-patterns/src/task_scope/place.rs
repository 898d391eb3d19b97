//! The places that the children of a limited scope run in, and lend while they wait for another one.
//!
//! A child that waits for a place in its own scope does not run: without lending, children that all do so would wait for each other
//! without end. It takes a place again before it is polled for anything else, so that no more run than may.

use core::cell::RefCell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::Arc;

use pin_project_lite::pin_project;
use trunnion_core::sync::Mutex;

use crate::semaphore::AcquireOwned;
use crate::{OwnedPermit, Semaphore};

std::thread_local! {
    /// The children of limited scopes that this thread is polling: the address of the scope's state, and the place.
    static POLLED: RefCell<Vec<(usize, Option<Place>)>> = const { RefCell::new(Vec::new()) };
}

/// The place of one child; its ticket and its future have it.
#[derive(Clone)]
pub(super) struct Place(Arc<Mutex<Stake>>);

struct Stake {
    // Empty while it is lent.
    permit: Option<OwnedPermit>,
    // In how many waits for a place the child is.
    waits: usize,
}

impl Place {
    fn new(permit: OwnedPermit) -> Self {
        let permit = Some(permit);
        Self(Arc::new(Mutex::new(Stake { permit, waits: 0 })))
    }

    /// Finds the place of the child of `scope` that this thread is polling.
    pub(super) fn of_polled(scope: usize) -> Option<Self> {
        let find = |polled: &RefCell<Vec<(usize, Option<Self>)>>| {
            let polled = polled.borrow();
            let mut inner_first = polled.iter().rev();
            inner_first.find(|(at, _)| *at == scope)?.1.clone()
        };
        POLLED.try_with(find).ok().flatten()
    }

    /// Gives the place to who is next while the child waits.
    pub(super) fn lend(self) -> Lent {
        let mut stake = self.0.lock();
        stake.waits += 1;
        let permit = stake.permit.take();
        drop(stake);
        drop(permit);
        Lent(self)
    }

    /// Tells whether the child is without a place, though it does not wait for one.
    fn is_due(&self) -> bool {
        let stake = self.0.lock();
        stake.permit.is_none() && stake.waits == 0
    }

    fn put(&self, permit: OwnedPermit) {
        self.0.lock().permit = Some(permit);
    }
}

/// A wait during which the place is lent.
pub(super) struct Lent(Place);

impl Drop for Lent {
    fn drop(&mut self) {
        let mut stake = self.0.0.lock();
        stake.waits = stake.waits.saturating_sub(1);
    }
}

/// Puts the place where the waits of the child find it.
struct Polled<'a>(&'a mut Option<Place>);

impl<'a> Polled<'a> {
    fn new(scope: usize, place: &'a mut Option<Place>) -> Self {
        _ = POLLED.try_with(|polled| polled.borrow_mut().push((scope, place.take())));
        Self(place)
    }
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        if self.0.is_none() {
            let polled = POLLED.try_with(|polled| polled.borrow_mut().pop());
            *self.0 = polled.ok().flatten().and_then(|(_, place)| place);
        }
    }
}

pin_project! {
    /// Runs a child in its place.
    pub(super) struct Placed<F> {
        #[pin]
        future: F,
        // Empty while the future is polled.
        place: Option<Place>,
        // There while it waits for a place in exchange for the one that it lent.
        #[pin]
        again: Option<AcquireOwned>,
        places: Semaphore,
        scope: usize,
    }
}

impl<F> Placed<F> {
    pub(super) fn new(future: F, permit: OwnedPermit, places: &Semaphore, scope: usize) -> Self {
        Self {
            future,
            place: Some(Place::new(permit)),
            again: None,
            places: places.clone(),
            scope,
        }
    }

    pub(super) fn place(&self) -> Option<Place> {
        self.place.clone()
    }

    pub(super) fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future> Future for Placed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(place) = this.place.as_ref().filter(|place| place.is_due()) {
            if this.again.is_none() {
                this.again.set(Some(this.places.acquire_owned()));
            }
            if let Some(again) = this.again.as_mut().as_pin_mut() {
                // It is never closed.
                if let Ok(permit) = ready!(again.poll(cx)) {
                    place.put(permit);
                }
            }
            this.again.set(None);
        }
        let _polled = Polled::new(*this.scope, this.place);
        this.future.poll(cx)
    }
}
