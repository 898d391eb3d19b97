//! Children that are started again when they fail.

mod builder;
mod child_ctx;
mod child_end;
mod child_spec;
mod driver;
mod error;
mod intensity;
mod line;
mod seat;
mod strategy;
mod told;

use core::fmt;

use trunnion_core::{Entropy, Spawn, Timer};

use builder::Plan;

use crate::TaskScopeBuilder;

pub use builder::SupervisorBuilder;
pub use child_ctx::ChildCtx;
pub use child_end::{AfterEnd, ChildEnd};
pub use child_spec::{ChildSpec, Restart, StopMode};
pub use error::{SupervisorEnd, SupervisorError, SupervisorRefused};
pub use strategy::Strategy;

/// Keeps children running: restarts those that fail, and gives up when they fail too often.
///
/// The model is that of Erlang's OTP. Children start in their order, each when the one before has said that it is ready
/// ([`ChildCtx::ready`]), and stop in reverse order, one after the other. A child that ends is restarted or not as its [`Restart`] says; the
/// [`Strategy`] says who is restarted with it. There may be [so many](SupervisorBuilder::restarts) restarts within a window, each after
/// a delay of the [`Backoff`](crate::Backoff); one more stops all children and fails the supervisor, with the name of the child and how
/// it ended. There are never two incarnations of one child: the next starts when the last one's future is gone.
///
/// ```
/// use trunnion_core::{BlockOn, Timer};
/// use trunnion_patterns::{ChildSpec, Restart, Supervisor, SupervisorEnd};
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// // It fails twice, then it comes to its end.
/// let worker = ChildSpec::new("worker", |ctx| async move {
///     ctx.ready();
///     if ctx.restarts() < 2 { Err("connection lost") } else { Ok(()) }
/// });
/// let supervisor = Supervisor::builder(&rt)
///     .child(worker.restart(Restart::Transient))
///     .on_end(|end| println!("{} ended: {:?}, then {:?}", end.child, end.outcome, end.next))
///     .build()
///     .unwrap();
/// let ended = sim.block_on(supervisor.run());
/// assert!(matches!(ended, Ok(SupervisorEnd::Completed)));
/// ```
///
/// What differs from OTP's `supervisor`:
///
/// | | OTP | here |
/// |---|---|---|
/// | before a restart | no wait | the delay of the backoff; during that, the siblings of a one-for-one child are restarted |
/// | restarts, if nothing is said | 1 in 5 seconds | 5 in 60 seconds |
/// | the window | of whole seconds | of nanoseconds; a restart exactly one window ago counts in both |
/// | a restart that fails before it is ready | tried again at once, counted | is a failure like any other: counted, and delayed |
/// | no child is left | goes on, unless `auto_shutdown` says otherwise | ends with [`Completed`](SupervisorEnd::Completed) |
/// | a child fails while a later one starts | seen when that is ready | seen at once |
/// | a child is late to stop | told in a report | told to [`on_straggler`](SupervisorBuilder::on_straggler) too |
/// | children that come later | `start_child`, `simple_one_for_one` | none: a [`TaskScope`](crate::TaskScope) in a child has them |
#[must_use = "a supervisor does nothing until `run` is awaited"]
pub struct Supervisor<R, E> {
    rt: R,
    scope: TaskScopeBuilder<R>,
    plan: Plan<E>,
}

impl Supervisor<(), ()> {
    /// Sets a supervisor up whose children run on `rt`.
    #[track_caller]
    pub fn builder<R: Clone, E>(rt: &R) -> SupervisorBuilder<R, E> {
        SupervisorBuilder::new(rt)
    }
}

impl<R, E> Supervisor<R, E> {
    const fn new(rt: R, scope: TaskScopeBuilder<R>, plan: Plan<E>) -> Self {
        Self { rt, scope, plan }
    }

    /// Runs the children until all have come to their end, one fails too often, or the token is cancelled.
    ///
    /// An error or a panic of a child while it is being stopped is told to [`on_end`](SupervisorBuilder::on_end) and changes
    /// nothing. If the token is cancelled before the first poll, nothing is started.
    ///
    /// # Errors
    /// [`SupervisorError`] when a child fails before it was ever ready, when there would be too many restarts, and when the runtime of
    /// the children ends. All children are stopped by then, in reverse order.
    ///
    /// # Panics
    /// With the first panic of a hook or a token that is not ours, when all children are gone. A child's panic is its outcome.
    ///
    /// # Cancel safety
    /// Dropping the future kills all children at once without waiting for them: cancel the token to have them stopped in order. The scope
    /// [around it](SupervisorBuilder::within) waits for them; without one, [`on_orphan`](SupervisorBuilder::on_orphan) is told.
    ///
    /// # Cost
    /// For each start the runtime's task, a box for the child's future, its name, two tokens and a waiter. What is done on an event is in
    /// proportion to the number of children.
    pub async fn run(self) -> Result<SupervisorEnd, SupervisorError<E>>
    where
        R: Timer + Spawn + Entropy + Clone,
        E: Send + 'static,
    {
        driver::run(self.rt, self.scope, self.plan).await
    }
}

impl<R, E> fmt::Debug for Supervisor<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}
