//! Spawning a task and awaiting it.

use std::hint::black_box;

use super::Scenario;
use crate::contender::{Contender, Measure, Who, line_up};
use crate::host::Host;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "spawn-join",
    about: "A task that is ready at its first poll is spawned and awaited, one at a time, from inside another task. \
            The start of the runtime and tasks that wait are not measured.",
    unit: "task",
    operations: 1,
    threaded: false,
    hosts: Host::ALL,
    headline: (Host::TokioCurrent, "trunnion"),
    expected,
    subjects: line_up::<SpawnJoin>,
};

/// The sum of the numbers from 1.
pub(super) fn expected(iterations: u32) -> u64 {
    (1..=u64::from(iterations)).sum()
}

pub(super) struct SpawnJoin;

impl Measure for SpawnJoin {
    const SPAWNS: bool = true;

    async fn work<C: Contender>(contender: C, iterations: u32) -> u64 {
        let mut sum = 0;
        for number in 1..=iterations {
            let task = contender.spawn(async move { u64::from(black_box(number)) });
            sum += C::value(task.await);
        }
        sum
    }

    fn future_bytes<C: Contender>() -> Option<usize> {
        Some(size_of::<C::Task<u64>>())
    }

    fn note(who: Who, host: Host) -> &'static str {
        dropped_handle(who, host)
    }
}

/// Says what the end of a handle does.
pub(super) fn dropped_handle(who: Who, host: Host) -> &'static str {
    let tokio = matches!(host, Host::TokioCurrent | Host::Tokio);
    match who {
        Who::Static | Who::Any => {
            "a dropped handle cancels the task; a panic is an error of the join"
        }
        _ if tokio => "a dropped handle lets the task run; a panic is an error of the join",
        _ => "a dropped handle cancels the task; a panic goes on in whoever awaits it",
    }
}
