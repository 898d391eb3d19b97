//! Waiting for a token.

use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::super::far::size_of_made;
use super::{
    Cancel, HEADLINE, HOSTS, STOP_TOKEN, Stop, on_one_thread, tokio_util, trunnion, wait_once,
};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-wait",
    about: "A wait for a token is made, polled once, which registers it and is pending, and dropped, which removes it; \
            nobody else waits. A wake is not measured.",
    unit: "wait",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    vec![
        tokio_util(waits::<CancellationToken>).future_bytes(bytes::<CancellationToken>()),
        trunnion(waits::<CancelToken>)
            .future_bytes(bytes::<CancelToken>())
            .note("gives the reason"),
        Subject::peer(STOP_TOKEN, waits::<Stop>)
            .future_bytes(bytes::<Stop>())
            .note("the token is the future: each wait clones it, and its registration is in a box"),
        on_one_thread(),
    ]
}

/// The size of a wait.
fn bytes<C: Cancel>() -> usize {
    size_of_made(&|token: &'static C| token.cancelled())
}

async fn waits<C: Cancel>(iterations: u32) -> u64 {
    let token = C::new();
    let mut pending = 0;
    for _ in 0..iterations {
        pending += u64::from(wait_once(&token).await);
    }
    pending
}
