//! Making a child of a token and waiting for it.

use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::{HEADLINE, HOSTS, Token, tokio_util, trees, trunnion, wait_once};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-child-wait",
    about: "A child of a token that has another one is made, waited for with one poll, which is pending, and dropped: \
            what a task costs that has a token of its own. It is never cancelled.",
    unit: "child",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    let reference = tokio_util(children::<CancellationToken>);
    let ours = trunnion(children::<CancelToken>).note("the wait links the child into its tree");
    trees(reference, [ours])
}

async fn children<T: Token>(iterations: u32) -> u64 {
    let parent = T::new();
    let sibling = parent.child();
    let mut pending = 0;
    for _ in 0..iterations {
        let child = parent.child();
        pending += u64::from(wait_once(&child).await);
    }
    drop(sibling);
    pending
}
