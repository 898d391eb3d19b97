//! What a scope is made of.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::num::NonZeroUsize;
use core::panic::Location;
use core::time::Duration;
use std::sync::Arc;

use trunnion_core::{CancelToken, Cancellation, Instant, PanicPayload, Spawn, Timer};

use super::TaskScope;
use super::driver::{self, Open};
use super::error::ScopeError;
use super::joiner::{AllOrFirstError, Joiner};
use super::limited::LimitedScope;
use super::outcome::ChildInfo;
use super::roster::Enclosing;
use super::state::PanicHook;
use super::watch::Watch;
use crate::Semaphore;
use crate::foreign::Foreign;

/// How long children have to end once they are asked to: what container runtimes give a process.
const GRACE: Duration = Duration::from_secs(10);

/// Says what the panic of a child leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PanicPolicy {
    /// The siblings are cancelled, and the first panic is raised in the caller when all are gone.
    #[default]
    Propagate,
    /// It is an outcome, and the joiner decides.
    Collect,
    /// The process is aborted when it happens, once [`on_panic`](TaskScopeBuilder::on_panic) has been told: for programs that do not
    /// trust their state after a panic. A panic of the body or the joiner is raised.
    Abort,
}

/// Makes the joiner of a scope.
#[doc(hidden)]
pub trait Policy<T, E> {
    type Joiner: Joiner<T, E>;

    fn into_joiner(self) -> Self::Joiner;
}

/// Stands for [`AllOrFirstError`], whose types are known when the scope runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standard;

/// Holds a joiner that was chosen.
#[derive(Debug)]
pub struct By<J>(J);

impl<T, E> Policy<T, E> for Standard {
    type Joiner = AllOrFirstError<T, E>;

    fn into_joiner(self) -> Self::Joiner {
        AllOrFirstError::default()
    }
}

impl<T, E, J: Joiner<T, E>> Policy<T, E> for By<J> {
    type Joiner = J;

    fn into_joiner(self) -> J {
        self.0
    }
}

/// Marks a scope that takes any number of children.
#[derive(Debug)]
pub struct Unlimited;

/// Marks a scope with a limit.
#[derive(Debug)]
pub struct Limited;

/// The scope around a new one.
pub(super) struct Around {
    pub(super) scope: Arc<dyn Enclosing>,
    /// Cancels the new one, if there is one.
    pub(super) token: Option<CancelToken>,
}

/// Is told of a child that is late.
pub(super) type StragglerHook = Box<dyn FnMut(&ChildInfo) + Send>;

/// What does not depend on types.
pub(super) struct Plan {
    pub(super) name: Option<Arc<str>>,
    pub(super) location: &'static Location<'static>,
    pub(super) token: Option<CancelToken>,
    pub(super) foreign: Foreign,
    pub(super) around: Option<Around>,
    pub(super) limit: Option<NonZeroUsize>,
    pub(super) deadline: Option<Instant>,
    /// That of the tokens around it.
    pub(super) outer_deadline: Option<Instant>,
    pub(super) grace: Duration,
    pub(super) policy: PanicPolicy,
    pub(super) on_panic: Option<PanicHook>,
    pub(super) on_straggler: Option<StragglerHook>,
    /// How long after the kill it is called.
    pub(super) on_lag: Option<(Duration, StragglerHook)>,
    pub(super) detaches: bool,
    pub(super) on_orphan: Option<Box<dyn FnOnce(usize) + Send>>,
    pub(super) watch: Option<Box<Watch>>,
}

impl Plan {
    /// Tells whether somebody wants to know who is late.
    pub(super) fn names_the_late(&self) -> bool {
        self.on_straggler.is_some() || self.on_lag.is_some() || self.watch.is_some()
    }
}

/// Sets a scope up; made by [`TaskScope::builder`].
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{BlockOn, Clock, Timer};
/// use trunnion_patterns::TaskScope;
///
/// let sim = trunnion_sim::Sim::new();
/// let rt = sim.handle();
/// let scope = TaskScope::builder(&rt)
///     .name("mirrors")
///     .deadline(rt.now() + Duration::from_secs(5))
///     .grace(Duration::from_secs(1));
/// let late = sim.block_on(scope.run(async |s| {
///     drop(s.spawn(std::future::pending::<Result<(), std::io::Error>>()));
///     Ok(())
/// }));
/// assert!(late.unwrap_err().is_elapsed());
/// ```
#[must_use = "a scope does nothing until `run` is awaited"]
pub struct TaskScopeBuilder<R, P = Standard, L = Unlimited> {
    rt: R,
    policy: P,
    plan: Plan,
    limit: PhantomData<fn() -> L>,
}

