//! Cancelling a token with many children.

use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::{HEADLINE, HOSTS, Token, tokio_util, trees, trunnion};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(super) const CHILDREN: u32 = 10_000;

/// The children that are asked at the end: asking all would be a part of the price.
const ASKED: [usize; 3] = [0, CHILDREN as usize / 2, CHILDREN as usize - 1];

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-cancel-children",
    about: "A token gets 10,000 children, each of which has a child for a moment, which links it into a tree that links late; \
            the token is cancelled, all are dropped. A cancelled token stays so, so that making and dropping all of them, and the \
            vector that holds them, are part of it, and most of it; three children are asked. Nobody waits.",
    unit: "child",
    operations: CHILDREN,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations) * 3,
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    let reference =
        tokio_util(|iterations| async move { lives::<CancellationToken>(link, iterations) });
    let ours = trunnion(|iterations| async move { lives::<CancelToken>(link, iterations) });
    trees(reference, [ours])
}

/// Links a token into its tree without making anybody wait for it.
fn link<T: Token>(token: &T) {
    drop(token.child());
}

/// Makes the children, prepares each, cancels the parent, and counts those asked that are cancelled.
pub(super) fn lives<T: Token>(prepare: fn(&T), iterations: u32) -> u64 {
    let mut cancelled = 0;
    for _ in 0..iterations {
        cancelled += life(prepare);
    }
    cancelled
}

fn life<T: Token>(prepare: fn(&T)) -> u64 {
    let token = T::new();
    let children = (0..CHILDREN).map(|_| {
        let child = token.child();
        prepare(&child);
        child
    });
    let children: Vec<T> = children.collect();
    token.cancel();
    ASKED
        .iter()
        .map(|child| u64::from(children[*child].is_cancelled()))
        .sum()
}
