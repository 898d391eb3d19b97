//! Asking a token far below its root.

use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::is_cancelled::{LOCKS, ask};
use super::{HEADLINE, HOSTS, Token, tokio_util, trees, trunnion, wait_once};
use crate::host::{Host, Started};
use crate::subject::Subject;

/// How far below.
const DEPTH: usize = 8;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-is-cancelled-deep",
    about: "The last of a chain of tokens, 8 levels below the root, is asked in a loop whether it is cancelled, which it is not; \
            all tokens of the chain are held. The loop is part of it, making the chain is not.",
    unit: "question",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    let linked = trunnion(|iterations| asked::<CancelToken>(true, iterations))
        .note("somebody has waited for it, which links a token into its tree");
    let unlinked = Subject::ours("trunnion, new", |iterations| {
        asked::<CancelToken>(false, iterations)
    });
    let unlinked = unlinked.note("nothing has hung on it: its parent is asked too");
    let reference = tokio_util(|iterations| asked::<CancellationToken>(true, iterations));
    trees(reference.note(LOCKS), [linked, unlinked])
}

async fn asked<T: Token>(waited: bool, iterations: u32) -> u64 {
    let mut chain = vec![T::new()];
    for level in 0..DEPTH {
        chain.push(chain[level].child());
    }
    let last = &chain[DEPTH];
    if waited {
        wait_once(last).await;
    }
    ask(last, iterations)
}
