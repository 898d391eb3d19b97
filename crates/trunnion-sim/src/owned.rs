//! The simulator and its entry.

use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::pin;
use core::time::Duration;
use std::rc::Rc;

use trunnion_core::context::{self, Context};
use trunnion_core::sync::Arc;
use trunnion_core::task::Scoped;
use trunnion_core::{
    AnyRuntime, BlockOn, Clock, Instant, RealClock, ShutdownReport, ShutdownRuntime, WouldDeadlock,
    with_simulation,
};

use crate::drive::Drive;
use crate::faults::Faults;
use crate::hooks::Hooks;
use crate::local::SimLocal;
use crate::runtime::SimRuntime;
use crate::schedule::Schedule;
use crate::state::Shared;
use crate::{close, detect};

/// Says when a task that can never be woken ends the run.
///
/// A pending task whose wakers are all gone is lost: that is how a forgotten wake or a dropped registration looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LostWakers {
    /// Where it can only be a bug: a root that gave no waker away, and a task whose wakers were all dropped without a wake.
    ///
    /// A *task* that never gave one away, such as one that awaits [`pending`](core::future::pending), may wait for its
    /// abort. It is named in the report of a deadlock.
    #[default]
    Certain,
    /// Also a task that returned pending without giving a waker away.
    Strict,
    /// Never; the report of a deadlock still names them.
    Ignore,
}

/// Owns a simulator: one thread, a virtual clock, and a seeded schedule.
///
/// Tasks run while a thread is inside [`block_on`](BlockOn::block_on). When nothing is runnable the clock jumps to the next
/// deadline, unless somebody [holds](Clock::hold) it. When there is none either, the run ends with a panic that lists every
/// stuck task with its name and the place that spawned it. The order of steps follows from the seed and the [`Schedule`]
/// alone, so that a failure comes again.
///
/// * `block_on` may be called again: tasks go on where they were. From a second thread at the same time, and from inside a
///   task, it is refused. Inside a blocking closure it runs the simulator from there.
/// * A task that yields again and again keeps the clock from jumping, but not for ever: after 20,000 turns of each runnable
///   task in which all did nothing else, time passes. So it does after 200,000 steps at one
///   instant, whatever they did, and a hundred more for each task. Where no deadline is left, five times as many end the
///   run with a panic that lists every task.
/// * Wakes from other threads are safe, and the schedule no longer follows from the seed alone. Keep a hold while one is
///   expected: a simulator that sees nothing to wait for reports a deadlock at once.
/// * Dropping it drops every pending future on the dropping thread, in the order of the schedule: FIFO drops the oldest first.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{BlockOn, Timer};
/// use trunnion_sim::{Schedule, Sim};
///
/// let sim = Sim::new().seed(42).schedule(Schedule::Random);
/// let rt = sim.handle();
/// sim.block_on(async {
///     rt.sleep(Duration::from_secs(24 * 60 * 60)).await; // takes no time
/// });
/// ```
#[must_use = "the simulator ends when it is dropped"]
pub struct Sim {
    rt: SimRuntime,
    context: Context,
}

impl Sim {
    /// Makes a simulator with the schedule FIFO, the seed 0 and the clock at its origin.
    pub fn new() -> Self {
        detect::register();
        // Fixes the origin of the real time line now, so that no conversion reads that clock later.
        RealClock.to_std(Instant::ORIGIN);
        let rt = SimRuntime {
            shared: Arc::new(Shared::new()),
        };
        let context = Context::new(AnyRuntime::new(rt.clone()));
        Self { rt, context }.seed(0)
    }

    /// Seeds the choices of the schedule and the numbers of [`Entropy`](trunnion_core::Entropy).
    ///
    /// ```
    /// use trunnion_core::Entropy;
    /// use trunnion_sim::Sim;
    ///
    /// let draw = |seed| Sim::new().seed(seed).handle().next_u64();
    /// assert_eq!(draw(1), draw(1));
    /// assert_ne!(draw(1), draw(2));
    /// ```
    pub fn seed(self, seed: u64) -> Self {
        self.rt.shared.entropy.reseed(!seed);
        self.rt.shared.state.lock().ready.chooser.reseed(seed);
        self
    }

    /// Chooses the order in which tasks run.
    pub fn schedule(self, schedule: Schedule) -> Self {
        self.rt
            .shared
            .state
            .lock()
            .ready
            .chooser
            .set_schedule(schedule);
        self
    }

