//! Making a sleep that is never polled.

use std::hint::black_box;

use super::Scenario;
use super::far::HOUR;
use crate::contender::{Contender, Measure, Who, line_up};
use crate::host::Host;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "sleep-create",
    about: "A sleep of an hour is made and dropped unpolled, as in a `select` whose first branch is ready. \
            No timer is registered.",
    unit: "sleep",
    operations: 1,
    threaded: false,
    hosts: Host::ALL,
    headline: (Host::TokioCurrent, "trunnion"),
    expected: |iterations| u64::from(iterations),
    subjects: line_up::<SleepCreate>,
};

struct SleepCreate;

impl Measure for SleepCreate {
    const SPAWNS: bool = false;

    async fn work<C: Contender>(contender: C, iterations: u32) -> u64 {
        for _ in 0..iterations {
            let sleep = contender.sleep(black_box(HOUR));
            black_box(&sleep);
        }
        u64::from(iterations)
    }

    fn future_bytes<C: Contender>() -> Option<usize> {
        Some(size_of::<C::Sleep>())
    }

    fn note(who: Who, host: Host) -> &'static str {
        match who {
            Who::Any => "in a box",
            Who::Native if matches!(host, Host::TokioCurrent | Host::Tokio) => {
                "needs its runtime to be entered, or it panics"
            }
            _ => "",
        }
    }
}
