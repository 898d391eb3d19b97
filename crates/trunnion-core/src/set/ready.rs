//! The children that were woken, and who wakes the parent; the invariants R1 to R4 stand in the parent module.

use crate::mutant;
use crate::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// The stack is empty, and the set looks at it again before it gives way.
const AWAKE: u32 = u32::MAX;
/// The stack is empty, and who pushes first wakes the parent.
const ASLEEP: u32 = u32::MAX - 1;
/// How many children a set has at most; their numbers are below it.
pub(super) const MOST: u32 = u32::MAX - 2;
/// The end of a list of the set's own.
pub(super) const END: u32 = u32::MAX;

/// Not queued: the next wake puts it into the stack.
const IDLE: u8 = 0;
/// In the stack or in the set's round.
const QUEUED: u8 = 1;

/// One child's place in the lists.
#[derive(Debug)]
pub(super) struct Link {
    state: AtomicU8,
    // Belongs to whoever queued the child, and to the set once that has taken it (R2).
    next: AtomicU32,
    // Always the set's own: the list of vacant places.
    vacant: AtomicU32,
    index: u32,
}

impl Link {
    /// Makes the link of place `index`, which is queued as soon as it is filled.
    pub(super) fn new(index: u32) -> Self {
        Self {
            state: AtomicU8::new(QUEUED),
            next: AtomicU32::new(END),
            vacant: AtomicU32::new(END),
            index,
        }
    }

    pub(super) fn next(&self) -> u32 {
        self.next.load(Ordering::Relaxed)
    }

    pub(super) fn set_next(&self, index: u32) {
        self.next.store(index, Ordering::Relaxed);
    }

    pub(super) fn vacant(&self) -> u32 {
        self.vacant.load(Ordering::Relaxed)
    }

    pub(super) fn set_vacant(&self, index: u32) {
        self.vacant.store(index, Ordering::Relaxed);
    }

    /// Queues a child that was put into a place again; false if the place is queued already, by a late wake (R1).
    pub(super) fn restart(&self) -> bool {
        mutant!("set-restart-queues-twice", self.claim(), {
            self.claim();
            true
        })
    }

    /// Takes note that the set is about to poll the child: a wake from now on leads to another poll.
    pub(super) fn accept(&self) {
        let order = mutant!("set-accept-unacquired", Ordering::AcqRel, Ordering::Release);
        mutant!(
            "set-accept-keeps-queued",
            self.state.swap(IDLE, order),
            QUEUED
        );
    }

    /// Does what [`accept`](Self::accept) does for a place of which there was never a waker.
    pub(super) fn accept_first(&self) {
        self.state.store(IDLE, Ordering::Relaxed);
    }

    /// Claims the right to push it; false if somebody has, whose push then stands for both (R1).
    fn claim(&self) -> bool {
        let order = mutant!("set-wake-unreleased", Ordering::AcqRel, Ordering::Acquire);
        self.state.swap(QUEUED, order) == IDLE
    }
}

/// A stack of links, linked by their numbers, whose empty states say whether the parent sleeps.
#[derive(Debug)]
pub(super) struct Ready(AtomicU32);

impl Ready {
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(AWAKE))
    }

    /// Queues a child; true if the parent is to be woken (R3).
    pub(super) fn wake(&self, link: &Link) -> bool {
        link.claim() && self.push(link)
    }

    fn push(&self, link: &Link) -> bool {
        let order = mutant!("set-push-unreleased", Ordering::AcqRel, Ordering::Acquire);
        let mut head = self.0.load(Ordering::Relaxed);
        link.set_next(head);
        loop {
            match self
                .0
                .compare_exchange(head, link.index, order, Ordering::Relaxed)
            {
                Ok(_) => return wakes_parent(head),
                Err(now) => head = now,
            }
            mutant!("set-push-keeps-stale-next", link.set_next(head), ());
        }
    }

    /// Tells whether there is something to take; a push that it overlooks is seen by [`sleep`](Self::sleep).
    pub(super) fn is_empty(&self) -> bool {
        is_none(self.0.load(Ordering::Relaxed))
    }

    /// Takes all; the last pushed is the head, and the chain ends where [`is_none`] says so. The set is awake then (R4).
    pub(super) fn take(&self) -> u32 {
        if self.0.load(Ordering::Relaxed) == AWAKE {
            return AWAKE;
        }
        let order = mutant!("set-take-unacquired", Ordering::AcqRel, Ordering::Release);
        self.0.swap(AWAKE, order)
    }

    /// Lets the next push wake the parent, whose waker is registered; false if something was pushed before (R4).
    pub(super) fn sleep(&self) -> bool {
        let from = self
            .0
            .compare_exchange(AWAKE, ASLEEP, Ordering::Release, Ordering::Relaxed);
        mutant!("set-sleep-unchecked", from.is_ok(), true)
    }
}

/// Tells whether whoever replaced `head` by a child wakes the parent (R3).
fn wakes_parent(head: u32) -> bool {
    let wakes = mutant!("set-push-wakes-nobody", head == ASLEEP, false);
    mutant!("set-push-wakes-the-awake", wakes, true)
}

/// Tells whether a head or a link of a taken chain is its end.
pub(super) const fn is_none(index: u32) -> bool {
    index >= MOST
}
