//! The end of a program, in the simulator.

mod panics;
mod parts;
mod phases;
mod races;
mod releases;
mod requests;
mod scopes;
mod sweeps;

use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use trunnion_core::{BlockOn, CancelToken, Timer};
use trunnion_patterns::{ChildInfo, PhaseReport, Shutdown, ShutdownBuilder};
use trunnion_sim::{Schedule, Sim, SimRuntime};

const SECOND: Duration = Duration::from_secs(1);

fn in_each_schedule<F: Future<Output = ()>>(case: impl Fn(SimRuntime) -> F) {
    for seed in 0..256 {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        let rt = sim.handle();
        sim.block_on(case(rt));
    }
}

/// Accepts for 2 seconds, drains for 20 and flushes for 5, in 25 altogether; a kill takes a second at most.
fn three(rt: &SimRuntime) -> ShutdownBuilder<SimRuntime> {
    Shutdown::builder(rt)
        .phase("accept", 2 * SECOND)
        .phase("drain", 20 * SECOND)
        .phase("flush", 5 * SECOND)
        .total(25 * SECOND)
        .kill_budget(SECOND)
}

/// Counts parts that are alive.
#[derive(Clone, Default)]
struct Census(Arc<AtomicUsize>);

struct Member(Census);

impl Census {
    fn join(&self) -> Member {
        self.0.fetch_add(1, SeqCst);
        Member(self.clone())
    }

    fn alive(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// A part that does not hear.
    fn deaf(&self) -> impl FnOnce(CancelToken) -> Deaf {
        let member = self.join();
        move |_| {
            Box::pin(async move {
                let _member = member;
                pending::<()>().await;
            })
        }
    }

    /// A part that takes so long to end once it is asked to.
    fn takes(&self, rt: &SimRuntime, time: Duration) -> impl FnOnce(CancelToken) -> Deaf {
        let (member, rt) = (self.join(), rt.clone());
        move |stop| {
            Box::pin(async move {
                stop.cancelled().await;
                rt.sleep(time).await;
                drop(member);
            })
        }
    }
}

type Deaf = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

impl std::ops::Deref for Census {
    type Target = AtomicUsize;

    fn deref(&self) -> &AtomicUsize {
        &self.0
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

fn names(parts: &[ChildInfo]) -> Vec<&str> {
    parts.iter().filter_map(ChildInfo::name).collect()
}

/// How many finished, were killed, panicked, and are left.
fn counts(phase: &PhaseReport) -> [usize; 4] {
    [
        phase.finished.len(),
        phase.killed.len(),
        phase.panicked.len(),
        phase.stragglers.len(),
    ]
}
