//! Two retries without a delay.

use std::time::Duration;

use super::super::Scenario;
use super::{Case, HEADLINE, HOSTS, subjects};

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "retry-twice",
    about: "A retry of three attempts without a delay around an operation that fails twice and then succeeds, each time at its first poll. \
            A subject that asks its timer for a wait of zero pays for that, with time in which it does nothing.",
    unit: "call",
    operations: 1,
    threaded: true,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects: subjects::<Twice>,
};

struct Twice;

impl Case for Twice {
    const DELAY: Duration = Duration::ZERO;
    const FAILURES: u32 = 2;
}
