//! A flag that is set once, and a place for each of those who wait for it.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use trunnion_core::mutant;
use trunnion_core::panic::contain;
use trunnion_core::sync::Mutex;
use trunnion_core::sync::atomic::{AtomicBool, Ordering};

pub(crate) struct Signal {
    // Written under the lock only: whoever finds it unset there is woken by the one who sets it.
    set: AtomicBool,
    waiters: Mutex<Vec<Option<Waker>>>,
}

impl Signal {
    /// Makes an unset signal with places for `waiters`, numbered from zero.
    pub(crate) fn new(waiters: usize) -> Self {
        Self {
            set: AtomicBool::new(false),
            waiters: Mutex::new(vec![None; waiters]),
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.set.load(Ordering::Acquire)
    }

    /// Sets the signal, for ever, and wakes all who wait.
    pub(crate) fn set(&self) {
        let waiters = {
            let mut waiters = self.waiters.lock();
            self.set.store(
                true,
                mutant!("smol-signal-relaxed", Ordering::Release, Ordering::Relaxed),
            );
            let all = core::mem::take(&mut *waiters);
            mutant!("smol-signal-wakes-under-lock", all, {
                all.into_iter().flatten().for_each(Waker::wake);
                Vec::new()
            })
        };
        for waker in waiters.into_iter().flatten() {
            contain(|| waker.wake());
        }
    }

    /// Waits until the signal is set, in place `place`, which nobody else uses meanwhile.
    pub(crate) fn wait(&self, place: usize) -> Wait<'_> {
        Wait {
            signal: self,
            place,
            registered: None,
        }
    }

    /// Puts `waker` into its place; false if the signal is set.
    fn register(&self, place: usize, waker: &Waker) -> bool {
        let old = {
            let mut waiters = self.waiters.lock();
            if mutant!("smol-signal-no-second-look", self.is_set(), false) {
                return false;
            }
            waiters
                .get_mut(place)
                .and_then(|slot| slot.replace(waker.clone()))
        };
        contain(|| drop(old));
        true
    }
}

/// Waits for a [`Signal`].
///
/// # Cancel safety
/// Dropping it leaves its waker behind until the place is used again or the signal is set.
pub(crate) struct Wait<'a> {
    signal: &'a Signal,
    place: usize,
    // What lies in the place: polls by the same task need no lock.
    registered: Option<Waker>,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.signal.is_set() {
            return Poll::Ready(());
        }
        let waker = cx.waker();
        if self
            .registered
            .as_ref()
            .is_some_and(|old| old.will_wake(waker))
        {
            return Poll::Pending;
        }
        if !self.signal.register(self.place, waker) {
            return Poll::Ready(());
        }
        self.registered = Some(waker.clone());
        Poll::Pending
    }
}
