//! Many tasks that give way to each other.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shuttle::scheduler::RandomScheduler;
use shuttle::{Config, Runner};
use tor_rtcompat::ToplevelBlockOn;
use tor_rtmock::MockRuntime;
use tor_rtmock::task::SchedulingPolicy;
use trunnion_core::{BlockOn, Spawn, YieldNow, YieldOnce};
use trunnion_sim::{Schedule, Sim};

use super::{HEADLINE, HOSTS, TRUNNION, paused, runs, sum};
use crate::scenario::Scenario;
use crate::subject::Subject;

const TASKS: u32 = 100;
/// How often each task is polled.
const POLLS: u32 = 100;

pub(in super::super) const SCENARIO: Scenario = Scenario {
    id: "sim-polls",
    about: "In a simulator made for it, 100 tasks give way to each other until each has been polled 100 times, and are awaited; \
            the price of one poll.",
    unit: "poll",
    operations: TASKS * POLLS,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations * TASKS * POLLS),
    subjects: |_, _| {
        let first = "no order but first come, first served";
        vec![
            Subject::peer("tokio, paused", |n| runs(tokio, n)).note(first),
            Subject::ours(TRUNNION, |n| runs(trunnion, n))
                .note("order by a seed; keeps what happened, to be read"),
            Subject::peer("tor-rtmock", |n| runs(rtmock, n)).note(first),
            Subject::peer("shuttle", |n| runs(shuttle, n))
                .note("order by a seed; each task has a stack"),
        ]
    },
};

/// Gives way until it has been polled often enough, and counts how often that was.
async fn task<Y: Future>(yield_now: impl Fn() -> Y) -> u64 {
    let mut polls = 1;
    while polls < u64::from(POLLS) {
        yield_now().await;
        polls += 1;
    }
    polls
}

fn trunnion(seed: u64) -> u64 {
    let sim = Sim::new().seed(seed).schedule(Schedule::Random);
    let rt = sim.handle();
    sim.block_on(async move {
        let spawn = |_| {
            let inner = rt.clone();
            rt.spawn(async move { task(|| inner.yield_now()).await })
        };
        let tasks = (0..TASKS).map(spawn).collect();
        sum(tasks, |polls| polls.expect("it neither panics nor ends")).await
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "tokio's own tasks are what ours are compared with"
)]
fn tokio(_: u64) -> u64 {
    paused().block_on(async {
        let spawn = |_| tokio::spawn(task(tokio::task::yield_now));
        let tasks = (0..TASKS).map(spawn).collect();
        sum(tasks, |polls| polls.expect("it neither panics nor ends")).await
    })
}

fn rtmock(_: u64) -> u64 {
    // With the other policy, a task that gives way is the next to run.
    let policy = SchedulingPolicy::Queue;
    let rt = MockRuntime::builder().scheduling(policy).build();
    rt.clone().block_on(async {
        let spawn = |_| rt.spawn_join("task", task(YieldOnce::new));
        let tasks = (0..TASKS).map(spawn).collect();
        sum(tasks, |polls| polls).await
    })
}

fn shuttle(seed: u64) -> u64 {
    use shuttle::future::{block_on, spawn, yield_now};

    let polls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&polls);
    let scheduler = RandomScheduler::new_from_seed(seed, 1);
    Runner::new(scheduler, Config::new()).run(move || {
        let tasks = (0..TASKS).map(|_| spawn(task(yield_now))).collect();
        let all = sum(tasks, |polls| polls.expect("nobody aborts it"));
        counted.store(block_on(all), Ordering::Relaxed);
    });
    polls.load(Ordering::Relaxed)
}