impl<R: Clone> TaskScopeBuilder<R> {
    #[track_caller]
    pub(super) fn new(rt: &R) -> Self {
        let plan = Plan {
            name: None,
            location: Location::caller(),
            token: None,
            foreign: Foreign::default(),
            around: None,
            limit: None,
            deadline: None,
            outer_deadline: None,
            grace: GRACE,
            policy: PanicPolicy::default(),
            on_panic: None,
            on_straggler: None,
            on_lag: None,
            detaches: false,
            on_orphan: None,
            watch: None,
        };
        Self {
            rt: rt.clone(),
            policy: Standard,
            plan,
            limit: PhantomData,
        }
    }
}

impl<R, P, L> TaskScopeBuilder<R, P, L> {
    /// Names the scope, for messages and for the scope around it.
    pub fn name(mut self, name: &str) -> Self {
        self.plan.name = Some(name.into());
        self
    }

    /// Makes the scope's token a child of `token`: cancelling that cancels the scope.
    pub fn token(mut self, token: &CancelToken) -> Self {
        self.plan.token = Some(token.clone());
        self
    }

    /// Cancels the scope when `token`, which may be of any kind, is cancelled, with its reason.
    ///
    /// The task that awaits the scope looks at it. Where the token is a [`CancelToken`], [`token`](Self::token) is better: the children are stopped
    /// in the call that cancels, deadlines and kills are passed on, and nothing is allocated. Both may be given, but of this only the last.
    ///
    /// ```
    /// use trunnion_core::{BlockOn, CancelKind, CancelToken, Cancellation};
    /// use trunnion_patterns::{Discard, TaskScope, Why};
    ///
    /// async fn serve<R, C>(rt: &R, stop: &C) -> Result<(), Why>
    /// where
    ///     R: trunnion_core::Runtime,
    ///     C: Cancellation<Cancelled: Send + 'static>,
    /// {
    ///     let scope = TaskScope::builder(rt).cancel_on(stop).joiner(Discard::new());
    ///     let served = scope.run(async |s| {
    ///         drop(s.spawn(std::future::pending::<Result<(), std::io::Error>>()));
    ///         Ok(())
    ///     });
    ///     served.await.map_err(|error| error.why)
    /// }
    ///
    /// let sim = trunnion_sim::Sim::new();
    /// let stop = CancelToken::new(); // or one of another library
    /// stop.cancel_with(CancelKind::Shutdown);
    /// let why = sim.block_on(serve(&sim.handle(), &stop)).unwrap_err();
    /// assert!(matches!(why, Why::Cancelled(reason) if reason.kind() == CancelKind::Shutdown));
    /// ```
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

    /// Puts the scope inside `outer`, which then waits for it even when its future is dropped, and whose token cancels it too.
    pub fn within<R2, T2, E2>(mut self, outer: &TaskScope<R2, T2, E2>) -> Self
    where
        T2: Send + 'static,
        E2: Send + 'static,
    {
        let (scope, token) = outer.around();
        let token = Some(token);
        self.plan.around = Some(Around { scope, token });
        self
    }

    /// Puts the scope inside `outer`, which waits for it, but whose token does not reach it.
    ///
    /// For a body that stops its children itself, in an order of its own, when `outer` is cancelled.
    pub(crate) fn counted_in<R2, T2, E2>(mut self, outer: &TaskScope<R2, T2, E2>) -> Self
    where
        T2: Send + 'static,
        E2: Send + 'static,
    {
        let (scope, _) = outer.around();
        self.plan.around = Some(Around { scope, token: None });
        self
    }

    /// Tells `watch` how the scope ended, before the scope around it may end.
    pub(crate) fn watched(mut self, watch: Watch) -> Self {
        self.plan.watch = Some(Box::new(watch));
        self
    }

    /// Chooses what the scope makes of its children's outcomes; without it, [`AllOrFirstError`].
    pub fn joiner<J>(self, joiner: J) -> TaskScopeBuilder<R, By<J>, L> {
        TaskScopeBuilder {
            rt: self.rt,
            policy: By(joiner),
            plan: self.plan,
            limit: PhantomData,
        }
    }

