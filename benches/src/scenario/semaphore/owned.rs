//! Permits that are free and own what they need.

use std::sync::Arc;

use super::super::Scenario;
use super::{HEADLINE, HOSTS, Semaphore, owned_bytes, subjects};

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "semaphore-owned",
    about: "A permit that owns what it needs is acquired and dropped; it is free, and nobody waits or comes meanwhile.",
    unit: "permit",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects: |_, _| subjects!(work, owned_bytes),
};

async fn work<S: Semaphore>(iterations: u32) -> u64 {
    let semaphore = Arc::new(S::new(std::hint::black_box(1)));
    let mut permits = 0;
    for _ in 0..iterations {
        drop(S::acquire_owned(&semaphore).await);
        permits += 1;
    }
    permits
}
