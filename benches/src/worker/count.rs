//! Counting allocations: the difference between one and two batches, so that set-up cancels out.

use serde::{Deserialize, Serialize};

use super::Bench;
use super::rounds::Sampler;

/// Reads how much the process has allocated since it started.
pub type Allocations = fn() -> Counted;

/// Allocations and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// Allocations, reallocations included.
    pub allocations: f64,
    /// Bytes.
    pub bytes: f64,
    /// Several counts came to the same.
    pub repeats: bool,
}

/// How many operations a batch has at least.
const OPERATIONS: u32 = 1_000;

/// What each row allocates for one operation; nothing for a row without work.
pub(super) fn run(bench: Bench, read: Allocations) -> Vec<Option<Counted>> {
    let operations = bench.scenario.operations;
    let threaded = bench.scenario.is_threaded(bench.host);
    let batch = batch(operations, threaded);
    let (rows, sampler, started, found) = bench.split();
    let each = started.run(async move {
        let mut each = Vec::new();
        for work in 0..sampler.works.len() {
            // The larger batch first: what grows has grown.
            difference(&sampler, work, batch, read).await;
            let mut counts = [Counted::default(); 3];
            for count in &mut counts {
                *count = difference(&sampler, work, batch, read).await;
            }
            each.push(Counted::middle(counts).over(f64::from(batch) * f64::from(operations)));
        }
        each
    });
    let mut counted = vec![None; found.heads.len()];
    for (row, each) in rows.into_iter().zip(each) {
        counted[row] = Some(each);
    }
    counted
}

/// What two batches allocate more than one.
async fn difference(sampler: &Sampler, work: usize, batch: u32, read: Allocations) -> Counted {
    let mut taken = [Counted::default(); 2];
    for (taken, iterations) in taken.iter_mut().zip([batch, 2 * batch]) {
        let since = |before| read().minus(before);
        *taken = sampler.between(work, iterations, read, since).await;
    }
    taken[1].minus(taken[0])
}

/// A batch of blocking work is short: it takes long enough.
pub(super) fn batch(operations: u32, threaded: bool) -> u32 {
    let wanted = if threaded {
        OPERATIONS / 10
    } else {
        OPERATIONS
    };
    wanted.div_ceil(operations)
}

impl Counted {
    /// The middle one: other threads of the process allocate now and then.
    fn middle(mut counts: [Self; 3]) -> Self {
        counts.sort_by(|a, b| a.bytes.total_cmp(&b.bytes));
        let first = counts[0].allocations.to_bits();
        Self {
            repeats: counts
                .iter()
                .all(|count| count.allocations.to_bits() == first),
            ..counts[1]
        }
    }

    fn minus(self, before: Self) -> Self {
        Self {
            allocations: self.allocations - before.allocations,
            bytes: self.bytes - before.bytes,
            ..self
        }
    }

    fn over(self, operations: f64) -> Self {
        Self {
            allocations: self.allocations / operations,
            bytes: self.bytes / operations,
            ..self
        }
    }
}
