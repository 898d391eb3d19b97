//! Tasks that cannot leak: a scope that waits for its children.

mod builder;
mod child;

mod driver;
mod error;
mod graceful;
mod hold;
mod joiner;
mod leash;
mod limited;
mod members;
mod outcome;
mod place;
mod release;
mod roster;
mod runner;
mod start;
mod state;
mod watch;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use trunnion_core::panic::catch;
use trunnion_core::{CancelToken, Spawn, SpawnBlocking, SpawnOptions};

use leash::Leash;
use members::{Member, Stops};
use place::Place;
use roster::{Enclosing, Seat};
use runner::{Joined, Route, Runner, ToHandle, ToJoiner, ToJoinerAlone};
use state::{Held, Joint, Ticket};

use crate::scope::REFUSED;

pub(crate) use driver::Open;
pub(crate) use hold::Hold;
pub(crate) use watch::Watch;

#[doc(hidden)]
pub use builder::{By, Policy, Standard};
pub use builder::{Limited, PanicPolicy, TaskScopeBuilder, Unlimited};
pub use child::Child;
pub use error::{Failed, Fault, ScopeError, SpawnError, Why};
pub use joiner::{
    AllOrFirstError, CollectAll, Discard, Done, FirstDone, FirstSuccess, Flow, Fold, Joiner, Over,
    Quorum, Tolerate,
};
pub use limited::LimitedScope;
pub use outcome::{ChildInfo, Outcome};
pub use start::{Ready, StartError};
pub use watch::{ScopeEnd, ScopeReport};

/// Starts tasks that their scope waits for.
///
/// A scope is a body and the tasks that it starts. [`run`](TaskScopeBuilder::run) is ready when all of them are gone: their
/// futures dropped, their destructors run. What the scope gives is decided by its [`Joiner`]: without another, all values
/// or the first error, which cancels the siblings.
///
/// ```
/// use std::io;
/// use trunnion_core::{JoinError, Runtime};
/// use trunnion_patterns::{ScopeError, TaskScope};
///
/// async fn page(number: usize) -> io::Result<usize> {
///     Ok(100 * number)
/// }
///
/// async fn pages<R: Runtime>(rt: &R) -> Result<Vec<usize>, ScopeError<io::Error>> {
///     TaskScope::builder(rt)
///         .run(async |s| {
///             for number in 0..3 {
///                 drop(s.spawn(page(number)));
///             }
///             Ok(())
///         })
///         .await
/// }
/// # use trunnion_core::BlockOn;
/// # let sim = trunnion_sim::Sim::new();
/// # assert_eq!(sim.block_on(pages(&sim.handle())).unwrap(), [0, 100, 200]);
/// ```
///
/// The handle may be cloned and moved into children, which then spawn siblings. It does not keep the scope open: once the body and all children have
/// ended, nobody comes in.
///
/// A scope that is cancelled (by its [`token`](Self::token), its deadline, its joiner, a scope around it) drops its children at their
/// next pending poll; those of [`spawn_graceful`](Self::spawn_graceful) have the grace to end, then they are killed too.
pub struct TaskScope<R, T, E> {
    rt: R,
    core: Arc<Joint<T, E>>,
}

/// How a child is started.
struct How<'a> {
    options: SpawnOptions<'a>,
    stops: Stops,
    // It lies in a slot, where its handle finds it.
    booked: bool,
    // The joiner is told of nothing but its panic.
    silent: bool,
    place: Option<Place>,
}

/// A child that was let in, and its slot.
type Admitted = ((Ticket, Member), usize);

/// Why a child is not let in.
#[derive(Clone, Copy)]
enum Refusal {
    Cancelled,
    Closed,
}

impl Refusal {
    /// Gives `future` back, unpolled.
    fn of<F>(self, future: F) -> SpawnError<F> {
        match self {
            Self::Cancelled => SpawnError::Cancelled(future),
            Self::Closed => SpawnError::Closed(future),
        }
    }
}

/// A child's task, its slot and its number.
type Begun<R, G> = (<R as Spawn>::Task<G>, (usize, u64));

