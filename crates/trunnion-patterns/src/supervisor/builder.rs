//! What a supervisor is made of.

use core::fmt;
use core::time::Duration;
use std::collections::HashSet;
use std::sync::Arc;

use trunnion_core::panic::FirstPanic;
use trunnion_core::{CancelKind, CancelToken, Cancellation};

use super::Supervisor;
use super::child_end::ChildEnd;
use super::child_spec::ChildSpec;
use super::driver::StragglerHook;
use super::error::SupervisorRefused;
use super::intensity::Intensity;
use super::line::{EndHook, Line};
use super::seat::Seat;
use super::strategy::Strategy;
use crate::foreign::Foreign;
use crate::{Backoff, TaskScope, TaskScopeBuilder};

/// How many restarts there may be within [`WINDOW`]. With [`BACKOFF`], one that fails at once is given up after some seconds.
const RESTARTS: u32 = 5;
const WINDOW: Duration = Duration::from_secs(60);
const BACKOFF: Backoff = Backoff::exponential(Duration::from_millis(100));

/// What does not depend on the runtime.
pub(super) struct Plan<E> {
    strategy: Strategy,
    restarts: u32,
    window: Duration,
    backoff: Backoff,
    token: Option<CancelToken>,
    pub(super) foreign: Foreign,
    outer: Option<CancelToken>,
    children: Vec<ChildSpec<E>>,
    on_end: Option<EndHook<E>>,
    on_straggler: Option<StragglerHook>,
}

impl<E> Plan<E> {
    /// Makes the supervisor's own token.
    pub(super) fn token(&self) -> CancelToken {
        match (&self.token, &self.outer) {
            (None, None) => CancelToken::new(),
            (Some(token), None) | (None, Some(token)) => token.child(),
            (Some(token), Some(outer)) => CancelToken::any_of([token, outer]),
        }
    }

    pub(super) fn into_line(self) -> (Line<E>, Option<StragglerHook>) {
        let line = Line {
            seats: self.children.into_iter().map(Seat::new).collect(),
            strategy: self.strategy,
            intensity: Intensity::new(self.restarts, self.window),
            backoff: self.backoff,
            on_end: self.on_end,
            panic: FirstPanic::new(),
            verdict: None,
            reason: CancelKind::SiblingFailed.into(),
        };
        (line, self.on_straggler)
    }
}

/// Sets a supervisor up; made by [`Supervisor::builder`].
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::BlockOn;
/// use trunnion_patterns::{Backoff, ChildSpec, Strategy, Supervisor, SupervisorRefused};
///
/// let sim = trunnion_sim::Sim::new();
/// let child = |name: &str| ChildSpec::new(name, |_| async { Ok::<_, std::io::Error>(()) });
/// let twins = Supervisor::builder(&sim.handle())
///     .name("twins")
///     .strategy(Strategy::OneForAll)
///     .restarts(3, Duration::from_secs(60))
///     .backoff(Backoff::fixed(Duration::from_secs(1)))
///     .child(child("one"))
///     .child(child("one"))
///     .build();
/// assert_eq!(twins.unwrap_err(), SupervisorRefused::DuplicateName("one".into()));
/// ```
#[must_use = "a supervisor does nothing until it is built and `run` is awaited"]
pub struct SupervisorBuilder<R, E> {
    rt: R,
    scope: TaskScopeBuilder<R>,
    plan: Plan<E>,
}

impl<R: Clone, E> SupervisorBuilder<R, E> {
    #[track_caller]
    pub(super) fn new(rt: &R) -> Self {
        let plan = Plan {
            strategy: Strategy::default(),
            restarts: RESTARTS,
            window: WINDOW,
            backoff: BACKOFF,
            token: None,
            foreign: Foreign::default(),
            outer: None,
            children: Vec::new(),
            on_end: None,
            on_straggler: None,
        };
        Self {
            rt: rt.clone(),
            scope: TaskScope::builder(rt),
            plan,
        }
    }
}

impl<R, E> SupervisorBuilder<R, E> {
    /// Names it, for the scope around it.
    pub fn name(mut self, name: &str) -> Self {
        self.scope = self.scope.name(name);
        self
    }

    /// Adds a child, which starts when those before it are ready, and is stopped before they are.
    ///
    /// Without any, the supervisor is at its end when it begins.
    pub fn child(mut self, child: ChildSpec<E>) -> Self {
        self.plan.children.push(child);
        self
    }

