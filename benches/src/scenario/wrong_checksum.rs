//! Whether the pipeline notices that what it measures is not the work.

use super::Scenario;
use crate::host::Host;
use crate::subject::Subject;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "wrong-checksum",
    about: "A subject that leaves out the last operation: the pipeline's own test.",
    unit: "operation",
    operations: 1,
    threaded: false,
    hosts: &[Host::TokioCurrent],
    headline: (Host::TokioCurrent, "lazy"),
    expected: |iterations| u64::from(iterations),
    subjects: |_, _| {
        vec![
            Subject::native(|iterations| async move { u64::from(iterations) }),
            Subject::ours("lazy", |iterations| async move {
                u64::from(iterations.saturating_sub(1))
            }),
        ]
    },
};