    /// Chooses when a task that can never be woken ends the run.
    ///
    /// ```
    /// use std::future::pending;
    /// use trunnion_core::{BlockOn, Spawn, panic::catch};
    /// use trunnion_sim::{LostWakers, Sim};
    ///
    /// let sim = Sim::new().lost_wakers(LostWakers::Strict);
    /// let rt = sim.handle();
    /// let found = catch(|| sim.block_on(async { rt.spawn(pending::<()>()).await }));
    /// assert!(found.unwrap_err().to_string().contains("gave no waker away"));
    /// ```
    pub fn lost_wakers(self, when: LostWakers) -> Self {
        self.rt.shared.state.lock().lost = when;
        self
    }

    /// Limits how many events the trace keeps: the newest, 65,536 unless told. With 0 only their number and digest are kept.
    ///
    /// ```
    /// use trunnion_core::{BlockOn, YieldNow};
    /// use trunnion_sim::Sim;
    ///
    /// let sim = Sim::new().trace_limit(0);
    /// sim.block_on(sim.handle().yield_now());
    /// assert_eq!(sim.handle().trace().to_string().lines().count(), 1);
    /// ```
    pub fn trace_limit(self, events: usize) -> Self {
        self.rt.shared.state.lock().trace.set_limit(events);
        self
    }

    /// Puts faults into the run; see [`Faults`].
    pub fn faults(self, faults: Faults) -> Self {
        let mut state = self.rt.shared.state.lock();
        state.faults = faults;
        state.ready.chooser.set_faults(faults.most);
        drop(state);
        self
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Gives the value that tasks and libraries use.
    #[must_use]
    pub fn handle(&self) -> SimRuntime {
        self.rt.clone()
    }

    /// Makes a handle that spawns futures which stay on the calling thread; see [`SimLocal`].
    #[must_use]
    pub fn local(&self) -> SimLocal {
        self.rt.local()
    }
}

impl Default for Sim {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs steps on the calling thread until `future` is ready; it is one of the tasks.
///
/// # Panics
/// With a report when nothing can ever run again, and for a lost waker; see [`LostWakers`]. The simulator stays usable.
impl BlockOn for Sim {
    #[track_caller]
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        enter_or_panic(&self.rt.shared, &self.context, future)
    }

    #[track_caller]
    fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, WouldDeadlock<F>> {
        enter(&self.rt.shared, &self.context, future)
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "as `BlockOn::block_on` says")]
pub(crate) fn enter_or_panic<F: Future>(
    shared: &Arc<Shared>,
    context: &Context,
    future: F,
) -> F::Output {
    match enter(shared, context, future) {
        Ok(output) => output,
        Err(refused) => panic!("{refused}"),
    }
}

#[track_caller]
pub(crate) fn enter<F: Future>(
    shared: &Arc<Shared>,
    context: &Context,
    future: F,
) -> Result<F::Output, WouldDeadlock<F>> {
    enter_at(shared, context, Location::caller(), future)
}

/// Runs the simulator until `future` is ready, which reports are to show as entered at `place`.
pub(crate) fn enter_at<F: Future>(
    shared: &Arc<Shared>,
    context: &Context,
    place: &'static Location<'static>,
    future: F,
) -> Result<F::Output, WouldDeadlock<F>> {
    let Some(mut drive) = Drive::enter(shared, context, place) else {
        return Err(WouldDeadlock::new(future));
    };
    // Dropped before `drive` is: its destructors run while this thread is still the driver.
    let mut root = pin!(Scoped::new(context.clone(), future));
    let run = || context::unbudgeted(|| drive.run(root.as_mut()));
    let hooks = Rc::new(Hooks(Arc::clone(shared)));
    let run = || with_simulation(hooks, run);
    Ok(context.enter(run))
}

/// Drops all futures and closures on the calling thread, in the order of the schedule. No closure can be running then.
impl ShutdownRuntime for Sim {
    fn shutdown(self, _grace: Duration) -> Result<ShutdownReport, WouldDeadlock<Self>> {
        if self.rt.shared.state.lock().driver.is_some() {
            return Err(WouldDeadlock::new(self));
        }
        let dropped = close::close(&self.rt.shared, &self.context);
        Ok(ShutdownReport::new(dropped, 0))
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        close::close(&self.rt.shared, &self.context);
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim")
            .field("now", &self.rt.now())
            .finish_non_exhaustive()
    }
}
