//! Making a token.

use std::hint::black_box;

use stop_token::StopSource;
use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::{HEADLINE, HOSTS, LIMIT, STOP_TOKEN, on_one_thread, tokio_util, trunnion};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-new",
    about: "A token without a parent is made and dropped; nobody waits for it and nobody cancels it.",
    unit: "token",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    vec![
        tokio_util(|iterations| async move { made(CancellationToken::new, iterations) }),
        trunnion(|iterations| async move { made(CancelToken::new, iterations) }),
        Subject::peer(STOP_TOKEN, |iterations| async move {
            made(StopSource::new, iterations)
        })
        .note("the source, whose drop cancels"),
        on_one_thread(),
        Subject::peer(LIMIT, |iterations| async move {
            made(|| Vec::<u64>::with_capacity(12), iterations)
        })
        .note("one allocation of the size of ours and its release; nothing is written"),
    ]
}

fn made<T>(make: impl Fn() -> T, iterations: u32) -> u64 {
    let mut tokens = 0;
    for _ in 0..iterations {
        let token = make();
        black_box(&token);
        tokens += 1;
    }
    tokens
}
