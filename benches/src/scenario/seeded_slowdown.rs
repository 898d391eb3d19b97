//! Whether the pipeline finds a slowdown that is known.

use std::hint::black_box;

use super::Scenario;
use crate::host::Host;
use crate::subject::Subject;

/// How much work one operation is.
const STEPS: u64 = 200;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "seeded-slowdown",
    about: "Arithmetic, and the same with 5 % more of it: the pipeline's own test.",
    unit: "operation",
    operations: 1,
    threaded: false,
    hosts: &[Host::TokioCurrent],
    headline: (Host::TokioCurrent, "5 % more"),
    expected: |iterations| u64::from(iterations),
    subjects: |_, _| {
        vec![
            Subject::native(|iterations| work(iterations, STEPS)),
            Subject::ours("5 % more", |iterations| {
                work(iterations, STEPS + STEPS / 20)
            }),
            Subject::missing("nobody", "this row shows how one looks that cannot do it"),
        ]
    },
};

/// Each step waits for the one before, so that time is in proportion to steps.
#[expect(
    clippy::unused_async,
    reason = "the work is done when the sample is polled, not when it is made"
)]
async fn work(iterations: u32, steps: u64) -> u64 {
    let mut x: u64 = 1;
    for step in 0..u64::from(iterations) * steps {
        x = black_box(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step) | 1);
    }
    u64::from(iterations) * (x & 1)
}
