//! Running what is ready at once under a token.

use std::future::{Ready, ready};
use std::hint::black_box;

use tokio_util::sync::CancellationToken;
use trunnion_core::CancelToken;

use super::super::Scenario;
use super::super::far::size_of_made;
use super::{Cancel, Done, HEADLINE, HOSTS, STOP_TOKEN, Stop, on_one_thread, tokio_util, trunnion};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "token-run-until-cancelled",
    about: "An operation that is ready at its first poll runs under a token that is not cancelled. The operation itself costs \
            next to nothing, so that this is the price of looking at the token; nobody is registered.",
    unit: "operation",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects,
};

fn subjects(_: Host, _: &Started) -> Vec<Subject> {
    vec![
        tokio_util(runs::<CancellationToken>)
            .future_bytes(bytes::<CancellationToken>())
            .note("looks at the token first, at each poll: what is ready in the instant of the cancellation is lost"),
        trunnion(runs::<CancelToken>)
            .future_bytes(bytes::<CancelToken>())
            .note("looks at the token first at the first poll only, and gives the reason"),
        Subject::peer(STOP_TOKEN, runs::<Stop>)
            .future_bytes(bytes::<Stop>())
            .note("its `timeout_at` takes a clone of the token, and registers it before the operation is polled"),
        on_one_thread(),
    ]
}

fn operation() -> Ready<u64> {
    ready(black_box(1))
}

/// The size of an operation under a token.
fn bytes<C: Cancel>() -> usize {
    size_of_made(&|token: &'static C| token.run_until_cancelled(operation()))
}

async fn runs<C: Cancel>(iterations: u32) -> u64 {
    let token = C::new();
    let mut sum = 0;
    for _ in 0..iterations {
        let done = black_box(&token).run_until_cancelled(operation()).await;
        sum += done.value();
    }
    sum
}
