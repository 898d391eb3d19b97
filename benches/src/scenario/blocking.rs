//! Handing a closure to a thread for blocking code.

use std::hint::black_box;

use super::{Scenario, spawn_join};
use crate::contender::{Contender, Measure, Who, line_up};
use crate::host::Host;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "blocking",
    about: "A closure that does nothing runs on a thread for blocking code and its value is awaited, one at a time. \
            Most of it is two threads waking each other; the start of that thread is not measured.",
    unit: "closure",
    operations: 1,
    threaded: true,
    hosts: Host::ALL,
    headline: (Host::TokioCurrent, "trunnion"),
    expected: spawn_join::expected,
    subjects: line_up::<Blocking>,
};

struct Blocking;

impl Measure for Blocking {
    const SPAWNS: bool = false;

    async fn work<C: Contender>(contender: C, iterations: u32) -> u64 {
        let mut sum = 0;
        for number in 1..=iterations {
            sum += contender
                .offload(move || u64::from(black_box(number)))
                .await;
        }
        sum
    }

    fn note(who: Who, host: Host) -> &'static str {
        match (who, host) {
            (Who::Static, Host::Sim) => "runs on the simulator's own thread, as one step",
            (Who::Native | Who::Agnostic, Host::Smol | Host::SmolExecutor) => {
                "a dropped handle revokes a closure that has not started"
            }
            (Who::Static, Host::Smol | Host::SmolExecutor) => {
                "the closure runs even if its handle is dropped"
            }
            _ => "",
        }
    }
}
