//! What the children, the handles and the driver of one scope share.

use core::panic::Location;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use trunnion_core::panic::{catch, contain};
use trunnion_core::wait::WaitQueue;
use trunnion_core::{CancelToken, PanicPayload};

use super::builder::PanicPolicy;
use super::members::Members;
use super::outcome::{ChildInfo, Outcome};
use super::place::Place;
use super::roster::{Enclosing, Entry, Outer, Roster, Seat};

/// Is told of the panic of a child when it happens.
pub(super) type PanicHook = Box<dyn Fn(&ChildInfo, &PanicPayload) + Send + Sync>;

/// The state of a scope, beside the queue of the children that wait.
pub(super) type Joint<T, E> = WaitQueue<Members<Core<T, E>>>;

/// What a child tells the driver: how it ended, or nothing but that it left, of one that might have told.
pub(super) type Report<T, E> = Option<Outcome<T, E>>;

pub(super) struct Core<T, E> {
    pub(super) roster: Roster<Report<T, E>>,
    pub(super) token: CancelToken,
    /// Which outcomes the joiner wants to see.
    pub(super) keeps: fn(&Outcome<T, E>) -> bool,
    pub(super) name: Option<Arc<str>>,
    pub(super) on_panic: Option<PanicHook>,
    pub(super) panics: PanicPolicy,
    /// Each child lies in the roster from the beginning: a hook wants to name those that are late.
    pub(super) books_all: bool,
    /// Closures that block are let go when the scope is killed.
    pub(super) detaches: bool,
    /// A child was not taken because the scope had been cancelled: nobody waits for it, and a joiner that gives an error where the scope was cut short is not to hide it.
    pub(super) refused: AtomicBool,
}

/// Lists who is in a scope: those in a slot, then those that wait.
pub(super) fn list<T, E>(joint: &Joint<T, E>) -> Vec<Entry> {
    let mut entries = joint.open().roster.list();
    joint.lock().each(|member| {
        if !member.booked {
            entries.push(Entry::unbooked(member.id, member.location));
        }
    });
    entries
}

impl<T: Send, E: Send> Enclosing for Joint<T, E> {
    fn enter(
        &self,
        name: Option<Arc<str>>,
        location: &'static Location<'static>,
    ) -> Option<(usize, u64)> {
        self.open().roster.enter(name, location, true)
    }

    fn leave(&self, slot: usize) -> Option<Outer> {
        self.open().roster.leave(Seat::Booked(slot), None)
    }

    fn abort(&self, slot: usize, id: u64) {
        self.open().roster.abort(slot, id);
    }

    fn entry(&self, slot: usize, id: u64) -> Option<Entry> {
        self.open().roster.entry(slot, id)
    }
}

/// Counts one child: the scope has not ended before its ticket is handed in.
pub(super) struct Ticket {
    // None once the ticket was handed in. It lies in the task: each word counts.
    seat: Option<Seat>,
    place: Option<Place>,
}

impl Ticket {
    pub(super) const fn new(seat: Seat, place: Option<Place>) -> Self {
        let seat = Some(seat);
        Self { seat, place }
    }

    /// Describes the child; nothing once the ticket was handed in.
    pub(super) fn entry<T, E>(&self, core: &Core<T, E>) -> Option<Entry> {
        match self.seat? {
            Seat::Body => None,
            Seat::Counted { id, location } => Some(Entry::unbooked(id, location)),
            Seat::Booked(slot) => core.roster.taken(slot),
        }
    }

    /// Tells whether the child's own handle asked it to stop.
    pub(super) fn is_aborted<T, E>(&self, core: &Core<T, E>) -> bool {
        self.entry(core).is_some_and(|entry| entry.aborted)
    }

    /// Tells the hook, or ends the process; the driver does the rest.
    #[cold]
    pub(super) fn panicked<T, E>(&self, core: &Core<T, E>, panic: &PanicPayload) {
        if let (Some(hook), Some(entry)) = (&core.on_panic, self.entry(core)) {
            contain(|| hook(&ChildInfo::new(entry), panic));
        }
        if core.panics == PanicPolicy::Abort {
            std::process::abort();
        }
    }

    /// Hands the ticket in, with the outcome if the joiner is to see it.
    #[inline]
    pub(super) fn hand_in<T, E>(&mut self, core: &Core<T, E>, outcome: Option<Outcome<T, E>>) {
        if self.seat.is_none() {
            return;
        }
        let kept = match outcome {
            Some(Outcome::Panicked(panic)) => Some(Outcome::Panicked(panic)),
            Some(outcome) => kept(core, outcome),
            None => None,
        };
        self.leave(core, kept.map(Some));
    }

    /// Hands the ticket in of a child that was counted as one that reports, and does not.
    pub(super) fn hand_in_unheard<T, E>(&mut self, core: &Core<T, E>) {
        self.leave(core, Some(None));
    }

    #[inline]
    fn leave<T, E>(&mut self, core: &Core<T, E>, report: Option<Report<T, E>>) {
        if let Some(seat) = self.seat.take() {
            drop(core.roster.leave(seat, report));
        }
        // The place is free when the child has left.
        self.place = None;
    }
}

/// Keeps what the joiner wants to see. It is asked before the ticket is in: its panic must not keep the scope waiting.
#[inline]
fn kept<T, E>(core: &Core<T, E>, outcome: Outcome<T, E>) -> Option<Outcome<T, E>> {
    let asked = catch(|| (core.keeps)(&outcome));
    if let Ok(true) = asked {
        return Some(outcome);
    }
    contain(|| drop(outcome));
    asked.err().map(Outcome::Panicked)
}

/// A ticket that no runner hands in: that of a closure, which the runtime may drop without running it, or of a place without a task.
pub(super) struct Held<T, E> {
    pub(super) joint: Arc<Joint<T, E>>,
    pub(super) ticket: Ticket,
}

impl<T, E> Held<T, E> {
    /// Hands the ticket in with what became of the closure.
    pub(super) fn hand_in(&mut self, outcome: Outcome<T, E>) {
        let core = self.joint.open();
        if let Outcome::Panicked(panic) = &outcome {
            self.ticket.panicked(core, panic);
        }
        self.ticket.hand_in(core, Some(outcome));
    }
}

impl<T, E> Drop for Held<T, E> {
    fn drop(&mut self) {
        let outcome = Some(Outcome::Shutdown);
        self.ticket.hand_in(self.joint.open(), outcome);
    }
}
