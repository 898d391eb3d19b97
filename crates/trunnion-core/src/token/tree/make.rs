//! Making nodes.

use core::ptr::NonNull;
use std::vec::Vec;

use super::super::count::Count;
use super::super::state::State;
use super::super::view::Views;
use super::{Handle, Link, Links, Node, Place};
use crate::Instant;
use crate::sync::{Mutex, UnsafeCell};
use crate::wait::WaitQueue;

impl Handle {
    fn new(state: State, below: Option<Link>, place: Place, deadline: Instant) -> Self {
        Self(super::place(|| Node {
            handles: Count::one(),
            refs: Count::one(),
            state,
            waiters: WaitQueue::new(Views),
            below: UnsafeCell::new(below),
            place,
            cause: UnsafeCell::new(None),
            deadline,
        }))
    }

    /// Makes a token without a parent, or one that is to be joined to several.
    pub(in crate::token) fn root(joined: bool, deadline: Instant) -> Self {
        let tree = Mutex::new(Vec::new());
        Self::new(State::root(joined), None, Place::Root { tree }, deadline)
    }

    /// Makes a child that is not attached, or a relay to `target`; this node must be attached.
    pub(in crate::token) fn below(
        &self,
        state: State,
        target: Option<Link>,
        deadline: Instant,
    ) -> Self {
        debug_assert!(self.state.load().is_attached());
        self.refs.add();
        let place = Place::Below {
            root: NonNull::from(self.root_node()),
            parent: UnsafeCell::new(self.0),
            links: UnsafeCell::new(Links::default()),
        };
        Self::new(state, target, place, deadline)
    }

    /// Makes this the target of `relay`, which is below one of its parents and leads here.
    pub(in crate::token) fn keep_relay(&self, relay: Self) {
        // Its handle is the target's from here on.
        let relay = core::mem::ManuallyDrop::new(relay);
        self.lock().relays.push(relay.0);
    }
}
