//! The lists of a tree: each node has one of the nodes that it owns.

use super::tree::{At, Kept, Link, Links, Node, Tree};

impl Tree<'_> {
    /// Puts a node that is in no list into the one of `owner`, which is its parent or above that.
    ///
    /// With `counted`, the node gets a reference to it.
    pub(super) fn insert(&self, node: At<'_>, owner: At<'_>, counted: bool) {
        if counted {
            owner.count();
        }
        let first = Some(node.link());
        let next = self.with_below(&owner, |below| core::mem::replace(below, first));
        self.with_neighbour(next, |links| links.prev = first);
        self.with_links(&node, |links| {
            *links = Links {
                owner: Some(owner.link()),
                prev: None,
                next,
            };
        });
    }

    /// Takes a node out of its list; its owner.
    pub(super) fn remove(&self, node: &Node) -> Option<Link> {
        let Links { owner, prev, next } = self.with_links(node, |links| *links)?;
        if prev.is_none() {
            self.with_below(&self.follow(owner?), |below| *below = next);
        }
        self.with_neighbour(prev, |links| links.next = next);
        self.with_neighbour(next, |links| links.prev = prev);
        owner
    }

    fn with_neighbour(&self, link: Option<Link>, f: impl FnOnce(&mut Links)) {
        if let Some(link) = link {
            self.with_links(&self.follow(link), f);
        }
    }

    /// Finds the first in the list of a node of this tree.
    pub(super) fn first(&self, node: &Node) -> Option<At<'_>> {
        debug_assert!(self.contains(node) && !node.state.load().is_relay());
        Some(self.follow(self.with_below(node, |below| *below)?))
    }

    /// Finds the one behind a node of this tree in its list.
    pub(super) fn next(&self, node: &Node) -> Option<At<'_>> {
        Some(self.follow(self.with_links(node, |links| links.next)??))
    }

    /// Finds the node in whose list one of this tree is.
    pub(super) fn owner(&self, node: &Node) -> Option<At<'_>> {
        Some(self.follow(self.with_links(node, |links| links.owner)??))
    }

    /// Keeps the target of a relay, unless it is about to go.
    pub(super) fn target(&self, relay: &Node) -> Option<Kept> {
        debug_assert!(self.contains(relay) && relay.state.load().is_relay());
        // The relay is in its list, so that its target is there.
        Self::keep(self.follow(self.with_below(relay, |below| *below)?))
    }
}
