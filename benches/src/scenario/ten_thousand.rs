//! Spawning many tasks, then awaiting all of them.

use std::hint::black_box;

use super::{Scenario, spawn_join};
use crate::contender::{Contender, Measure, Who, line_up};
use crate::host::Host;

const TASKS: u32 = 10_000;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "ten-thousand",
    about: "10,000 tasks are spawned, each ready at its first poll, and their handles are kept; then all are awaited in order. \
            The vector that keeps them is part of it.",
    unit: "task",
    operations: TASKS,
    threaded: false,
    hosts: Host::ALL,
    headline: (Host::SmolExecutor, "trunnion"),
    expected: |iterations| u64::from(iterations) * spawn_join::expected(TASKS),
    subjects: line_up::<TenThousand>,
};

struct TenThousand;

impl Measure for TenThousand {
    const SPAWNS: bool = true;

    async fn work<C: Contender>(contender: C, iterations: u32) -> u64 {
        let mut tasks = Vec::with_capacity(TASKS as usize);
        let mut sum = 0;
        for _ in 0..iterations {
            for number in 1..=TASKS {
                tasks.push(contender.spawn(async move { u64::from(black_box(number)) }));
            }
            for task in tasks.drain(..) {
                sum += C::value(task.await);
            }
        }
        sum
    }

    fn future_bytes<C: Contender>() -> Option<usize> {
        Some(size_of::<C::Task<u64>>())
    }

    fn note(who: Who, host: Host) -> &'static str {
        spawn_join::dropped_handle(who, host)
    }
}
