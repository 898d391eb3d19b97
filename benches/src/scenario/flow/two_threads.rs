//! The same on two threads.

use super::super::Scenario;
use super::two_tasks::{ITEMS, work};
use super::{TRUNNION, subjects};
use crate::host::Host;

pub(in crate::scenario) const SCENARIO: Scenario = Scenario {
    id: "flow-two-threads",
    about: "A task sends 10,000 numbers into a channel with room for 100, to the task that measures, on a runtime with two threads. The \
            spawn is part of it. Who spins instead of waiting needs a processor that others want: its times differ, and its CPU time \
            is that of two.",
    unit: "number",
    operations: ITEMS,
    threaded: true,
    hosts: &[Host::Tokio],
    headline: (Host::Tokio, TRUNNION),
    expected: |iterations| u64::from(iterations) * u64::from(ITEMS),
    subjects: |_, _| subjects!(work),
};
