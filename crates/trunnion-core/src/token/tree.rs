//! The nodes of tokens: who keeps them, how they hang together, and when they go.
//!
//! A root has a lock, which is the lock of its tree. A child begins *unattached*: it knows its parent and is in no list, so that
//! making and dropping it takes no lock, and whoever asks it looks at its parent too. It is *attached*, put into the list of its
//! owner, when it first has something to be told: a waiter, a child, a cancellation of its own. The parent of an unattached
//! child is therefore always attached, and two loads answer for any depth.
//!
//! The owner is the parent, or, if nobody holds the parent any more, its nearest ancestor that somebody holds: so a chain in
//! which each token but the last is dropped keeps a constant number of nodes. A token of several parents is a root of its own,
//! and has a *relay* in the tree of each.
//!
//! * K1: a node is freed when `refs` is zero. All handles together hold one reference while there is a handle; a child holds one
//!   to its parent, and one to its owner if that is another node; so does a [`Kept`].
//! * K2: parents lead from each node to its root, so that the root, and the lock in it, outlive what holds a node.
//! * K3: `below` and `links` are touched under the lock of the tree. A node is taken out of its list before it is freed, so that
//!   what is in a list is there for as long as the lock is held.
//! * K4: `parent` is written when the last handle has gone; it is read through handles, and by who frees the node.
//! * K5: `cause` is written under the lock of the tree before `CANCELLED` is set, and read after that.
//! * K6: a relay's `below` leads to its target and never changes; a target takes its relays out of their lists before it is freed.
//! * K7: a root is attached from the beginning; what is not attached is a child, and knows its parent.
#![expect(
    unsafe_code,
    reason = "one of the files that ARCHITECTURE.md allows it in"
)]

use core::hint::unreachable_unchecked;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::{self, NonNull};
use std::boxed::Box;
use std::vec::Vec;

mod make;

use super::CancelToken;
use super::count::Count;
use super::state::{Code, Seen, Stage, State};
use super::view::Views;
use crate::cancellation::Cause;
use crate::panic::contain;
use crate::sync::atomic::Ordering;
use crate::sync::{Arc, Mutex, MutexGuard, UnsafeCell};
use crate::wait::{Home, WaitQueue};
use crate::{CancelReason, Instant, mutant};

#[repr(C)]
pub(super) struct Node {
    // What a walk touches lies together.
    pub(super) state: State,
    handles: Count,
    // The first child, or a relay's target.
    below: UnsafeCell<Option<Link>>,
    place: Place,
    cause: UnsafeCell<Option<Arc<Cause>>>,
    pub(super) waiters: WaitQueue<Views>,
    pub(super) deadline: Instant,
    refs: Count,
}

enum Place {
    Root {
        tree: Mutex<Relays>,
    },
    Below {
        root: NonNull<Node>,
        links: UnsafeCell<Links>,
        parent: UnsafeCell<NonNull<Node>>,
    },
}

/// The relays that stand for this node in the trees of its parents.
type Relays = Vec<NonNull<Node>>;

/// Where a node is in its tree.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(super) struct Links {
    // First, where a walk finds it beside the word: most nodes then cost it one line of memory.
    pub(super) next: Option<Link>,
    pub(super) prev: Option<Link>,
    // None while unattached.
    pub(super) owner: Option<Link>,
}

/// Leads from one node of a tree to another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Link(NonNull<Node>);

/// Keeps a token's node, and says that somebody can cancel it.
pub(super) struct Handle(NonNull<Node>);

/// Keeps a node for a walk.
pub(super) struct Kept(NonNull<Node>);

/// A node that is there for as long as something else holds it: a handle, a child, or the lock of its tree.
///
/// Unlike a reference it may become a [`Kept`], which may be the last to go.
#[derive(Clone, Copy)]
pub(super) struct At<'t>(NonNull<Node>, PhantomData<&'t Node>);

/// The reason of a node, for those below it.
pub(super) struct Above<'n> {
    code: Code,
    cause: Option<&'n Arc<Cause>>,
}

/// A tree whose lock is held.
pub(super) struct Tree<'a> {
    relays: MutexGuard<'a, Relays>,
    root: &'a Node,
}

// SAFETY: what handles share is atomic, or touched as K3 to K5 say.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}
// SAFETY: as above.
unsafe impl Send for Kept {}

