//! A timeout around what has to wait.

use std::hint::black_box;

use trunnion_core::YieldOnce;

use super::Scenario;
use super::far::{HOUR, size_of_made};
use super::timeout_ready::starts;
use crate::contender::{Contender, Measure, Who, line_up};
use crate::host::Host;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "timeout-pending",
    about: "A timeout of an hour around an operation that wakes its task, is pending once and then ready. \
            It includes that turn of the executor, and the timer that is registered and removed.",
    unit: "operation",
    operations: 1,
    threaded: false,
    hosts: Host::ALL,
    headline: (Host::TokioCurrent, "trunnion"),
    expected: |iterations| u64::from(iterations),
    subjects: line_up::<TimeoutPending>,
};

struct TimeoutPending;

impl Measure for TimeoutPending {
    const SPAWNS: bool = false;

    async fn work<C: Contender>(contender: C, iterations: u32) -> u64 {
        let mut in_time = 0;
        for _ in 0..iterations {
            let timed = contender.timeout(black_box(HOUR), YieldOnce::new()).await;
            in_time += u64::from(timed.is_ok());
        }
        in_time
    }

    fn future_bytes<C: Contender>() -> Option<usize> {
        let make = |contender: &'static C| contender.timeout(HOUR, YieldOnce::new());
        Some(size_of_made(&make))
    }

    fn note(who: Who, host: Host) -> &'static str {
        starts(who, host)
    }
}
