//! Dropping an executor with everything in it.

use core::future::Future;
use core::pin::pin;
use core::time::Duration;
use std::sync::Arc;

use smol::{Executor, LocalExecutor};
use trunnion_core::{Clock, RealClock};

use crate::home::enter;
use crate::registry::Registry;
use crate::tally::tally;
use crate::wait::wait_until;

/// How long a thread that is in the middle of waking a task is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// An executor that can be run dry.
pub(crate) trait Native {
    fn is_empty(&self) -> bool;
    fn tick(&self) -> impl Future<Output = ()>;
}

impl Native for Executor<'static> {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn tick(&self) -> impl Future<Output = ()> {
        self.tick()
    }
}

impl Native for LocalExecutor<'static> {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn tick(&self) -> impl Future<Output = ()> {
        self.tick()
    }
}

/// Drops `executor` and all its tasks on this thread; counts those that had not finished.
///
/// Nobody else drives it, and nobody can spawn onto it any more.
pub(crate) fn close<E: Native>(executor: E, registry: &Arc<Registry>) -> usize {
    tally(|| {
        enter(registry, || {
            registry.close();
            run_dry(&executor);
        });
        drop(executor);
    })
}

/// Polls all tasks a last time. Each of them is in the queue, or about to be put there by the thread that wakes it.
fn run_dry<E: Native>(executor: &E) {
    while !executor.is_empty() {
        let mut tick = pin!(executor.tick());
        if !wait_until(RealClock.now() + PATIENCE, |cx| tick.as_mut().poll(cx)) {
            return;
        }
    }
}
