//! Making a child of a token.

use std::hint::black_box;

use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::{HEADLINE, HOSTS, Token, tokio_util, trees, trunnion};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-child",
    about: "A child of a token that has another one is made and dropped; nobody waits for it, and it has no children. \
            A child that is waited for is in `token-child-wait`.",
    unit: "child",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    let reference = tokio_util(children::<CancellationToken>)
        .note("a child is linked when it is made; the first one allocates the parent's list");
    let ours = trunnion(children::<CancelToken>)
        .note("a child is linked when something first hangs on it, which here it never does");
    trees(reference, [ours])
}

async fn children<T: Token>(iterations: u32) -> u64 {
    let parent = T::new();
    let sibling = black_box(parent.child());
    let mut children = 0;
    for _ in 0..iterations {
        let child = black_box(&parent).child();
        black_box(&child);
        children += 1;
    }
    drop(sibling);
    children
}