impl<'a> How<'a> {
    const fn new(options: SpawnOptions<'a>) -> Self {
        Self {
            options,
            stops: Stops::Cancelled,
            booked: true,
            silent: false,
            place: None,
        }
    }

    fn gracefully(self) -> Self {
        let stops = Stops::Killed;
        Self { stops, ..self }
    }

    fn silently(self) -> Self {
        let silent = true;
        Self { silent, ..self }
    }

    fn in_place(self, place: Option<Place>) -> Self {
        Self { place, ..self }
    }
}

impl TaskScope<(), (), ()> {
    /// Sets a scope up whose children run on `rt`.
    #[track_caller]
    pub fn builder<R: Clone>(rt: &R) -> TaskScopeBuilder<R> {
        TaskScopeBuilder::new(rt)
    }
}

impl<R, T, E> TaskScope<R, T, E> {
    const fn new(rt: R, core: Arc<Joint<T, E>>) -> Self {
        Self { rt, core }
    }

    /// Gives the scope's token: cancelling it cancels the children and ends the body.
    pub fn token(&self) -> &CancelToken {
        &self.core.open().token
    }

    /// Gives the scope's name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.core.open().name.as_deref()
    }

    /// Lists the children that are there now; a scope inside this one counts as one.
    ///
    /// A child of [`spawn_detached`](Self::spawn_detached) is listed while it waits: once it has been pending, and until it is to stop. Where
    /// stragglers are named ([`on_straggler`](TaskScopeBuilder::on_straggler), [`on_lag`](TaskScopeBuilder::on_lag), a phase of a
    /// [`Shutdown`](crate::Shutdown)) it is listed from its beginning to its end.
    pub fn children(&self) -> Vec<ChildInfo> {
        let entries = state::list(&self.core).into_iter();
        entries.map(ChildInfo::new).collect()
    }

    /// Takes note that a child is not taken because the scope is cancelled.
    fn refuse(&self) -> Refusal {
        self.core.open().refused.store(true, Ordering::Relaxed);
        Refusal::Cancelled
    }
}

impl<R, T, E> TaskScope<R, T, E>
where
    T: Send + 'static,
    E: Send + 'static,
{
    fn around(&self) -> (Arc<dyn Enclosing>, CancelToken) {
        (
            Arc::<Joint<T, E>>::clone(&self.core),
            self.core.open().token.clone(),
        )
    }

    /// Sets a scope up inside this one, which waits for it and whose token cancels it.
    #[track_caller]
    pub fn child_scope(&self) -> TaskScopeBuilder<R>
    where
        R: Clone,
    {
        TaskScopeBuilder::new(&self.rt).within(self)
    }

    /// Lets a child in, unless the scope takes no more.
    #[inline]
    fn admit(&self, how: How<'_>) -> Result<Admitted, Refusal> {
        let (core, stops) = (self.core.open(), how.stops);
        if stops.has_come(&core.token) {
            return Err(self.refuse());
        }
        let (roster, location) = (&core.roster, how.options.location());
        let entered = if how.booked || core.books_all {
            let name = how.options.task_name().map(Arc::from);
            let entered = roster.enter(name, location, how.silent);
            entered.map(|(slot, id)| (Seat::Booked(slot), slot, id))
        } else {
            let counted = roster.count();
            counted.map(|id| (Seat::Counted { id, location }, 0, id))
        };
        let Some((seat, slot, id)) = entered else {
            return Err(Refusal::Closed);
        };
        let member = Member {
            id,
            location,
            stops,
            booked: matches!(seat, Seat::Booked(_)),
        };
        Ok(((Ticket::new(seat, how.place), member), slot))
    }

    /// Keeps a ticket that no runner hands in.
    fn held(&self, ticket: Ticket) -> Held<T, E> {
        let joint = Arc::clone(&self.core);
        Held { joint, ticket }
    }

    /// Runs a closure that blocks, and waits for it: it cannot be aborted, but gets the token.
    ///
    /// The closure runs even when the scope is cancelled after it was taken. It is a straggler if it goes on beyond the grace, and is waited
    /// for unless the scope [lets go of such](TaskScopeBuilder::detach_blocking).
    ///
    /// # Errors
    /// [`SpawnError`] with the closure, when the scope is cancelled or has ended.
    #[track_caller]
    pub fn spawn_blocking<F>(&self, job: F) -> Result<(), SpawnError<F>>
    where
        R: SpawnBlocking,
        F: FnOnce(&CancelToken) -> Result<T, E> + Send + 'static,
    {
        let how = How::new(SpawnOptions::new());
        self.block(how, job, |job, token| job(token))
    }

    fn block<F>(
        &self,
        how: How<'_>,
        job: F,
        call: impl FnOnce(F, &CancelToken) -> Result<T, E> + Send + 'static,
    ) -> Result<(), SpawnError<F>>
    where
        R: SpawnBlocking,
        F: Send + 'static,
    {
        let options = how.options;
        let ((ticket, _), _) = match self.admit(how) {
            Ok(admitted) => admitted,
            Err(refusal) => return Err(refusal.of(job)),
        };
        let (token, leash) = (self.token().clone(), Leash::new(self.held(ticket)));
        let handle = self.rt.spawn_blocking_with(options, move || {
            let called = catch(|| call(job, &token));
            leash.hand_in(called.map_or_else(Outcome::Panicked, Into::into));
        });
        // The closure runs all the same.
        drop(handle);
        Ok(())
    }
}

