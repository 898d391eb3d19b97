//! Eight tasks that share one permit.

use std::sync::Arc;

use super::super::Scenario;
use super::{Limit, Semaphore, TRUNNION, bytes, limit, subjects};
use crate::host::Host;

const TASKS: u32 = 8;
const ROUNDS: u32 = 1_000;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "semaphore-released",
    about: "Eight tasks on two threads share one permit, which each takes and gives back 1,000 times without an await between. \
            The spawns and joins are part of it.",
    unit: "permit",
    operations: TASKS * ROUNDS,
    threaded: true,
    hosts: &[Host::Tokio],
    headline: (Host::Tokio, TRUNNION),
    expected: |iterations| u64::from(iterations) * u64::from(TASKS * ROUNDS),
    subjects: |_, _| {
        let mut rows = subjects!(work, bytes);
        rows.push(limit(work::<Limit>));
        rows
    },
};

#[expect(
    clippy::disallowed_methods,
    reason = "tokio's own tasks are the same for all"
)]
async fn work<S: Semaphore>(iterations: u32) -> u64 {
    let mut permits = 0;
    for _ in 0..iterations {
        let semaphore = Arc::new(S::new(1));
        let tasks = [(); TASKS as usize].map(|()| tokio::spawn(rounds(Arc::clone(&semaphore))));
        for task in tasks {
            permits += task.await.expect("it ends");
        }
    }
    permits
}

async fn rounds<S: Semaphore>(semaphore: Arc<S>) -> u64 {
    let mut permits = 0;
    for _ in 0..ROUNDS {
        let permit = semaphore.acquire().await;
        drop(permit);
        permits += 1;
    }
    permits
}
