//! Giving way.

use trunnion_core::YieldOnce;

use super::Scenario;
use crate::contender::{Contender, Measure, Who, line_up};
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "yield",
    about: "A task gives way and is polled again; no other task is ready. \
            What other tasks do meanwhile is not measured.",
    unit: "yield",
    operations: 1,
    threaded: false,
    hosts: Host::ALL,
    headline: (Host::SmolExecutor, "trunnion"),
    expected: |iterations| u64::from(iterations),
    subjects,
};

fn subjects(host: Host, started: &Started) -> Vec<Subject> {
    let mut rows = line_up::<Yield>(host, started);
    if on_tokio(host) {
        // Beside the first, which stays the reference.
        rows.insert(1, self_wake());
    }
    rows
}

/// What many programs on tokio write, and what trunnion does.
fn self_wake() -> Subject {
    let work = |iterations| async move {
        for _ in 0..iterations {
            YieldOnce::new().await;
        }
        u64::from(iterations)
    };
    Subject {
        name: "native, self-wake",
        ..Subject::native(work)
            .note("wakes its own task: other tasks run first, the driver at its usual interval")
    }
}

const fn on_tokio(host: Host) -> bool {
    matches!(host, Host::TokioCurrent | Host::Tokio)
}

struct Yield;

impl Measure for Yield {
    const SPAWNS: bool = false;

    async fn work<C: Contender>(contender: C, iterations: u32) -> u64 {
        for _ in 0..iterations {
            contender.yield_now().await;
        }
        u64::from(iterations)
    }

    fn note(who: Who, host: Host) -> &'static str {
        match who {
            Who::Native | Who::Agnostic if on_tokio(host) => {
                "the task is woken after the driver was polled, so that input and timers run first too"
            }
            Who::Static if on_tokio(host) => {
                "wakes its own task: other tasks run first, the driver at its usual interval"
            }
            Who::Any => "as `trunnion`, in a box",
            _ => "",
        }
    }
}
