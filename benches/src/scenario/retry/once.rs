//! A retry around what succeeds at once.

use std::time::Duration;

use super::super::Scenario;
use super::{Case, HEADLINE, HOSTS, subjects};

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "retry-once",
    about: "A retry of three attempts around an operation that succeeds at once. \
            The operation itself costs next to nothing, so that this is the price of the retry.",
    unit: "call",
    operations: 1,
    threaded: false,
    hosts: HOSTS,
    headline: HEADLINE,
    expected: |iterations| u64::from(iterations),
    subjects: subjects::<Once>,
};

struct Once;

impl Case for Once {
    const DELAY: Duration = Duration::from_millis(100);
    const FAILURES: u32 = 0;
}