// SAFETY: a token keeps its node, and with it the node's one queue, alive and in its place.
unsafe impl Home for CancelToken {
    type Shared = Views;

    fn queue(&self) -> &WaitQueue<Views> {
        &self.node.waiters
    }
}

// SAFETY: as above, for as long as the token is borrowed.
unsafe impl Home for &CancelToken {
    type Shared = Views;

    fn queue(&self) -> &WaitQueue<Views> {
        &self.node.waiters
    }
}

impl Deref for Handle {
    type Target = Node;

    #[inline]
    fn deref(&self) -> &Node {
        // SAFETY: K1: the handles hold a reference.
        unsafe { self.0.as_ref() }
    }
}

impl Deref for Kept {
    type Target = Node;

    fn deref(&self) -> &Node {
        // SAFETY: K1: it holds a reference.
        unsafe { self.0.as_ref() }
    }
}

impl Deref for At<'_> {
    type Target = Node;

    fn deref(&self) -> &Node {
        // SAFETY: K1, K3: it is made with the lifetime of what holds the node.
        unsafe { self.0.as_ref() }
    }
}

impl At<'_> {
    pub(super) fn link(self) -> Link {
        Link(self.0)
    }

    /// Counts one more reference to the node.
    pub(super) fn count(self) {
        self.refs.add();
    }

    pub(super) fn is(self, other: At<'_>) -> bool {
        self.0 == other.0
    }
}

impl Kept {
    pub(super) fn at(&self) -> At<'_> {
        At(self.0, PhantomData)
    }
}

impl Clone for Handle {
    #[inline]
    fn clone(&self) -> Self {
        self.handles.add();
        Self(self.0)
    }
}

impl Drop for Handle {
    #[inline]
    fn drop(&mut self) {
        // Counted once, it is counted here, and nobody can count it up: most tokens go without a locked step.
        if self.handles.is_one() && self.is_unseen() {
            return free_unseen(self.0);
        }
        let order = mutant!(
            "token-handle-unreleased",
            Ordering::AcqRel,
            Ordering::Relaxed
        );
        if self.handles.sub(order) {
            orphan(self.0);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if mutant!("token-kept-forever", self.refs.release(), false) {
            destroy(self.0);
        }
    }
}

/// What follows the last handle's drop.
fn orphan(ptr: NonNull<Node>) {
    // SAFETY: K1: the reference of the handles is given back below.
    let node = unsafe { ptr.as_ref() };
    if node.is_unseen() {
        return free_unseen(ptr);
    }
    let passed = pass_parent(node, ptr, node.refs.now() > 1);
    if node.refs.release() {
        destroy(ptr);
    }
    for held in passed.into_iter().flatten() {
        drop(Kept(held));
    }
}

/// Makes the nearest held ancestor of a node without handles, if it has children, its owner and its parent. Gives what the node held
/// besides.
fn pass_parent(node: &Node, ptr: NonNull<Node>, children: bool) -> [Option<NonNull<Node>>; 2] {
    let (Place::Below { parent, .. }, true) = (&node.place, children) else {
        return [None; 2];
    };
    let tree = node.lock();
    let Some((before, owner)) = tree.raise(At(ptr, PhantomData)) else {
        return [None; 2];
    };
    let (before, owner) = (before.0, owner.0);
    drop(tree);
    // SAFETY: K4: there is no handle, and the node is not being freed.
    let old = parent.with_mut(|parent| unsafe { ptr::replace(parent, owner) });
    let others = [Some(old), (before != old).then_some(before)];
    others.map(|held| held.filter(|held| *held != owner))
}

/// Frees a node that is in no list and has no children: most have never been in one, or had any.
fn free_unseen(ptr: NonNull<Node>) {
    // SAFETY: K1: the caller has the last reference.
    let parent = unsafe { ptr.as_ref() }.parent();
    free(ptr);
    if let Some(parent) = parent.filter(|parent| last(*parent)) {
        destroy(parent);
    }
}

/// Frees a node without references and, one after the other, those that it was the last to hold.
fn destroy(first: NonNull<Node>) {
    let (mut next, mut rest) = (Some(first), Vec::new());
    while let Some(ptr) = next.take().or_else(|| rest.pop()) {
        // SAFETY: K1: nobody else holds a reference, so that it is freed here only.
        let node = unsafe { ptr.as_ref() };
        let held = node.unlink();
        for relay in node.take_relays() {
            // SAFETY: K6: nothing but its target and its list leads to a relay.
            let held = unsafe { relay.as_ref() }.unlink();
            rest.extend(held.into_iter().flatten().filter(|held| last(*held)));
            last(relay);
            free(relay);
        }
        free(ptr);
        let mut dead = held.into_iter().flatten().filter(|held| last(*held));
        next = dead.next();
        rest.extend(dead);
    }
}

/// Gives back the reference that a node had to another; true if it was the last.
fn last(held: NonNull<Node>) -> bool {
    // SAFETY: K1: the reference is there until it is given back here.
    unsafe { held.as_ref() }.refs.release()
}

/// Puts a node where it stays. It is made there: a copy of one made before would cost as much as the rest.
#[inline]
fn place(make: impl FnOnce() -> Node) -> NonNull<Node> {
    let mut place = Box::<Node>::new_uninit();
    place.write(make());
    // SAFETY: K1: it is written, and freed by `free`.
    NonNull::from(Box::leak(unsafe { place.assume_init() }))
}

/// Frees a node that is in no list and that nobody refers to.
fn free(ptr: NonNull<Node>) {
    // SAFETY: K1: it came from a box and is freed once.
    let mut node = unsafe { Box::from_raw(ptr.as_ptr()) };
    debug_assert!(node.has_nothing_below());
    if let Some(cause) = node.take_cause() {
        drop_cause(cause);
    }
}

/// Drops a cause, whose destructor is user code. Most nodes have none.
#[cold]
fn drop_cause(cause: Arc<Cause>) {
    contain(|| drop(cause));
}

impl Node {
    fn root_node(&self) -> &Self {
        match &self.place {
            Place::Root { .. } => self,
            // SAFETY: K2.
            Place::Below { root, .. } => unsafe { root.as_ref() },
        }
    }