    /// Cancels the scope at `at`, with an error that says that this scope's time was over.
    ///
    /// The scope's token has it as its deadline, so that what is below it sees it. Of two equal deadlines the outer one counts: to this scope it
    /// is a cancellation.
    pub const fn deadline(mut self, at: Instant) -> Self {
        self.plan.deadline = Some(at);
        self
    }

    /// Gives children so long to end once the scope is cancelled, then they are killed. Without it, ten seconds.
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.plan.grace = grace;
        self
    }

    /// Chooses what the panic of a child leads to.
    pub const fn panics(mut self, policy: PanicPolicy) -> Self {
        self.plan.policy = policy;
        self
    }

    /// Calls `hook` in the child's task when a child panics, before anybody has drained anything.
    ///
    /// It is for children: the panic of the body or the joiner is raised by [`run`](Self::run), or, where it is that of their destructors in a scope that is
    /// dropped, goes no further; the process's panic hook is told of each.
    ///
    /// Nobody is there to raise a panic of its own in: the process's panic hook is told, and it goes no further.
    pub fn on_panic(
        mut self,
        hook: impl Fn(&ChildInfo, &PanicPayload) + Send + Sync + 'static,
    ) -> Self {
        self.plan.on_panic = Some(Box::new(hook));
        self
    }

    /// Calls `hook` for each child that is still there when the grace is over, before it is killed.
    ///
    /// It runs in the scope's task. If it panics, the others are told of and killed all the same, and the panic is raised like one of the body.
    pub fn on_straggler(mut self, hook: impl FnMut(&ChildInfo) + Send + 'static) -> Self {
        self.plan.on_straggler = Some(Box::new(hook));
        self
    }

    /// Calls `hook` for each child that is still there so long `after` the kill at the end of the grace: it blocks its thread, and the scope
    /// waits for it.
    ///
    /// The children that [`on_straggler`](Self::on_straggler) is told of are late; most of them are gone when they have been killed. Its
    /// panic is dealt with like that of `on_straggler`.
    pub fn on_lag(
        mut self,
        after: Duration,
        hook: impl FnMut(&ChildInfo) + Send + 'static,
    ) -> Self {
        self.plan.on_lag = Some((after, Box::new(hook)));
        self
    }

    /// Lets go of the closures of [`spawn_blocking`](TaskScope::spawn_blocking) that still run when the scope is killed: it no longer waits for
    /// them.
    ///
    /// Each counts as a child that was cancelled. It goes on in its thread, and nobody is told what becomes of it; what it works on must
    /// do without a caller. Without this, a scope is not over before they are.
    ///
    /// ```
    /// use std::io;
    /// use std::time::Duration;
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::TaskScope;
    ///
    /// fn hash(path: &str) -> io::Result<usize> {
    ///     Ok(path.len()) // Here it would read a file, from a disk that may hang.
    /// }
    ///
    /// let sim = trunnion_sim::Sim::new();
    /// let rt = sim.handle();
    /// let scope = TaskScope::builder(&rt).grace(Duration::from_secs(1)).detach_blocking();
    /// let hashes = sim.block_on(scope.run(async |s| {
    ///     assert!(s.spawn_blocking(|_| hash("/mnt/a")).is_ok());
    ///     Ok(())
    /// }));
    /// assert_eq!(hashes.unwrap(), [6]);
    /// ```
    pub const fn detach_blocking(mut self) -> Self {
        self.plan.detaches = true;
        self
    }

    /// Calls `hook` with the number of children that are left when the scope's future is dropped and no scope is around it.
    ///
    /// Its panic is dealt with like that of [`on_panic`](Self::on_panic).
    pub fn on_orphan(mut self, hook: impl FnOnce(usize) + Send + 'static) -> Self {
        self.plan.on_orphan = Some(Box::new(hook));
        self
    }
}

impl<R, P> TaskScopeBuilder<R, P, Unlimited> {
    /// Lets at most `limit` children run at once: `spawn` waits for a place, in the order of their first polls.
    pub fn limit(mut self, limit: NonZeroUsize) -> TaskScopeBuilder<R, P, Limited> {
        self.plan.limit = Some(limit);
        TaskScopeBuilder {
            rt: self.rt,
            policy: self.policy,
            plan: self.plan,
            limit: PhantomData,
        }
    }

