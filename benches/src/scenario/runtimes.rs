//! The runtimes against each other.

use std::sync::Arc;

use trunnion_core::{Runtime, SpawnBlocking};
use trunnion_smol::{SmolExecutor, SmolGlobal};
use trunnion_tokio::Tokio;

use super::Scenario;
use super::spawn_join::{self, SpawnJoin};
use crate::contender::{Measure, Ours};
use crate::host::{Host, Started};
use crate::subject::Subject;

/// How many tasks one iteration spawns: entering a runtime, and waking its thread where it has its own, are then small
/// beside them.
const TASKS: u32 = 8_192;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "runtimes",
    about: "The runtimes with each other, through trunnion: 8,192 tasks are spawned and awaited, one at a time, inside a task of \
            the runtime that the row names; the price of one. The thread that measures enters that runtime and waits, so that the \
            wall clock sees the way there and back once for all of them; the runtime of this table only carries the measurement.",
    unit: "task",
    operations: TASKS,
    threaded: true,
    // The one host that allows every other runtime to be entered from its tasks.
    hosts: &[Host::SmolExecutor],
    headline: (Host::SmolExecutor, "smol-executor"),
    expected: |iterations| spawn_join::expected(iterations * TASKS),
    subjects: |_, _| Host::ALL.iter().copied().map(subject).collect(),
};

fn subject(host: Host) -> Subject {
    let started = host.start().expect("the runtime starts");
    match &started {
        Started::Tokio(runtime) => {
            let rt = Tokio::new(runtime.handle().clone()).expect("the runtime has a timer");
            entering(host, started, rt)
        }
        Started::SmolExecutor(executor) => {
            let rt = SmolExecutor::new(executor);
            entering(host, started, rt)
        }
        Started::Smol => entering(host, started, SmolGlobal),
        Started::Sim(sim) => {
            let rt = sim.handle();
            entering(host, started, rt)
        }
    }
}

fn entering<R: Runtime + SpawnBlocking>(host: Host, started: Started, rt: R) -> Subject {
    let started = Arc::new(started);
    let work = move |iterations: u32| {
        let (started, rt) = (Arc::clone(&started), rt.clone());
        // It blocks the host's thread, which has nothing else to do.
        async move { started.run(SpawnJoin::work(Ours(rt), iterations * TASKS)) }
    };
    Subject::ours(host.id(), work).note(threads(host))
}

const fn threads(host: Host) -> &'static str {
    match host {
        Host::TokioCurrent | Host::SmolExecutor => "on the thread that measures",
        Host::Tokio => "on two threads of its own",
        Host::Smol => "on one thread of its own",
        Host::Sim => "on the thread that measures; for tests, it keeps a digest of what happens",
    }
}
