//! Two tasks of one thread, of which each waits for the other.

use super::super::Scenario;
use super::{Channel, HEADLINE, HOSTS, subjects};

pub(super) const ITEMS: u32 = 10_000;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "flow-two-tasks",
    about: "A task sends 10,000 numbers into a channel with room for 100, to the task that measures, on the same thread: they take \
            turns when it is full and when it is empty. The spawn is part of it.",
    unit: "number",
    operations: ITEMS,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations) * u64::from(ITEMS),
    subjects: |_, _| subjects!(work),
};

#[expect(
    clippy::disallowed_methods,
    reason = "tokio's own tasks are the same for all"
)]
pub(super) async fn work<C: Channel>(iterations: u32) -> u64 {
    let mut sum = 0;
    for _ in 0..iterations {
        let (sender, mut receiver) = C::new();
        tokio::spawn(async move {
            for _ in 0..ITEMS {
                drop(C::send(&sender, 1).await);
            }
        });
        while let Some(number) = C::recv(&mut receiver).await {
            sum += number;
        }
    }
    sum
}
