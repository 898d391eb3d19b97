//! Children: what they inherit, and where they are put.

use super::state::{Seen, Stage, State};
use super::tree::{At, Handle, Node, Tree};
use crate::{CancelReason, Instant, mutant};

impl Handle {
    /// Makes a child that is not attached.
    pub(super) fn child(&self, shielded: bool, deadline: Instant) -> Self {
        self.attach();
        self.below(State::child(shielded, false), None, deadline)
    }

    /// Makes a token with a relay below each of `parents`; a flag says whether the parent is seen through its shield.
    pub(super) fn joined(parents: &[(&Self, bool)], deadline: Instant) -> Self {
        let joined = Self::root(true, deadline);
        for (parent, shielded) in parents {
            parent.attach();
            let state = State::child(*shielded, true);
            let target = Some(joined.at().link());
            let relay = parent.below(state, target, Instant::FAR_FUTURE);
            relay.attach();
            joined.keep_relay(relay);
        }
        joined
    }

    /// Attaches the node, if it is not.
    pub(super) fn attach(&self) {
        if !self.state.load().is_attached() {
            self.lock().attach(self);
        }
    }

    /// Tells whether this node, or what it inherits, is at `stage`.
    #[inline]
    pub(super) fn is_at(&self, stage: Stage) -> bool {
        let own = self.state.load();
        own.is_at(stage) || self.inherits(own, stage)
    }

    /// Tells whether `stage` comes from the parent to this node, whose word is `own`.
    #[inline]
    pub(super) fn inherits(&self, own: Seen, stage: Stage) -> bool {
        self.asked(own)
            .is_some_and(|parent| parent.state.load().gives(stage, own.is_shielded()))
    }

    /// Says why this node, or what it inherits, is cancelled; only for a node that is.
    pub(super) fn reason_now(&self) -> CancelReason {
        let own = self.state.load();
        match self.asked(own) {
            Some(parent) if !own.is_at(Stage::Cancel) => parent.reason(parent.state.load()),
            _ => self.reason(own),
        }
    }
}

/// The stage that comes to a child from its parent.
fn inherits(parent: &Node, own: Seen) -> Option<Stage> {
    parent.state.load().reaches(own.is_shielded())
}

impl Tree<'_> {
    /// Attaches a node, if it is not, and lets it inherit.
    pub(super) fn attach(&self, node: &Handle) {
        debug_assert!(self.contains(node));
        let own = node.state.load();
        let Some(parent) = node.asked(own) else {
            return;
        };
        let stage = inherits(&parent, own);
        if let Some(stage) = mutant!("token-attach-inherits-nothing", stage, None) {
            self.pass_down(node, stage, &self.above(parent));
        }
        let (owner, shielded) = self.held(parent, own.is_shielded());
        self.insert(node.at(), owner, !owner.is(parent));
        node.state.attach(shielded);
    }

    /// Puts a node that nobody holds any more below the nearest ancestor that somebody holds; its owner before and now.
    pub(super) fn raise<'t>(&'t self, node: At<'t>) -> Option<(At<'t>, At<'t>)> {
        let before = self.owner(&node)?;
        let (owner, shielded) = self.held(before, node.state.load().is_link_shielded());
        if !owner.is(before) {
            self.remove(&node);
            self.insert(node, owner, true);
            node.state.attach(shielded);
        }
        Some((before, owner))
    }

    /// Finds the nearest node from `node` upwards that somebody holds, and whether a shield is passed on the way.
    fn held<'n>(&'n self, node: At<'n>, shielded: bool) -> (At<'n>, bool) {
        let (mut node, mut shielded) = (node, shielded);
        while !node.is_held() {
            let Some(owner) = self.owner(&node) else {
                break;
            };
            let passed = node.state.load().is_link_shielded();
            shielded |= mutant!("token-splice-loses-shield", passed, false);
            node = owner;
        }
        (node, shielded)
    }
}