    /// Makes a scope that takes children now and is driven later; a scope around it is not looked at.
    pub(crate) fn open<J, T, E>(mut self, joiner: J) -> Open<R, J, T, E>
    where
        R: Clone,
        J: Joiner<T, E>,
        T: Send + 'static,
        E: Send + 'static,
    {
        let token = driver::token_of(&mut self.plan);
        Open::new(self.rt, self.plan, (token, None), joiner)
    }

    /// Runs `body` with the scope, waits for all children, and gives what the joiner makes of them.
    ///
    /// The body runs in the task that awaits this and may borrow. When it ends with `Ok`, the scope waits; with an error,
    /// the children are cancelled and the error comes first. When the scope is cancelled, the body is polled once more and then dropped.
    ///
    /// One turn takes reports first, then polls the body, then looks at the token and the clock.
    ///
    /// # Errors
    /// [`ScopeError`]: what the joiner calls a failure, the body's error, a cancellation or a deadline that cut it short.
    ///
    /// # Panics
    /// With the first panic of the body, the joiner, [`on_straggler`](Self::on_straggler) or a child, when all children are gone. In debug builds, when a child
    /// awaits its own scope.
    ///
    /// # Cancel safety
    /// Dropping the future drops the body and kills the children without waiting for them. The scope around it waits for them; without
    /// one, [`on_orphan`](Self::on_orphan) is told.
    ///
    /// # Cost
    /// One allocation for the scope, and for each child what the runtime allocates for a task.
    pub async fn run<T, E, F, Fut>(
        self,
        body: F,
    ) -> Result<<P::Joiner as Joiner<T, E>>::Output, ScopeError<E>>
    where
        R: Timer + Spawn + Clone,
        P: Policy<T, E>,
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(TaskScope<R, T, E>) -> Fut,
        Fut: Future<Output = Result<(), E>>,
    {
        driver::run(self.rt, self.plan, self.policy.into_joiner(), body).await
    }
}

impl<R, J> TaskScopeBuilder<R, By<J>, Limited> {
    /// Checks the parts against each other, so that what cannot work is refused here. Without it, [`run`](Self::run) refuses the same
    /// before anything runs.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use trunnion_patterns::{Quorum, TaskScope, Why};
    ///
    /// let rt = trunnion_sim::Sim::new().handle();
    /// let (two, three) = (NonZeroUsize::new(2).unwrap(), NonZeroUsize::new(3).unwrap());
    /// let votes = Quorum::<u32, std::io::Error>::new(three);
    /// let refused = TaskScope::builder(&rt).limit(two).joiner(votes).build();
    /// assert!(matches!(refused.unwrap_err().why, Why::QuorumAboveLimit));
    /// ```
    ///
    /// # Errors
    /// What the joiner's [`check`](Joiner::check) says of the limit: of [`Quorum`](super::Quorum),
    /// [`Why::QuorumAboveLimit`](super::Why::QuorumAboveLimit).
    pub fn build<T, E>(self) -> Result<Self, ScopeError<E>>
    where
        J: Joiner<T, E>,
    {
        match self.policy.0.check(self.plan.limit) {
            Ok(()) => Ok(self),
            Err(why) => Err(ScopeError::new(why)),
        }
    }
}

impl<R, P> TaskScopeBuilder<R, P, Limited> {
    /// Runs `body` with the limited scope; otherwise as for a scope without a limit.
    ///
    /// # Errors
    /// As without a limit, and [`Why::QuorumAboveLimit`](super::Why::QuorumAboveLimit) before anything runs.
    ///
    /// # Panics
    /// As without a limit.
    ///
    /// # Cancel safety
    /// As without a limit.
    pub async fn run<T, E, F, Fut>(
        self,
        body: F,
    ) -> Result<<P::Joiner as Joiner<T, E>>::Output, ScopeError<E>>
    where
        R: Timer + Spawn + Clone,
        P: Policy<T, E>,
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(LimitedScope<R, T, E>) -> Fut,
        Fut: Future<Output = Result<(), E>>,
    {
        let limit = self.plan.limit.unwrap_or(NonZeroUsize::MIN);
        let places = Semaphore::new(limit.get());
        let body = |scope| body(LimitedScope::new(scope, places));
        driver::run(self.rt, self.plan, self.policy.into_joiner(), body).await
    }
}

impl<R, P, L> fmt::Debug for TaskScopeBuilder<R, P, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskScopeBuilder")
            .field("name", &self.plan.name)
            .field("limit", &self.plan.limit)
            .finish_non_exhaustive()
    }
}