    fn take_cause(&mut self) -> Option<Arc<Cause>> {
        // SAFETY: K1: nobody else has the node.
        self.cause.with_mut(|cause| unsafe { (*cause).take() })
    }

    /// Tells whether nothing is in its list.
    fn has_nothing_below(&self) -> bool {
        // SAFETY: K1: nobody else has the node.
        let below = self.below.with(|below| unsafe { *below });
        below.is_none() || self.state.load().is_relay()
    }

    /// Tells whether, its handles aside, nothing holds the node or leads to it. True for good once the last handle goes.
    #[inline]
    fn is_unseen(&self) -> bool {
        self.refs.now() == 1 && !self.state.load().is_reachable()
    }

    /// Tells whether somebody holds a token of this node.
    pub(super) fn is_held(&self) -> bool {
        self.handles.now() > 0
    }

    /// Waits for the lock of the tree.
    pub(super) fn lock(&self) -> Tree<'_> {
        let root = self.root_node();
        match &root.place {
            Place::Root { tree } => Tree {
                relays: tree.lock(),
                root,
            },
            Place::Below { .. } => unreachable!("a root is in no list"),
        }
    }

    /// Says why it was cancelled, if the caller has seen that it was.
    pub(super) fn reason(&self, seen: Seen) -> CancelReason {
        debug_assert!(seen.is_at(Stage::Cancel));
        // SAFETY: K5: the caller has seen `CANCELLED`.
        let cause = self.cause.with(|cause| unsafe { (*cause).clone() });
        CancelReason::from_parts(seen.kind(), cause)
    }

    /// Reads the parent, for who comes through a handle or frees the node.
    #[inline]
    fn parent(&self) -> Option<NonNull<Self>> {
        match &self.place {
            Place::Root { .. } => None,
            // SAFETY: K4: see above.
            Place::Below { parent, .. } => Some(parent.with(|parent| unsafe { *parent })),
        }
    }

    /// Takes the node out of its list, to be freed. Gives the nodes that it has references to.
    fn unlink(&self) -> [Option<NonNull<Self>>; 2] {
        let attached = self.state.load().is_attached();
        let owner = attached.then(|| self.lock().remove(self)).flatten();
        let (parent, owner) = (self.parent(), owner.map(|owner| owner.0));
        [parent, owner.filter(|owner| Some(*owner) != parent)]
    }

    fn take_relays(&self) -> Relays {
        match &self.place {
            Place::Root { tree } if self.state.load().is_reachable() => {
                core::mem::take(&mut *tree.lock())
            }
            _ => Vec::new(),
        }
    }
}

