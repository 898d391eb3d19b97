//! Asking a token.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::{HEADLINE, HOSTS, LIMIT, Token, never_asked, on_one_thread, tokio_util, trunnion};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-is-cancelled",
    about: "A token without a parent is asked, in a loop, whether it is cancelled, which it is not. \
            The loop is part of it.",
    unit: "question",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    vec![
        tokio_util(asked::<CancellationToken>).note(LOCKS),
        trunnion(asked::<CancelToken>),
        never_asked(),
        on_one_thread(),
        Subject::peer(LIMIT, loaded).note("one acquire load behind a pointer"),
    ]
}

/// What to know about tokio-util's answer.
pub(super) const LOCKS: &str =
    "takes the token's lock, so that threads that ask wait for each other";

async fn asked<T: Token>(iterations: u32) -> u64 {
    let token = T::new();
    ask(&token, iterations)
}

/// Counts how often a token says that it is not cancelled.
pub(super) fn ask<T: Token>(token: &T, times: u32) -> u64 {
    let mut sum = 0;
    for _ in 0..times {
        sum += u64::from(!black_box(token).is_cancelled());
    }
    sum
}

/// Asks a flag of its own.
async fn loaded(iterations: u32) -> u64 {
    let flag = Box::new(AtomicU32::new(0));
    let mut sum = 0;
    for _ in 0..iterations {
        sum += u64::from(black_box(&flag).load(Ordering::Acquire) == 0);
    }
    sum
}