impl<R, T, E> TaskScope<R, T, E>
where
    R: Spawn,
    T: Send + 'static,
    E: Send + 'static,
{
    /// Starts a child whose result goes to the joiner.
    ///
    /// When the scope is cancelled or has ended, `future` is dropped unpolled, and the handle says so ([`Child::is_refused`]). The result of a
    /// scope that was cancelled says that it was cut short then, unless its joiner gives what there is in any case, as [`CollectAll`] and
    /// [`Tolerate`] do. [`try_spawn`](Self::try_spawn) gives the future back instead.
    ///
    /// # Cancel safety
    /// Dropping the handle changes nothing: the child is its scope's.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Child<R, ()>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let how = How::new(SpawnOptions::new());
        self.launch(how, ToJoiner, future)
            .unwrap_or_else(|_| self.refused())
    }

    /// Starts a child without a handle; the scope waits for it all the same.
    ///
    /// When the scope is cancelled or has ended, `future` is dropped unpolled, and what the scope then gives is as for
    /// [`spawn`](Self::spawn). [`try_spawn`](Self::try_spawn) gives it back instead.
    ///
    /// # Cost
    /// What the task costs, and five locked steps: three that count and number, and two for a reference to the scope. Where it is pending, it takes
    /// a lock to wait for the scope's end, and one to leave.
    #[track_caller]
    pub fn spawn_detached<F>(&self, future: F)
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let options = SpawnOptions::new();
        let mut how = How::new(options);
        how.booked = false;
        if let Ok((child, _)) = self.admit(how) {
            let core = Arc::clone(&self.core);
            let runner = Runner::new(core, child, ToJoinerAlone, future);
            self.rt.spawn_detached_with(options, runner);
        }
    }

    /// Starts a child with a name. What is refused is dropped, as by [`spawn`](Self::spawn).
    ///
    /// # Cancel safety
    /// Dropping the handle changes nothing: the child is its scope's.
    #[track_caller]
    pub fn spawn_named<F>(&self, name: &str, future: F) -> Child<R, ()>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let how = How::new(SpawnOptions::new().name(name));
        self.launch(how, ToJoiner, future)
            .unwrap_or_else(|_| self.refused())
    }

    /// Starts a child, or gives the future back.
    ///
    /// # Errors
    /// [`SpawnError`] with the future, unpolled, when the scope is cancelled or has ended.
    ///
    /// # Cancel safety
    /// Dropping the handle changes nothing: the child is its scope's.
    #[track_caller]
    pub fn try_spawn<F>(&self, future: F) -> Result<Child<R, ()>, SpawnError<F>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.launch(How::new(SpawnOptions::new()), ToJoiner, future)
    }

    /// Starts a child whose value goes to its handle; the joiner is told of nothing but a panic.
    ///
    /// What is refused is dropped, as by [`spawn`](Self::spawn). A future that is to be given back goes into
    /// [`try_spawn`](Self::try_spawn), and its value through a channel or a cell.
    ///
    /// # Cancel safety
    /// Dropping the handle changes nothing: the child is its scope's.
    #[track_caller]
    pub fn spawn_with_handle<F>(&self, future: F) -> Child<R, F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let how = How::new(SpawnOptions::new()).silently();
        self.launch(how, ToHandle, future)
            .unwrap_or_else(|_| self.refused())
    }

    /// Starts a child and waits until it says that it is ready.
    ///
    /// Until then it runs under the caller: an error goes to the caller alone. Afterwards it is a child like any other.
    ///
    /// ```
    /// use trunnion_core::BlockOn;
    /// use trunnion_patterns::TaskScope;
    ///
    /// let sim = trunnion_sim::Sim::new();
    /// let rt = sim.handle();
    /// let served = sim.block_on(TaskScope::builder(&rt).run(async |s| {
    ///     let port = s.start(|ready| async move {
    ///         ready.send(8080);
    ///         Ok("served")
    ///     });
    ///     assert_eq!(port.await.unwrap(), 8080);
    ///     Ok::<_, std::io::Error>(())
    /// }));
    /// assert_eq!(served.unwrap(), ["served"]);
    /// ```
    ///
    /// # Errors
    /// [`StartError`] when the child ends before it is ready, or is not taken: then its future is dropped unpolled.
    ///
    /// # Cancel safety
    /// Dropping the returned future before it is ready aborts the child; its scope still waits until it is gone.
    #[track_caller]
    pub fn start<V, F, Fut>(
        &self,
        child: F,
    ) -> impl Future<Output = Result<V, StartError<E>>> + use<'_, R, T, E, V, F, Fut>
    where
        V: Send + 'static,
        F: FnOnce(Ready<V>) -> Fut,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        let options = SpawnOptions::new();
        async move {
            let (ready, route, hands) = start::pair();
            match self.launch(How::new(options), route, child(ready)) {
                Ok(child) => start::started(child, hands).await,
                Err(_) => Err(StartError::Refused),
            }
        }
    }

    fn launch<F, K>(
        &self,
        how: How<'_>,
        route: K,
        future: F,
    ) -> Result<Child<R, K::Handed>, SpawnError<F>>
    where
        F: Future + Send + 'static,
        K: Route<F::Output, T, E, Given = Joined<<K as Route<F::Output, T, E>>::Handed>>
            + Send
            + 'static,
        K::Handed: Send + 'static,
    {
        let (task, seat) = self.begin(how, route, future)?;
        Ok(self.handle(Some(task), seat))
    }

    /// Starts a child's task; its slot and number.
    fn begin<F, K>(
        &self,
        how: How<'_>,
        route: K,
        future: F,
    ) -> Result<Begun<R, K::Given>, SpawnError<F>>
    where
        F: Future + Send + 'static,
        K: Route<F::Output, T, E, Given: Send> + Send + 'static,
    {
        let options = how.options;
        let (child, slot) = match self.admit(how) {
            Ok(admitted) => admitted,
            Err(refusal) => return Err(refusal.of(future)),
        };
        let seat = (slot, child.1.id);
        let runner = Runner::new(Arc::clone(&self.core), child, route, future);
        Ok((self.rt.spawn_with(options, runner), seat))
    }

    fn refused<V: Send + 'static>(&self) -> Child<R, V> {
        self.handle(None, (0, REFUSED))
    }

    fn handle<V: Send + 'static>(
        &self,
        task: Option<R::Task<Joined<V>>>,
        seat: (usize, u64),
    ) -> Child<R, V> {
        let scope = Arc::<Joint<T, E>>::clone(&self.core);
        let address = runner::address(&scope);
        Child::new(task, (scope, address), seat)
    }
}

impl<R: Clone, T, E> Clone for TaskScope<R, T, E> {
    fn clone(&self) -> Self {
        Self::new(self.rt.clone(), Arc::clone(&self.core))
    }
}

impl<R, T, E> fmt::Debug for TaskScope<R, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskScope")
            .field("name", &self.name())
            .field("token", &self.core.open().token)
            .finish_non_exhaustive()
    }
}
