//! Cloning a token.

use std::hint::black_box;

use stop_token::StopSource;
use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::{HEADLINE, HOSTS, STOP_TOKEN, on_one_thread, tokio_util, trunnion};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-clone",
    about: "A token is cloned and the clone dropped, while the token is held. The last drop of a token is in `token-new`.",
    unit: "clone",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    vec![
        tokio_util(|iterations| async move { cloned(&CancellationToken::new(), iterations) }),
        trunnion(|iterations| async move { cloned(&CancelToken::new(), iterations) }),
        Subject::peer(STOP_TOKEN, |iterations| async move {
            let source = StopSource::new();
            cloned(&source.token(), iterations)
        })
        .note("a clone can wait, and cannot cancel"),
        on_one_thread(),
    ]
}

fn cloned<T: Clone>(token: &T, iterations: u32) -> u64 {
    let mut clones = 0;
    for _ in 0..iterations {
        let clone = black_box(token).clone();
        black_box(&clone);
        clones += 1;
    }
    clones
}
