//! Counts allocations for `trunnion-bench`, which is timed without the counting.

use std::alloc::System;
use std::process::ExitCode;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use trunnion_benches::worker::Counted;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    trunnion_benches::program::main(Some(read))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a run allocates less than 2^53 bytes"
)]
fn read() -> Counted {
    let stats = ALLOCATOR.stats();
    Counted {
        allocations: (stats.allocations + stats.reallocations) as f64,
        bytes: stats.bytes_allocated as f64,
        ..Counted::default()
    }
}
