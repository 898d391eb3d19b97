//! Moving the deadline of a sleep that waits.

use std::pin::pin;
use std::time::Duration;

use super::Scenario;
use super::far::{HOUR, is_pending};
use crate::contender::{Contender, Measure, Who, line_up};
use crate::host::Host;

/// How far each deadline lies after the one before.
const STEP: Duration = Duration::from_millis(1);

pub(super) const SCENARIO: Scenario = Scenario {
    id: "sleep-reset",
    about: "A sleep that waits is reset to a deadline a millisecond later, an hour away, and polled, as the timeout of an idle \
            connection is. The clock is not read for that. Deadlines that move closer are not measured.",
    unit: "reset",
    operations: 1,
    threaded: false,
    hosts: Host::ALL,
    headline: (Host::TokioCurrent, "trunnion"),
    expected: |iterations| u64::from(iterations),
    subjects: line_up::<SleepReset>,
};

struct SleepReset;

impl Measure for SleepReset {
    const SPAWNS: bool = false;

    async fn work<C: Contender>(contender: C, iterations: u32) -> u64 {
        let mut deadline = contender.now() + HOUR;
        let mut sleep = pin!(contender.sleep(HOUR));
        is_pending(sleep.as_mut()).await;
        let mut pending = 0;
        for _ in 0..iterations {
            deadline = deadline + STEP;
            C::reset(sleep.as_mut(), deadline);
            pending += u64::from(is_pending(sleep.as_mut()).await);
        }
        pending
    }

    fn future_bytes<C: Contender>() -> Option<usize> {
        Some(size_of::<C::Sleep>())
    }

    fn note(who: Who, host: Host) -> &'static str {
        match who {
            Who::Static if matches!(host, Host::TokioCurrent | Host::Tokio) => {
                "a pending poll looks at the clock as well, for a deadline that the timer wheel has not noticed"
            }
            Who::Native | Who::Agnostic if matches!(host, Host::Smol | Host::SmolExecutor) => {
                "a timer that has fired stays pending for ever when it is polled again"
            }
            _ => "",
        }
    }
}
