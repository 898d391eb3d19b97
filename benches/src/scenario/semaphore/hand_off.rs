//! A permit that goes from hand to hand.

use std::pin::pin;

use super::super::Scenario;
use super::super::far::is_pending;
use super::{HEADLINE, HOSTS, Semaphore, bytes, subjects};

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "semaphore-hand-off",
    about: "Somebody queues for the only permit, which is out; it is given back, which wakes the task that measures, and is then \
            taken by who queued. All in one task: no other is scheduled.",
    unit: "hand-off",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects: |_, _| subjects!(work, bytes),
};

async fn work<S: Semaphore>(iterations: u32) -> u64 {
    let semaphore = S::new(1);
    let mut handed = 0;
    for _ in 0..iterations {
        let held = semaphore.acquire().await;
        let mut next = pin!(semaphore.acquire());
        handed += u64::from(is_pending(next.as_mut()).await);
        drop(held);
        drop(next.await);
    }
    handed
}
