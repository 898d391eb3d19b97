//! Permits that are free.

use super::super::Scenario;
use super::{HEADLINE, HOSTS, Limit, Semaphore, bytes, limit, subjects};

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "semaphore-free",
    about: "A permit is acquired and dropped; it is free, and nobody waits or comes meanwhile.",
    unit: "permit",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects: |_, _| {
        let mut rows = subjects!(work, bytes);
        rows.push(limit(work::<Limit>));
        rows
    },
};

async fn work<S: Semaphore>(iterations: u32) -> u64 {
    let semaphore = S::new(std::hint::black_box(1));
    let mut permits = 0;
    for _ in 0..iterations {
        drop(semaphore.acquire().await);
        permits += 1;
    }
    permits
}