impl Handle {
    pub(super) fn at(&self) -> At<'_> {
        At(self.0, PhantomData)
    }

    /// Finds the parent, if this node depends on it to know whether it is cancelled.
    #[inline]
    pub(super) fn asked(&self, own: Seen) -> Option<At<'_>> {
        if own.is_attached() {
            return None;
        }
        let Place::Below { parent, .. } = &self.place else {
            debug_assert!(false, "a root is always attached");
            // SAFETY: K7: a root is attached from the beginning, and nothing takes that back.
            unsafe { unreachable_unchecked() }
        };
        // SAFETY: K4: it is read through a handle.
        let parent = parent.with(|parent| unsafe { *parent });
        // K1: the node holds a reference to its parent.
        Some(At(parent, PhantomData))
    }
}

impl Tree<'_> {
    pub(super) fn contains(&self, node: &Node) -> bool {
        ptr::eq(node.root_node(), self.root)
    }

    /// Reaches the links of a node of this tree, unless it is the root.
    #[expect(clippy::unused_self, reason = "its lock is held")]
    pub(super) fn with_links<R>(&self, node: &Node, f: impl FnOnce(&mut Links) -> R) -> Option<R> {
        let Place::Below { links, .. } = &node.place else {
            return None;
        };
        // SAFETY: K3: the lock is held, and `f` reaches no other links.
        Some(links.with_mut(|links| f(unsafe { &mut *links })))
    }

    /// Reaches what is below a node of this tree; a relay's is not to be changed.
    #[expect(clippy::unused_self, reason = "its lock is held")]
    pub(super) fn with_below<R>(&self, node: &Node, f: impl FnOnce(&mut Option<Link>) -> R) -> R {
        // SAFETY: K3: the lock is held, and `f` reaches nothing else.
        node.below.with_mut(|below| f(unsafe { &mut *below }))
    }

    /// Follows a link of this tree: what it leads to is there while the lock is held (K3, K6).
    #[expect(clippy::unused_self, reason = "its lock is held")]
    pub(super) fn follow(&self, link: Link) -> At<'_> {
        At(link.0, PhantomData)
    }

    /// Keeps a node beyond the lock, unless it is about to go.
    pub(super) fn keep(node: At<'_>) -> Option<Kept> {
        node.refs.add_to_some().then(|| Kept(node.0))
    }

    /// Brings a node to `stage`; what its word was, if that is new. A reason that comes too late stays where it is.
    pub(super) fn stop(&self, node: &Node, stage: Stage, reason: &CancelReason) -> Option<Seen> {
        self.write(node, stage, reason.kind().into(), reason.cause())
    }

    /// Reads what is to be passed down from a node that is cancelled.
    #[expect(clippy::unused_self, reason = "its lock is held")]
    pub(super) fn above<'n>(&'n self, node: At<'n>) -> Above<'n> {
        let seen = node.state.load();
        debug_assert!(seen.is_at(Stage::Cancel));
        // SAFETY: K1, K3: the node is there for as long as what it was reached through.
        let node: &Node = unsafe { node.0.as_ref() };
        // SAFETY: K5: the node is cancelled.
        let cause = node.cause.with(|cause| unsafe { &*cause });
        let (code, cause) = (seen.code(), cause.as_ref());
        Above { code, cause }
    }

    /// The same with the reason of who is above.
    #[inline]
    pub(super) fn pass_down(&self, node: &Node, stage: Stage, above: &Above<'_>) -> Option<Seen> {
        self.write(node, stage, above.code, above.cause)
    }

    #[inline]
    #[expect(clippy::unused_self, reason = "its lock is held")]
    fn write(
        &self,
        node: &Node,
        stage: Stage,
        code: Code,
        cause: Option<&Arc<Cause>>,
    ) -> Option<Seen> {
        let seen = node.state.load();
        if mutant!("token-both-win", seen.is_at(stage), false) {
            return None;
        }
        if let (Some(cause), false) = (cause, seen.is_at(Stage::Cancel)) {
            let cause = Some(Arc::clone(cause));
            // SAFETY: K5: the lock is held and `CANCELLED` is clear.
            node.cause.with_mut(|place| unsafe { *place = cause });
        }
        Some(node.state.stop(seen, stage, code))
    }
}
