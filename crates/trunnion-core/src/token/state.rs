//! The word of a token: its stage, its reason's kind, and what hangs on it.

use super::view::View;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::{CancelKind, mutant};

/// How hard a token is cancelled; the numbers are the bits in the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Please stop.
    Cancel = 1,
    /// Stop now; a shield does not hold it back.
    Kill = 2,
}

impl Stage {
    /// What tells this stage in the word; a killed token has both.
    const fn bit(self) -> u32 {
        self as u32
    }

    /// What a token of this stage has set; a killed token is cancelled as well.
    const fn bits(self) -> u32 {
        match self {
            Self::Cancel => CANCELLED,
            Self::Kill => CANCELLED | KILLED,
        }
    }
}

const CANCELLED: u32 = Stage::Cancel.bit();
const KILLED: u32 = Stage::Kill.bit();
/// The token is a root or in its owner's list: its own stage says all.
const ATTACHED: u32 = 1 << 2;
/// It was made from a shield of its parent: only a kill comes through. Fixed when it is made.
const SHIELDED: u32 = 1 << 3;
/// The same for the owner in whose list it is; written when it is attached.
const LINK_SHIELDED: u32 = 1 << 4;
/// Somebody has waited here.
const WAITED: u32 = 1 << 5;
/// It stands in a tree for a token of `any_of`. Fixed when it is made.
const RELAY: u32 = 1 << 6;
/// Whatever was below when this was cancelled is cancelled, in other trees too.
const CANCEL_SETTLED: u32 = 1 << 7;
const KILL_SETTLED: u32 = 1 << 8;
/// A walk may come here from another token: it is in a list, or is a token of `any_of`.
const REACHABLE: u32 = 1 << 9;
/// The bits from here on hold the kind of the reason.
const KIND: u32 = 10;

pub(super) struct State(AtomicU32);

/// What the word was at one moment.
#[derive(Clone, Copy)]
pub(super) struct Seen(u32);

impl State {
    /// For a token without a parent, or with many.
    pub(super) fn root(joined: bool) -> Self {
        let reachable = if joined { REACHABLE } else { 0 };
        Self(AtomicU32::new(ATTACHED | reachable))
    }

    /// For a child that is not attached yet.
    pub(super) fn child(shielded: bool, relay: bool) -> Self {
        let shielded = if shielded { SHIELDED } else { 0 };
        let relay = if relay { RELAY } else { 0 };
        Self(AtomicU32::new(shielded | relay))
    }

    #[inline]
    pub(super) fn load(&self) -> Seen {
        let order = mutant!("token-load-relaxed", Ordering::Acquire, Ordering::Relaxed);
        Seen(self.0.load(order))
    }

    /// Sets the stage and, if it is the first, the kind. Called under the tree's lock, with what the word is there.
    pub(super) fn stop(&self, seen: Seen, stage: Stage, code: Code) -> Seen {
        let first = !seen.has(CANCELLED);
        self.set(stage.bits() | if first { code.0 } else { 0 })
    }

    /// Called under the tree's lock.
    pub(super) fn attach(&self, shielded: bool) {
        let shielded = if shielded { LINK_SHIELDED } else { 0 };
        self.set(ATTACHED | REACHABLE | shielded);
    }

    /// Tells cancellers that somebody waits here. Called under the lock of the waiters.
    pub(super) fn wait(&self) -> Seen {
        let seen = self.load();
        if seen.has(WAITED) {
            return seen;
        }
        mutant!("token-waits-unseen", self.set(WAITED), seen)
    }

    pub(super) fn settle(&self, stage: Stage) {
        self.set(match stage {
            Stage::Cancel => CANCEL_SETTLED,
            Stage::Kill => CANCEL_SETTLED | KILL_SETTLED,
        });
    }

    /// Sets bits; what the word was before, with them.
    fn set(&self, bits: u32) -> Seen {
        let order = mutant!("token-set-unreleased", Ordering::AcqRel, Ordering::Acquire);
        Seen(self.0.fetch_or(bits, order))
    }
}

impl Seen {
    #[inline]
    const fn has(self, bits: u32) -> bool {
        self.0 & bits == bits
    }

    pub(super) const fn is_attached(self) -> bool {
        self.has(ATTACHED)
    }

