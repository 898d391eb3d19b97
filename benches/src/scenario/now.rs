//! Reading the clock.

use std::hint::black_box;

use super::Scenario;
use crate::contender::{Contender, Measure, Who, line_up};
use crate::host::Host;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "now",
    about: "The clock is read, and the reading compared with the one before. \
            The simulator's clock is a number; elsewhere it is the operating system's.",
    unit: "reading",
    operations: 1,
    threaded: false,
    hosts: Host::ALL,
    headline: (Host::TokioCurrent, "trunnion"),
    expected: |iterations| u64::from(iterations),
    subjects: line_up::<Now>,
};

struct Now;

impl Measure for Now {
    const SPAWNS: bool = false;

    async fn work<C: Contender>(contender: C, iterations: u32) -> u64 {
        let mut steady = 0;
        let mut last = contender.now();
        for _ in 0..iterations {
            let next = black_box(contender.now());
            steady += u64::from(next >= last);
            last = next;
        }
        steady
    }

    fn note(who: Who, host: Host) -> &'static str {
        match who {
            Who::Static | Who::Any if host != Host::Sim => {
                "8 bytes since an origin: the reading is converted once, and later sums are plain additions"
            }
            _ => "",
        }
    }
}
