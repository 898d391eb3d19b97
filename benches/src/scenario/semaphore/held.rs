//! Eight tasks that share one permit, held while a task gives way.

use std::sync::Arc;

use trunnion_core::YieldOnce;

use super::super::Scenario;
use super::{Semaphore, TRUNNION, bytes, subjects};
use crate::host::Host;
use crate::subject::Subject;

const TASKS: u32 = 8;
const ROUNDS: u32 = 1_000;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "semaphore-held",
    about: "Eight tasks on two threads share one permit, which each takes, holds while it gives way once, and gives back, 1,000 times. \
            The spawns and joins are part of it.",
    unit: "permit",
    operations: TASKS * ROUNDS,
    threaded: true,
    hosts: &[Host::Tokio],
    headline: (Host::Tokio, TRUNNION),
    expected: |iterations| u64::from(iterations) * u64::from(TASKS * ROUNDS),
    subjects: |_, _| {
        let mut rows = subjects!(work, bytes);
        rows.push(Subject::peer("limit", turns).note(
            "no semaphore: one task gives way twice for each permit, once for the holder and once for who waits",
        ));
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

#[expect(
    clippy::disallowed_methods,
    reason = "tokio's own tasks are the same for all"
)]
async fn turns(iterations: u32) -> u64 {
    let turns = tokio::spawn(async move {
        let mut permits = 0;
        for _ in 0..iterations * TASKS * ROUNDS {
            YieldOnce::new().await;
            YieldOnce::new().await;
            permits += 1;
        }
        permits
    });
    turns.await.expect("it ends")
}

async fn rounds<S: Semaphore>(semaphore: Arc<S>) -> u64 {
    let mut permits = 0;
    for _ in 0..ROUNDS {
        let permit = semaphore.acquire().await;
        YieldOnce::new().await;
        drop(permit);
        permits += 1;
    }
    permits
}
