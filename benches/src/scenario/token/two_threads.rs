//! Asking one token from two threads.

use std::sync::{Arc, Barrier};

use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::is_cancelled::{LOCKS, ask};
use super::{HEADLINE, HOSTS, Token, never_asked, on_one_thread, tokio_util, trunnion};
use crate::host::{Host, Started};
use crate::subject::Subject;

/// How often each thread asks in one iteration: bringing the threads together is then small beside it.
const QUESTIONS: u32 = 1 << 18;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-two-threads",
    about: "Two threads ask one token, in a loop, whether it is cancelled, each 262,144 times; the price of one question of one \
            thread. They wait for each other before they begin, which is part of it. Where no second processor is free they run one \
            after the other: the time is then that of two questions, and nobody is in another's way.",
    unit: "question",
    operations: QUESTIONS,
    threaded: true,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| 2 * u64::from(iterations) * u64::from(QUESTIONS),
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    vec![
        tokio_util(asked::<CancellationToken>).note(LOCKS),
        trunnion(asked::<CancelToken>),
        never_asked(),
        on_one_thread(),
    ]
}

async fn asked<T: Token>(iterations: u32) -> u64 {
    let token = T::new();
    let start = Arc::new(Barrier::new(2));
    let other = {
        let (token, start) = (token.clone(), Arc::clone(&start));
        spawn_blocking(move || together(&token, &start, iterations))
    };
    let here = together(&token, &start, iterations);
    here + other.await.expect("nobody panics")
}

fn together<T: Token>(token: &T, start: &Barrier, iterations: u32) -> u64 {
    start.wait();
    (0..iterations).map(|_| ask(token, QUESTIONS)).sum()
}
