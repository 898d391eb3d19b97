//! A timeout around what is ready at once.

use std::future::{Ready, ready};
use std::hint::black_box;

use super::Scenario;
use super::far::{HOUR, size_of_made};
use crate::contender::{Contender, Measure, Who, line_up};
use crate::host::Host;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "timeout-ready",
    about: "A timeout of an hour around an operation that is ready at its first poll. \
            The operation itself costs next to nothing, so that this is the price of the timeout.",
    unit: "operation",
    operations: 1,
    threaded: false,
    hosts: Host::ALL,
    headline: (Host::TokioCurrent, "trunnion"),
    expected: |iterations| u64::from(iterations),
    subjects: line_up::<TimeoutReady>,
};

struct TimeoutReady;

impl Measure for TimeoutReady {
    const SPAWNS: bool = false;

    async fn work<C: Contender>(contender: C, iterations: u32) -> u64 {
        let mut sum = 0;
        for _ in 0..iterations {
            let timed = contender.timeout(black_box(HOUR), operation()).await;
            sum += timed.unwrap_or(0);
        }
        sum
    }

    fn future_bytes<C: Contender>() -> Option<usize> {
        let make = |contender: &'static C| contender.timeout(HOUR, operation());
        Some(size_of_made(&make))
    }

    fn note(who: Who, host: Host) -> &'static str {
        starts(who, host)
    }
}

fn operation() -> Ready<u64> {
    ready(black_box(1))
}

/// Says from when the time counts.
pub(super) const fn starts(who: Who, host: Host) -> &'static str {
    match (who, host) {
        (Who::Static, _) => "the time counts from the first pending poll",
        (Who::Any, _) => "as `trunnion`; a timer that is made is in a box",
        (Who::Native, Host::Smol | Host::SmolExecutor) => {
            "the usual `or` with a timer; the time counts from the first pending poll"
        }
        _ => "reads the clock when it is made, and the time counts from then",
    }
}