    /// Tells whether this view is cancelled, as far as the word alone says: one comparison for most questions.
    #[inline]
    pub(super) const fn tells(self, view: View) -> Told {
        // Without a branch on the view: its number is the bit of the stage that it sees.
        let seen = self.0 & (ATTACHED | view as u32);
        if seen == ATTACHED {
            return Told::No;
        }
        if seen != 0 {
            return Told::Yes;
        }
        // The bit is clear: written out, it is not looked at again.
        Told::AskParent(Self(self.0 & !ATTACHED))
    }

    /// Tells whether the token itself is at this stage, whatever its parent is.
    #[inline]
    pub(super) const fn is_at(self, stage: Stage) -> bool {
        self.0 & stage.bit() != 0
    }

    /// Tells whether this stage comes to a child.
    #[inline]
    pub(super) const fn gives(self, stage: Stage, shielded: bool) -> bool {
        let told = if shielded { 0 } else { stage.bit() };
        self.0 & (told | KILLED) != 0
    }

    /// Tells which stage, if any, comes to a child.
    pub(super) const fn reaches(self, shielded: bool) -> Option<Stage> {
        if self.has(KILLED) {
            Some(Stage::Kill)
        } else if self.has(CANCELLED) && !shielded {
            Some(Stage::Cancel)
        } else {
            None
        }
    }

    pub(super) const fn is_reachable(self) -> bool {
        self.has(REACHABLE)
    }

    pub(super) const fn is_shielded(self) -> bool {
        self.has(SHIELDED)
    }

    pub(super) const fn is_link_shielded(self) -> bool {
        self.has(LINK_SHIELDED)
    }

    pub(super) const fn is_relay(self) -> bool {
        self.has(RELAY)
    }

    pub(super) const fn has_waited(self) -> bool {
        self.has(WAITED)
    }

    pub(super) const fn is_settled(self, stage: Stage) -> bool {
        match stage {
            Stage::Cancel => self.has(CANCEL_SETTLED),
            Stage::Kill => self.has(KILL_SETTLED),
        }
    }

    pub(super) fn kind(self) -> CancelKind {
        decode(self.0 >> KIND)
    }

    pub(super) const fn code(self) -> Code {
        Code(self.0 >> KIND << KIND)
    }
}

/// What a token's own word says of its being cancelled.
pub(super) enum Told {
    Yes,
    No,
    /// The token, whose word this is, is not attached.
    AskParent(Seen),
}

/// The kind of a reason, where it lies in the word.
#[derive(Clone, Copy)]
pub(super) struct Code(u32);

impl From<CancelKind> for Code {
    fn from(kind: CancelKind) -> Self {
        Self(encode(kind) << KIND)
    }
}

const CUSTOM: u32 = 15;

/// Four bits for the kind, sixteen for the application's number.
fn encode(kind: CancelKind) -> u32 {
    match kind {
        CancelKind::Requested => 0,
        CancelKind::Deadline => 1,
        CancelKind::SiblingFailed => 2,
        CancelKind::SiblingPanicked => 3,
        CancelKind::Satisfied => 4,
        CancelKind::ScopeClosed => 5,
        CancelKind::GuardDropped => 6,
        CancelKind::Shutdown => 7,
        CancelKind::GraceExpired => 8,
        CancelKind::Custom(number) => CUSTOM | u32::from(number) << 4,
    }
}

fn decode(code: u32) -> CancelKind {
    match code & CUSTOM {
        1 => CancelKind::Deadline,
        2 => CancelKind::SiblingFailed,
        3 => CancelKind::SiblingPanicked,
        4 => CancelKind::Satisfied,
        5 => CancelKind::ScopeClosed,
        6 => CancelKind::GuardDropped,
        7 => CancelKind::Shutdown,
        8 => CancelKind::GraceExpired,
        CUSTOM => CancelKind::Custom(u16::try_from(code >> 4).unwrap_or(u16::MAX)),
        _ => CancelKind::Requested,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_the_word() {
        for kind in [
            CancelKind::Requested,
            CancelKind::Deadline,
            CancelKind::SiblingFailed,
            CancelKind::SiblingPanicked,
            CancelKind::Satisfied,
            CancelKind::ScopeClosed,
            CancelKind::GuardDropped,
            CancelKind::Shutdown,
            CancelKind::GraceExpired,
            CancelKind::Custom(0),
            CancelKind::Custom(u16::MAX),
        ] {
            let state = State::root(false);
            state.stop(state.load(), Stage::Cancel, kind.into());
            state.stop(state.load(), Stage::Kill, CancelKind::Custom(7).into());
            assert_eq!(state.load().kind(), kind);
        }
    }
}
