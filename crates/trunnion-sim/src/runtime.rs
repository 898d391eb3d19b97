//! The handle that tasks and libraries hold.

use core::fmt;

use trunnion_core::sync::Arc;
use trunnion_core::{Clock, Entropy, Flavor, Info, Instant, RuntimeInfo};

use crate::local::SimLocal;
use crate::state::Shared;
use crate::task::Body;
use crate::trace::Trace;

/// Reaches a simulator from anywhere; made by [`Sim::handle`](crate::Sim::handle).
///
/// It does not keep tasks alive: they are dropped with the [`Sim`](crate::Sim). Afterwards it stays usable: the clock
/// stands still, spawns are refused, sleeps stay pending.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{BlockOn, Clock, Instant, Spawn, Timer};
/// use trunnion_sim::Sim;
///
/// let sim = Sim::new();
/// let rt = sim.handle();
/// let worker = rt.spawn({
///     let rt = rt.clone();
///     async move { rt.sleep(Duration::from_secs(60)).await }
/// });
/// sim.block_on(worker).unwrap();
/// assert_eq!(rt.now(), Instant::ORIGIN + Duration::from_secs(60));
/// ```
#[derive(Clone)]
pub struct SimRuntime {
    pub(crate) shared: Arc<Shared>,
}

impl SimRuntime {
    /// Makes a handle that spawns futures which stay on the calling thread.
    ///
    /// # Cost
    /// One allocation.
    #[must_use]
    pub fn local(&self) -> SimLocal {
        SimLocal::new(self.clone())
    }

    /// Copies what happened so far; see [`Trace`].
    ///
    /// # Cost
    /// A copy of the events that are kept.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.shared.state.lock().trace.snapshot()
    }

    /// Names the earliest deadline that a task waits for.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_core::{Clock, Spawn, TaskHandle, Timer};
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     assert_eq!(rt.next_deadline(), None);
    ///     let due = rt.now() + Duration::from_secs(5);
    ///     rt.spawn(rt.sleep_until(due)).detach();
    ///     rt.settle().await;
    ///     assert_eq!(rt.next_deadline(), Some(due));
    /// });
    /// ```
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let next = self.shared.state.lock().timers.next();
        next.map(Instant::from_nanos)
    }

    /// Counts the tasks that have not ended, without roots and blocking closures.
    ///
    /// ```
    /// use trunnion_core::Spawn;
    ///
    /// trunnion_sim::run(|rt| async move {
    ///     let task = rt.spawn(std::future::pending::<()>());
    ///     assert_eq!(rt.tasks(), 1);
    ///     drop(task);
    ///     rt.settle().await;
    ///     assert_eq!(rt.tasks(), 0);
    /// });
    /// ```
    #[must_use]
    pub fn tasks(&self) -> usize {
        let state = self.shared.state.lock();
        let tasks = state.tasks.iter();
        tasks
            .filter(|entry| matches!(entry.body, Body::Task | Body::Local(_)))
            .count()
    }
}

/// Numbers follow from the seed alone, and from how many were drawn before.
impl Entropy for SimRuntime {
    fn next_u64(&self) -> u64 {
        self.shared.entropy.next()
    }
}

impl RuntimeInfo for SimRuntime {
    fn info(&self) -> Info {
        Info::new(self.shared.id, Flavor::Virtual).with_workers(1)
    }
}

impl fmt::Debug for SimRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimRuntime")
            .field("now", &self.now())
            .finish_non_exhaustive()
    }
}
