//! Items that go in and come out at once.

use super::super::Scenario;
use super::{Channel, HEADLINE, HOSTS, subjects};

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "flow-same-task",
    about: "One task sends a number into a channel with room for 100 and receives it; nobody waits or comes meanwhile.",
    unit: "number",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects: |_, _| subjects!(work),
};

async fn work<C: Channel>(iterations: u32) -> u64 {
    let (sender, mut receiver) = C::new();
    let mut sum = 0;
    for _ in 0..iterations {
        drop(C::send(&sender, std::hint::black_box(1)).await);
        sum += C::recv(&mut receiver).await.unwrap_or(0);
    }
    sum
}
