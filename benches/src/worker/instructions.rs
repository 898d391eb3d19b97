//! Running each subject in a function in which callgrind counts.

use super::Bench;
use super::count::batch;
use crate::host::Started;
use crate::subject::Sample;

/// What callgrind calls the function, as a pattern.
pub const REGION: &str = "*::counted_region";

/// Enters the region twice for each row that has work: for one batch and for two.
///
/// The difference is that of one batch; the runtime's entry and exit cancel out.
pub(super) fn run(bench: &Bench) {
    let batch = batch(bench.scenario.operations, false);
    for (_, work) in &bench.works {
        // What is made at the first use, and what grows with a batch, is made here.
        bench.started.run(work(2 * batch));
        for iterations in [batch, 2 * batch] {
            // What the sample made before is outside of the region, and so is its drop.
            let (sum, sample) = counted_region(&bench.started, work(iterations));
            drop(sample);
            assert_eq!(sum, (bench.scenario.expected)(iterations), "the checksum");
        }
    }
}

#[inline(never)]
fn counted_region(started: &Started, mut sample: Sample) -> (u64, Sample) {
    started.run(async move { (sample.as_mut().await, sample) })
}

/// How many operations lie between the two counts of a row.
#[must_use]
pub fn counted_operations(operations: u32) -> f64 {
    f64::from(batch(operations, false)) * f64::from(operations)
}
