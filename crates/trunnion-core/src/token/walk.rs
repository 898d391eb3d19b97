//! Cancelling a tree: everything below is told first, then whoever waits is woken.
//!
//! The telling goes through one tree under its lock, and through the trees that relays lead to one after the other. Two walks
//! may meet: one finds a node that another has told already while that one is still on its way through other trees. It goes
//! on below nevertheless, unless the node is *settled*: what told it has told all below.

use core::ops::Range;
use std::vec::Vec;

use super::state::{Seen, Stage};
use super::tree::{Above, At, Handle, Kept, Node, Tree};
use super::view::View;
use crate::panic::{FirstPanic, contain};
use crate::wait::Wakers;
use crate::{CancelReason, PanicPayload, mutant};

/// What a walk leaves for later.
struct Walk {
    stage: Stage,
    // Tree by tree, and in each from the shallowest to the deepest.
    woken: Vec<Kept>,
    // Where each tree is in `woken`, in the order in which they are to be woken: none leads to a later one.
    trees: Vec<Range<usize>>,
    steps: Vec<Step>,
}

/// What is to be done next in other trees.
enum Step {
    /// A relay leads to this token of `any_of`, with this reason.
    Tell(Kept, CancelReason),
    /// All behind this one is told; where its tree is in `woken`.
    Told(Kept, Range<usize>),
}

/// Brings a token and all below it to `stage`. True if this call did it.
///
/// # Errors
/// The first panic of a waker or callback, once all have run.
pub(super) fn stop(
    target: &Handle,
    stage: Stage,
    reason: &CancelReason,
) -> Result<bool, PanicPayload> {
    if target.is_at(stage) {
        return Ok(false);
    }
    let mut walk = Walk::new(stage);
    let tree = target.lock();
    tree.attach(target);
    let Some(before) = tree.stop(target, stage, reason) else {
        return Ok(false);
    };
    mutant!("token-wakes-before-telling", (), {
        let _ = Walk::new(stage).wake(target, before);
    });
    walk.below(&tree, target.at());
    drop(tree);
    mutant!("token-settled-early", (), target.state.settle(stage));
    let tree = 0..walk.woken.len();
    walk.follow_relays();
    walk.settle(target, tree);
    walk.wake(target, before)
}

impl Walk {
    const fn new(stage: Stage) -> Self {
        Self {
            stage,
            woken: Vec::new(),
            trees: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Tells all that are below `top` in its tree.
    fn below<'t>(&mut self, tree: &'t Tree<'_>, top: At<'t>) {
        let Some(mut node) = tree.first(&top) else {
            return;
        };
        let mut owner = tree.above(top);
        loop {
            if self.visit(tree, node, &owner) {
                if let Some(below) = tree.first(&node) {
                    owner = tree.above(node);
                    node = below;
                    continue;
                }
            }
            let Some(next) = after(tree, node, top) else {
                return;
            };
            node = next.node;
            if let Some(above) = next.owner {
                owner = tree.above(above);
            }
        }
    }

    /// Tells one node what its owner was told; true if the walk is to go on below it.
    #[inline]
    fn visit(&mut self, tree: &Tree<'_>, node: At<'_>, owner: &Above<'_>) -> bool {
        let seen = node.state.load();
        if mutant!("token-shield-leaks", seen.is_link_shielded(), false)
            && self.stage == Stage::Cancel
        {
            return false;
        }
        let told = !seen.is_at(self.stage) && self.tell(tree, node, owner);
        if !seen.is_relay() {
            return told || !seen.is_settled(self.stage);
        }
        if let Some(target) = tree.target(&node) {
            let reason = node.reason(node.state.load());
            self.steps.push(Step::Tell(target, reason));
        }
        false
    }

    /// Brings a node to the stage, with its owner's reason.
    #[inline]
    fn tell(&mut self, tree: &Tree<'_>, node: At<'_>, owner: &Above<'_>) -> bool {
        let before = tree.pass_down(&node, self.stage, owner);
        if before.is_some_and(Seen::has_waited) {
            self.woken.extend(Tree::keep(node));
        }
        before.is_some()
    }

    /// Goes on in the trees that relays lead to.
    fn follow_relays(&mut self) {
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Tell(joined, reason) => {
                    self.follow(joined, &reason);
                    // The nodes that it came from may be gone.
                    contain(|| drop(reason));
                }
                Step::Told(joined, tree) => self.settle(&joined, tree),
            }
        }
    }

    /// Tells a token of `any_of` and its tree.
    fn follow(&mut self, joined: Kept, reason: &CancelReason) {
        // Told and settled also by this walk, if it came here on another way: else ways would multiply where tokens meet again.
        if joined.state.load().is_settled(self.stage) {
            return;
        }
        let (behind, first) = (self.steps.len(), self.woken.len());
        let tree = joined.lock();
        let before = tree.stop(&joined, self.stage, reason);
        if before.is_some_and(Seen::has_waited) {
            self.woken.extend(Tree::keep(joined.at()));
        }
        if mutant!("token-joined-walked-once", true, before.is_some()) {
            self.below(&tree, joined.at());
        }
        drop(tree);
        mutant!(
            "token-joined-settled-early",
            (),
            joined.state.settle(self.stage)
        );
        let told = Step::Told(joined, first..self.woken.len());
        self.steps.insert(behind, told);
    }

    /// Ends with a token: all below it is told.
    fn settle(&mut self, top: &Node, tree: Range<usize>) {
        top.state.settle(self.stage);
        if !tree.is_empty() {
            self.trees.push(tree);
        }
    }

    /// Wakes whoever waits, the deepest first.
    fn wake(self, target: &Handle, before: Seen) -> Result<bool, PanicPayload> {
        let told = before.has_waited().then_some(target.at());
        if told.is_none() && self.woken.is_empty() {
            return Ok(true);
        }
        let (mut wakers, mut first) = (Wakers::new(), FirstPanic::default());
        let mut wake = |node: At<'_>| {
            let (wakers, first, waiters) = (&mut wakers, &mut first, &node.waiters);
            waiters.wake_into(wakers, first, |queue, wakers| {
                queue.fill(wakers, |view| *view == View::Plain)
            });
            if self.stage == Stage::Kill {
                waiters.wake_into(wakers, first, |queue, wakers| {
                    queue.fill_from_back(wakers, |view| *view == View::Shielded)
                });
            }
        };
        for tree in self.trees {
            for node in self.woken[tree].iter().rev() {
                wake(node.at());
            }
        }
        told.map(wake);
        first.keep(wakers.wake());
        first.into_result().map(|()| true)
    }
}

/// Where a walk goes on.
struct Next<'t> {
    node: At<'t>,
    // In whose list it is, if that is another one than before.
    owner: Option<At<'t>>,
}

/// Finds the next node behind `at` and what is below it, without leaving what is below `top`.
#[inline]
fn after<'t>(tree: &'t Tree<'_>, at: At<'t>, top: At<'t>) -> Option<Next<'t>> {
    if let Some(node) = tree.next(&at) {
        let owner = None;
        return Some(Next { node, owner });
    }
    let mut at = tree.owner(&at)?;
    while !at.is(top) {
        let owner = tree.owner(&at)?;
        if let Some(node) = tree.next(&at) {
            let owner = Some(owner);
            return Some(Next { node, owner });
        }
        at = owner;
    }
    None
}
