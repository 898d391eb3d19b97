//! Virtual time that passes.

use std::time::Duration;

use tor_rtcompat::{SleepProvider, ToplevelBlockOn};
use tor_rtmock::MockRuntime;
use trunnion_core::{BlockOn, Clock, Spawn, Timer};
use trunnion_sim::Sim;

use super::{HEADLINE, HOSTS, TRUNNION, paused, runs};
use crate::scenario::Scenario;
use crate::subject::Subject;

const HOUR: u32 = 3_600;
const MINUTE: u32 = 60;
const TICK: Duration = Duration::from_secs(1);

pub(in super::super) const LONG: Scenario = Scenario {
    id: "sim-ticks",
    about: "In a simulator made for it, a task sleeps a second of virtual time, for an hour; the price of one of the 3,600 sleeps.",
    unit: "tick",
    operations: HOUR,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations * HOUR),
    subjects: |_, _| {
        vec![
            Subject::peer("tokio, paused", |n| runs(tokio::<HOUR>, n)),
            Subject::ours(TRUNNION, |n| runs(trunnion::<HOUR>, n))
                .note("keeps what happened, to be read"),
            Subject::missing(
                "tor-rtmock",
                "so many would take it more than a tenth of a second: `sim-ticks-short` has it",
            ),
            Subject::missing("shuttle", "it has no time"),
        ]
    },
};

pub(in super::super) const SHORT: Scenario = Scenario {
    id: "sim-ticks-short",
    about: "In a simulator made for it, a task sleeps a second of virtual time, for a minute; the price of one of the 60 sleeps.",
    unit: "tick",
    operations: MINUTE,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations * MINUTE),
    subjects: |_, _| {
        vec![
            Subject::peer("tokio, paused", |n| runs(tokio::<MINUTE>, n)),
            Subject::ours(TRUNNION, |n| runs(trunnion::<MINUTE>, n))
                .note("keeps what happened, to be read"),
            Subject::peer("tor-rtmock", |n| runs(rtmock, n)).note("the test moves the clock"),
            Subject::missing("shuttle", "it has no time"),
        ]
    },
};

/// Gives the seconds that have passed by the simulator's clock.
fn trunnion<const TICKS: u32>(_: u64) -> u64 {
    let sim = Sim::new();
    let rt = sim.handle();
    sim.block_on(async move {
        let inner = rt.clone();
        let task = rt.spawn(async move {
            let start = inner.now();
            for _ in 0..TICKS {
                inner.sleep(TICK).await;
            }
            (inner.now() - start).as_secs()
        });
        task.await.expect("it neither panics nor ends")
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "tokio's own sleeps are what ours are compared with"
)]
fn tokio<const TICKS: u32>(_: u64) -> u64 {
    paused().block_on(async {
        let task = tokio::spawn(async {
            // Virtual time: the runtime's clock is paused, and this is the one that jumps.
            let start = tokio::time::Instant::now();
            for _ in 0..TICKS {
                tokio::time::sleep(TICK).await;
            }
            start.elapsed().as_secs()
        });
        task.await.expect("it neither panics nor ends")
    })
}

fn rtmock(_: u64) -> u64 {
    let rt = MockRuntime::new();
    rt.clone().block_on(async {
        let inner = rt.clone();
        let task = rt.spawn_join("task", async move {
            let start = inner.now();
            for _ in 0..MINUTE {
                inner.sleep(TICK).await;
            }
            (inner.now() - start).as_secs()
        });
        rt.advance_until_stalled().await;
        task.await
    })
}
