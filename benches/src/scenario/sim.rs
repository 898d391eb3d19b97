//! Simulators: ours and those of peers. Each run starts one anew, as each test does, on the thread that measures.

pub(super) mod polls;
pub(super) mod search;
pub(super) mod ticks;

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

use crate::host::Host;

const TRUNNION: &str = "trunnion";

/// The one host that allows every other runtime to be entered from its tasks.
const HOSTS: &[Host] = &[Host::SmolExecutor];
const HEADLINE: (Host, &str) = (Host::SmolExecutor, TRUNNION);

/// Makes so many runs; each gets its number as the seed.
async fn runs(run: fn(u64) -> u64, iterations: u32) -> u64 {
    (0..iterations.into()).map(run).sum()
}

/// Tokio with the clock that jumps to the next deadline when nothing is runnable.
fn paused() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without a driver for input asks the system for nothing")
}

/// Awaits tasks one after the other, and adds up what they gave.
async fn sum<T: Future>(tasks: Vec<T>, value: impl Fn(T::Output) -> u64) -> u64 {
    let mut sum = 0;
    for task in tasks {
        sum += value(task.await);
    }
    sum
}