    /// Chooses who is restarted with a child that fails; without it, nobody else.
    pub const fn strategy(mut self, strategy: Strategy) -> Self {
        self.plan.strategy = strategy;
        self
    }

    /// Allows so many restarts within any `window`, of all children together; without it, 5 within a minute.
    ///
    /// One more fails the supervisor. Zero allows none. A restart of several together counts as one; one that is exactly a window ago still
    /// counts. Delays count too: where the [`backoff`](Self::backoff) alone needs longer than the window for so many, the supervisor never
    /// gives up.
    pub const fn restarts(mut self, restarts: u32, window: Duration) -> Self {
        (self.plan.restarts, self.plan.window) = (restarts, window);
        self
    }

    /// Waits so long before each restart, counted from the failure; without it, from 100 milliseconds up to 20 seconds, with jitter.
    ///
    /// Each child has its own count, which starts anew when it has been ready for a whole window.
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.plan.backoff = backoff;
        self
    }

    /// Stops the supervisor when `token` is cancelled: the children in reverse order, one after the other. A kill kills all at once.
    ///
    /// A deadline of the token is kept.
    pub fn token(mut self, token: &CancelToken) -> Self {
        self.plan.token = Some(token.clone());
        self
    }

    /// Stops the supervisor when `token`, which may be of any kind, is cancelled: the children in reverse order, one after the other.
    ///
    /// The supervisor's own task looks at it. Where the token is a [`CancelToken`], [`token`](Self::token) is better: it passes on kills and
    /// deadlines. Both may be given, but of this only the last.
    ///
    /// # Cost
    /// One allocation.
    pub fn cancel_on<C>(mut self, token: &C) -> Self
    where
        C: Cancellation<Cancelled: Send + 'static>,
    {
        self.plan.foreign = Foreign::new(token);
        self
    }

    /// Puts it inside `outer`, which waits for its children even when its future is dropped, and whose token stops it too.
    pub fn within<R2, T2, E2>(mut self, outer: &TaskScope<R2, T2, E2>) -> Self
    where
        T2: Send + 'static,
        E2: Send + 'static,
    {
        self.plan.outer = Some(outer.token().clone());
        self.scope = self.scope.counted_in(outer);
        self
    }

    /// Calls `hook` each time a child has ended, with how it did and what comes next: the place to log failures.
    ///
    /// It runs in the supervisor's task. If it panics, the children are killed, of which it is told too, and the first panic goes on when
    /// they are gone.
    pub fn on_end(mut self, hook: impl FnMut(&ChildEnd<'_, E>) + Send + 'static) -> Self {
        self.plan.on_end = Some(Box::new(hook));
        self
    }

    /// Calls `hook` with the name of each child whose grace is over, before it is killed.
    ///
    /// Its panic is dealt with like that of [`on_end`](Self::on_end).
    pub fn on_straggler(mut self, hook: impl FnMut(&str) + Send + 'static) -> Self {
        self.plan.on_straggler = Some(Box::new(hook));
        self
    }

    /// Calls `hook` with the number of children that are left when the supervisor's future is dropped and no scope is around it.
    ///
    /// Nobody is there to raise its panic in: the process's panic hook is told, and it goes no further.
    pub fn on_orphan(mut self, hook: impl FnOnce(usize) + Send + 'static) -> Self {
        self.scope = self.scope.on_orphan(hook);
        self
    }

    /// Builds the supervisor, of which nothing runs yet.
    ///
    /// # Errors
    /// [`SupervisorRefused`] when two children have one name, or restarts are counted within no time.
    pub fn build(self) -> Result<Supervisor<R, E>, SupervisorRefused> {
        if self.plan.window.is_zero() {
            return Err(SupervisorRefused::ZeroWindow);
        }
        let mut names = HashSet::new();
        let mut children = self.plan.children.iter();
        if let Some(twin) = children.find(|child| !names.insert(child.name())) {
            return Err(SupervisorRefused::DuplicateName(Arc::clone(&twin.name)));
        }
        drop(names);
        Ok(Supervisor::new(self.rt, self.scope, self.plan))
    }
}

impl<E> fmt::Debug for Plan<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("strategy", &self.strategy)
            .field("restarts", &self.restarts)
            .field("window", &self.window)
            .field("backoff", &self.backoff)
            .field("children", &self.children)
            .finish_non_exhaustive()
    }
}

impl<R, E> fmt::Debug for SupervisorBuilder<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorBuilder")
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}
