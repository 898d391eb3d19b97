//! Making a sleep and registering it.

use std::hint::black_box;
use std::pin::pin;

use super::Scenario;
use super::far::{HOUR, is_pending};
use crate::contender::{Contender, Measure, Who, line_up};
use crate::host::Host;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "sleep-first-poll",
    about: "A sleep of an hour is made, polled once, which registers its timer, and dropped, which removes it. \
            The expiry of a timer, and the work of the driver's own thread, are not measured.",
    unit: "sleep",
    operations: 1,
    threaded: false,
    hosts: Host::ALL,
    headline: (Host::TokioCurrent, "trunnion"),
    expected: |iterations| u64::from(iterations),
    subjects: line_up::<SleepFirstPoll>,
};

struct SleepFirstPoll;

impl Measure for SleepFirstPoll {
    const SPAWNS: bool = false;

    async fn work<C: Contender>(contender: C, iterations: u32) -> u64 {
        let mut pending = 0;
        for _ in 0..iterations {
            let sleep = pin!(contender.sleep(black_box(HOUR)));
            pending += u64::from(is_pending(sleep).await);
        }
        pending
    }

    fn future_bytes<C: Contender>() -> Option<usize> {
        Some(size_of::<C::Sleep>())
    }

    fn note(who: Who, host: Host) -> &'static str {
        match who {
            Who::Static if matches!(host, Host::TokioCurrent | Host::Tokio) => {
                "stays pending when its runtime has ended, where tokio's own panics"
            }
            Who::Any => "as `trunnion`, in a box",
            _ => "",
        }
    }
}
