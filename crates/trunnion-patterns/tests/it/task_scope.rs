//! Scopes that spawn, in the simulator.

mod body;
mod cuts;
mod ends;
mod handles;
mod joiners;
mod kept;
mod limits;
pub(crate) mod panics;
mod races;
mod starts;
mod sweeps;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use trunnion_core::{BlockOn, Timer};
use trunnion_sim::{Schedule, Sim, SimRuntime};

const SEEDS: u64 = 256;
pub(crate) const MOMENT: Duration = Duration::from_millis(1);

/// What children and bodies fail with in these tests.
type Fault = &'static str;

pub(crate) fn in_each_schedule<F: Future<Output = ()>>(case: impl Fn(SimRuntime) -> F) {
    for seed in 0..SEEDS {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        let rt = sim.handle();
        sim.block_on(case(rt));
    }
}

/// Counts those that are alive.
#[derive(Clone, Default)]
pub(crate) struct Census(Arc<AtomicUsize>);

/// One of a census.
pub(crate) struct Member(Census);

impl Census {
    pub(crate) fn join(&self) -> Member {
        self.0.fetch_add(1, SeqCst);
        Member(self.clone())
    }

    pub(crate) fn alive(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// Never ends by itself.
    pub(crate) fn endless<T>(&self) -> impl Future<Output = Result<T, Fault>> + Send + use<T>
    where
        T: Send + 'static,
    {
        let member = self.join();
        async move {
            let _member = member;
            std::future::pending().await
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, SeqCst);
    }
}

/// Gives `value` after so many moments.
pub(crate) fn after<T: Send + 'static>(
    rt: &SimRuntime,
    moments: u32,
    value: T,
) -> impl Future<Output = T> + Send + use<T> {
    let sleep = rt.sleep(moments * MOMENT);
    async move {
        sleep.await;
        value
    }
}
