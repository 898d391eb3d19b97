//! What the children, the handles and the driver of one scope share.

use core::num::NonZeroUsize;
use core::panic::Location;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use trunnion_core::panic::contain;
use trunnion_core::{CancelToken, PanicPayload};

use super::builder::PanicPolicy;
use super::outcome::{ChildInfo, Outcome};
use super::roster::{Enclosing, Entry, Outer, Roster};
use crate::OwnedPermit;

/// Is told of the panic of a child when it happens.
pub(super) type PanicHook = Box<dyn Fn(&ChildInfo, &PanicPayload) + Send + Sync>;

pub(super) struct Core<T, E> {
    pub(super) roster: Roster<Outcome<T, E>>,
    pub(super) token: CancelToken,
    /// Which outcomes the joiner wants to see.
    pub(super) keeps: fn(&Outcome<T, E>) -> bool,
    pub(super) name: Option<Arc<str>>,
    pub(super) on_panic: Option<PanicHook>,
    pub(super) panics: PanicPolicy,
    /// A child was not taken because the scope had been cancelled: nobody waits for it, and no result must hide it.
    pub(super) refused: AtomicBool,
}

impl<T: Send, E: Send> Enclosing for Core<T, E> {
    fn enter(
        &self,
        name: Option<Arc<str>>,
        location: &'static Location<'static>,
    ) -> Option<(usize, u64)> {
        self.roster.enter(name, location)
    }

    fn leave(&self, slot: usize) -> Option<Outer> {
        self.roster.leave(Some(slot), None)
    }

    fn abort(&self, slot: usize, id: u64) {
        self.roster.abort(slot, id);
    }

    fn entry(&self, slot: usize, id: u64) -> Option<Entry> {
        self.roster.entry(slot, id)
    }
}

/// Counts one child: the scope has not ended before its ticket is gone.
pub(super) struct Ticket<T, E> {
    pub(super) core: Arc<Core<T, E>>,
    // None once the ticket was handed in. It lies in the task: each word counts.
    slot: Option<NonZeroUsize>,
    place: Option<OwnedPermit>,
}

impl<T, E> Ticket<T, E> {
    pub(super) fn new(core: &Arc<Core<T, E>>, slot: usize, place: Option<OwnedPermit>) -> Self {
        let (core, slot) = (Arc::clone(core), NonZeroUsize::new(slot + 1));
        Self { core, slot, place }
    }

    /// Describes the child; nothing once the ticket was handed in.
    pub(super) fn entry(&self) -> Option<Entry> {
        self.core.roster.taken(self.slot?.get() - 1)
    }

    /// Tells whether the child's own handle asked it to stop.
    pub(super) fn is_aborted(&self) -> bool {
        self.entry().is_some_and(|entry| entry.aborted)
    }

    /// Tells the hook, or ends the process; the driver does the rest.
    #[cold]
    pub(super) fn panicked(&self, panic: &PanicPayload) {
        if let (Some(hook), Some(entry)) = (&self.core.on_panic, self.entry()) {
            contain(|| hook(&ChildInfo::new(entry), panic));
        }
        if self.core.panics == PanicPolicy::Abort {
            std::process::abort();
        }
    }

    /// Hands the ticket in, with the outcome if the joiner is to see it.
    pub(super) fn hand_in(&mut self, outcome: Option<Outcome<T, E>>) {
        let Some(slot) = self.slot.take() else {
            return;
        };
        let kept = match outcome {
            Some(Outcome::Panicked(panic)) => Some(Outcome::Panicked(panic)),
            Some(outcome) if (self.core.keeps)(&outcome) => Some(outcome),
            other => {
                contain(|| drop(other));
                None
            }
        };
        drop(self.core.roster.leave(Some(slot.get() - 1), kept));
        // The place is free when the child has left.
        self.place = None;
    }
}

impl<T, E> Drop for Ticket<T, E> {
    fn drop(&mut self) {
        // A closure that the runtime dropped without running it.
        self.hand_in(Some(Outcome::Shutdown));
    }
}
