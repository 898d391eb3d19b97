//! Spawning tasks that nobody awaits.

mod countdown;

use std::sync::Arc;

use super::Scenario;
use crate::contender::{AnySpawner, Contender, Measure, SpawnDetached, line_up};
use crate::host::{Host, Started};
use crate::subject::Subject;
use countdown::Countdown;

/// How many tasks are spawned before the spawner waits.
const BATCH: u32 = 64;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "spawn-detached",
    about: "64 tasks without handles are spawned from inside another task, and the last to end wakes that one; the price of one. \
            It includes a reference count and a countdown for each task, and a 64th of that wake.",
    unit: "task",
    operations: BATCH,
    threaded: false,
    hosts: Host::ALL,
    headline: (Host::TokioCurrent, "trunnion"),
    expected: |iterations| u64::from(iterations) * u64::from(BATCH),
    subjects: line_up::<Detached>,
};

struct Detached;

impl Measure for Detached {
    const SPAWNS: bool = true;

    async fn work<C: Contender>(contender: C, iterations: u32) -> u64 {
        batches(contender, iterations).await
    }

    fn any_spawner(started: &Started) -> Subject {
        match AnySpawner::choose(started) {
            Ok(spawner) => Subject::peer("any_spawner", move |iterations| {
                batches(spawner, iterations)
            })
            .note("one executor for the whole process, chosen once; on tokio its own, elsewhere a custom one over the runtime's"),
            Err(reason) => Subject::missing("any_spawner", reason),
        }
    }
}

async fn batches(spawner: impl SpawnDetached, iterations: u32) -> u64 {
    let countdown = Arc::new(Countdown::default());
    let mut sum = 0;
    for _ in 0..iterations {
        countdown.begin(BATCH);
        for _ in 0..BATCH {
            let countdown = Arc::clone(&countdown);
            spawner.spawn_detached(async move { countdown.count() });
        }
        sum += u64::from(countdown.finished().await);
    }
    sum
}
