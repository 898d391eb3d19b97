//! Virtual time that passes.

use std::time::Duration;

use trunnion_core::{BlockOn, Clock, Spawn, Timer};
use trunnion_sim::Sim;

use super::{HEADLINE, HOSTS, TRUNNION, paused, runs};
use crate::scenario::Scenario;
use crate::subject::Subject;

/// How many of them are an hour.
const TICKS: u32 = 3_600;
const TICK: Duration = Duration::from_secs(1);

pub(in super::super) const SCENARIO: Scenario = Scenario {
    id: "sim-ticks",
    about: "In a simulator made for it, a task sleeps a second of virtual time, for an hour; the price of one of the 3,600 sleeps.",
    unit: "tick",
    operations: TICKS,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations * TICKS),
    subjects: |_, _| {
        vec![
            Subject::peer("tokio, paused", |n| runs(tokio, n)),
            Subject::ours(TRUNNION, |n| runs(trunnion, n)).note("keeps what happened, to be read"),
            Subject::missing(
                "tor-rtmock",
                "it took about 30 µs a tick when tried by hand: rounds would not end",
            ),
            Subject::missing("shuttle", "it has no time"),
        ]
    },
};

/// Gives the seconds that have passed by the simulator's clock.
fn trunnion(_: u64) -> u64 {
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
fn tokio(_: u64) -> u64 {
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
