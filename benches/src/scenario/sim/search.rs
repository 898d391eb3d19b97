//! All schedules, one after the other.

use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};

use shuttle::future::{JoinHandle, spawn, yield_now};
use shuttle::scheduler::DfsScheduler;
use shuttle::{Config, Runner};
use trunnion_core::{Spawn, YieldNow};
use trunnion_sim::{Explore, Schedule, SimRuntime};

use super::{HEADLINE, HOSTS, TRUNNION, runs};
use crate::scenario::Scenario;
use crate::subject::Subject;

/// How many schedules are run; of ours, there are 756,756.
const EXECUTIONS: usize = 1_000;
const TASKS: usize = 3;
const POLLS: u32 = 5;

pub(in super::super) const SCENARIO: Scenario = Scenario {
    id: "sim-search",
    about: "The first 1,000 schedules of three tasks, each polled five times, under a root that returns at once, depth first; \
            the price of one execution.",
    unit: "execution",
    operations: 1_000,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations) * 1_000,
    subjects: |_, _| {
        let fixed = "explores no schedules";
        vec![
            Subject::peer("shuttle", |n| runs(shuttle, n))
                .note("each task has a stack; to spawn is a choice, too"),
            Subject::ours(TRUNNION, |n| runs(trunnion, n))
                .note("looks for leaks and lost wakers after each; counts those that differ"),
            Subject::missing("tokio, paused", fixed),
            Subject::missing("tor-rtmock", fixed),
        ]
    },
};

fn trunnion(_: u64) -> u64 {
    let search = Explore::new(Schedule::Dfs { preemptions: None }).runs(EXECUTIONS);
    let report = search.run(|rt| program(&rt));
    report.expect_success().executions() as u64
}

/// Each execution polls three tasks five times.
fn program(rt: &SimRuntime) -> Ready<()> {
    for _ in 0..TASKS {
        let inner = rt.clone();
        rt.spawn_detached(async move {
            for _ in 1..POLLS {
                inner.yield_now().await;
            }
        });
    }
    ready(())
}

fn shuttle(_: u64) -> u64 {
    let scheduler = DfsScheduler::new(Some(EXECUTIONS), false);
    Runner::new(scheduler, Config::new()).run(shuttle_program) as u64
}

/// Tasks without a handle are cut off when the root returns; the last of the tasks drops these.
type Handles = Arc<Mutex<Vec<JoinHandle<()>>>>;

fn shuttle_program() {
    let handles = Handles::default();
    for _ in 0..TASKS {
        let kept = Arc::clone(&handles);
        let handle = spawn(async move {
            for _ in 1..POLLS {
                yield_now().await;
            }
            drop(kept);
        });
        let mut handles = handles.lock().unwrap_or_else(PoisonError::into_inner);
        handles.push(handle);
    }
}
