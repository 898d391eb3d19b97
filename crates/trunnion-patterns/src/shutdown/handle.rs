//! Registering parts and asking for the end.

use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use std::sync::Arc;

use trunnion_core::{CancelReason, CancelToken, Cancelled, Spawn, SpawnBlocking, SpawnOptions};

use super::ShutdownReleases;
use super::error::RegisterError;
use super::phase::{Phase, Scope};
use crate::TaskScopeBuilder;
use crate::task_scope::Hold;

/// Registers parts of a program and asks for its end; a clone for each handler.
///
/// It keeps nothing running, and does not wait: that is [`Shutdown::run`](super::Shutdown::run).
pub struct ShutdownHandle<R>(Arc<Shared<R>>);

struct Shared<R> {
    rt: R,
    token: CancelToken,
    phases: Vec<Phase<R>>,
}

impl<R> ShutdownHandle<R> {
    pub(super) fn new(rt: R, token: CancelToken, phases: Vec<Phase<R>>) -> Self {
        Self(Arc::new(Shared { rt, token, phases }))
    }

    pub(super) fn runtime(&self) -> &R {
        &self.0.rt
    }

    /// Asks for the end. True if this call began the shutdown; false if it had begun, then this call kills.
    ///
    /// The second request means that the first takes too long: what is left is killed at once, in all phases. To ask without ever
    /// killing, cancel the [`token`](Self::token).
    ///
    /// # Panics
    /// With the first panic of a waker or a callback of the token, once all have run.
    pub fn request(&self, reason: impl Into<CancelReason>) -> bool {
        let reason = reason.into();
        let begins = self.0.token.cancel_with(reason.clone());
        if !begins {
            self.0.token.kill(reason);
        }
        begins
    }

    /// Waits until somebody asks for the end, and tells why.
    ///
    /// # Cancel safety
    /// Dropping the returned future changes nothing; a request is not lost, for it is a state.
    pub fn requested(&self) -> Cancelled<'_> {
        self.0.token.cancelled()
    }

    /// Gives the token for the whole application: cancelled by the first request, killed by the second or when the total is over.
    ///
    /// Parts get tokens of their own, which are cancelled when their phase begins.
    pub fn token(&self) -> &CancelToken {
        &self.0.token
    }

    /// Finds a phase that takes parts, and gives `back` if there is none.
    ///
    /// The first phase is closed by the request itself, the others when they begin: until then work that the phases before them leave
    /// behind may still be registered.
    fn open<F>(&self, phase: &str, back: F) -> Result<(&Scope<R>, F), RegisterError<F>> {
        match self.find(phase) {
            None => Err(RegisterError::NoSuchPhase(back)),
            Some((index, known)) => {
                let first = index == 0 && self.0.token.is_cancelled();
                if first || known.scope.token().is_cancelled() {
                    return Err(RegisterError::Stopping(back));
                }
                Ok((&known.scope, back))
            }
        }
    }

    fn find(&self, phase: &str) -> Option<(usize, &Phase<R>)> {
        let mut phases = self.0.phases.iter().enumerate();
        phases.find(|(_, known)| *known.name == *phase)
    }

    /// Starts a part as a task, with a token that is cancelled when `phase` begins to stop.
    ///
    /// From then on it has the phase's time to end; if it is late, its future is dropped where it waits. Cancelling the token stops
    /// nobody else.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_core::CancelKind;
    /// use trunnion_patterns::Shutdown;
    ///
    /// let report = trunnion_sim::run(|rt| async move {
    ///     let shutdown = Shutdown::builder(&rt).phase("drain", Duration::from_secs(20)).build();
    ///     let taken = shutdown.register("drain", "idle", |stop| async move { _ = stop.cancelled().await });
    ///     assert!(taken.is_ok());
    ///     shutdown.request(CancelKind::Shutdown);
    ///     let late = shutdown.register("drain", "late", |_| async { unreachable!("it is not started") });
    ///     assert!(late.is_err());
    ///     shutdown.run().await
    /// });
    /// assert_eq!(report.phases[0].finished.len(), 1);
    /// ```
    ///
    /// # Errors
    /// [`RegisterError`] with `part`, uncalled, if there is no such phase, or it has begun to stop, the first one by the request.
    /// A later phase still takes parts while those before it stop.
    ///
    /// # Cost
    /// A token besides what the runtime allocates for a task, and the name.
    #[track_caller]
    pub fn register<F, Fut>(&self, phase: &str, name: &str, part: F) -> Result<(), RegisterError<F>>
    where
        R: Spawn,
        F: FnOnce(CancelToken) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let options = SpawnOptions::new().name(name);
        let (scope, part) = self.open(phase, part)?;
        let phase = scope.token().clone();
        let started = scope.start_graceful(options, part, |part, token| {
            let future = part(token);
            async move {
                future.await;
                Ok(phase.is_cancelled())
            }
        });
        started.map_err(|refused| RegisterError::Stopping(refused.into_inner()))
    }

    /// Starts a part as a closure that blocks, with a token that is cancelled when `phase` begins to stop.
    ///
    /// It cannot be killed. If it goes on beyond the kill budget it is a straggler: named, and no longer waited for.
    ///
    /// # Errors
    /// As for [`register`](Self::register).
    #[track_caller]
    pub fn register_blocking<F>(
        &self,
        phase: &str,
        name: &str,
        part: F,
    ) -> Result<(), RegisterError<F>>
    where
        R: SpawnBlocking,
        F: FnOnce(&CancelToken) + Send + 'static,
    {
        let options = SpawnOptions::new().name(name);
        let (scope, part) = self.open(phase, part)?;
        let started = scope.start_blocking(options, part, |part, phase| {
            part(&phase.child());
            Ok(phase.is_cancelled())
        });
        started.map_err(|refused| RegisterError::Stopping(refused.into_inner()))
    }

    /// Holds up the end of `phase` until the guard is dropped: for work that runs in tasks of somebody else.
    ///
    /// It cannot be killed; its [`token`](ShutdownGuard::token) says when to let go. One that is still held after the kill budget is a straggler, named by
    /// the place of this call.
    ///
    /// # Errors
    /// As for [`register`](Self::register).
    #[track_caller]
    pub fn guard(&self, phase: &str) -> Result<ShutdownGuard, RegisterError> {
        let options = SpawnOptions::new();
        let (scope, ()) = self.open(phase, ())?;
        let hold = scope.hold(options, CancelToken::is_cancelled);
        hold.map(ShutdownGuard).ok_or(RegisterError::Stopping(()))
    }

    /// Sets a scope up inside `phase`, which waits for it even when its future is dropped, and cancels it when it begins to stop.
    ///
    /// What becomes of its children is told by its own result; the [report](super::PhaseReport::scopes) says whether there were errors, panics
    /// and stragglers, and is complete only when the scope's future is ready or dropped: the phase waits for that too. Its children have the
    /// scope's [`grace`](TaskScopeBuilder::grace) to end, or the phase's time, if that is less.
    ///
    /// # Errors
    /// As for [`register`](Self::register).
    #[track_caller]
    pub fn child_scope(&self, phase: &str) -> Result<TaskScopeBuilder<R>, RegisterError>
    where
        R: Clone,
    {
        self.open(phase, ())?;
        let known = self.find(phase);
        let (_, phase) = known.ok_or(RegisterError::NoSuchPhase(()))?;
        Ok(phase.child_scope())
    }

    /// Gives what runs the releases of [`bracket`](fn@crate::bracket)s as part of `phase`, whose end waits for them: inside its parts, where they are
    /// killed too.
    ///
    /// A phase that is stopping takes releases until it is over; once it is, they run without being waited for. To keep it from ending, be a
    /// part of it, or hold a [`guard`](Self::guard).
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_core::{CancelKind, Timer};
    /// use trunnion_patterns::{Shutdown, bracket};
    ///
    /// let report = trunnion_sim::run(|rt| async move {
    ///     let shutdown = Shutdown::builder(&rt).phase("drain", Duration::from_secs(20)).build();
    ///     let releases = shutdown.releases("drain").unwrap();
    ///     let worker = shutdown.register("drain", "worker", |_| async move {
    ///         let log_out = move |_| async move {
    ///             rt.sleep(Duration::from_millis(300)).await;
    ///             Ok::<(), ()>(())
    ///         };
    ///         let usage = async |_: &mut u32| std::future::pending().await;
    ///         let deaf: Result<(), _> = bracket(&releases, async { Ok(7) }, usage, log_out).await;
    ///         unreachable!("it is killed: {deaf:?}")
    ///     });
    ///     assert!(worker.is_ok());
    ///     shutdown.request(CancelKind::Shutdown);
    ///     shutdown.run().await
    /// });
    /// assert_eq!(report.phases[0].killed.len(), 1);
    /// assert_eq!(report.elapsed, Duration::from_millis(20_300));
    /// ```
    ///
    /// # Errors
    /// [`RegisterError::NoSuchPhase`].
    pub fn releases(&self, phase: &str) -> Result<ShutdownReleases<R>, RegisterError>
    where
        R: Clone,
    {
        let (_, phase) = self.find(phase).ok_or(RegisterError::NoSuchPhase(()))?;
        Ok(ShutdownReleases::new(phase.scope.clone()))
    }
}

impl<R> Clone for ShutdownHandle<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R> fmt::Debug for ShutdownHandle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.phases.iter().map(|phase| &phase.name);
        f.debug_struct("ShutdownHandle")
            .field("phases", &names.collect::<Vec<_>>())
            .field("token", &self.0.token)
            .finish()
    }
}

/// Holds up the end of a phase until it is dropped; made by [`ShutdownHandle::guard`].
#[must_use = "a guard that is dropped holds nothing up"]
pub struct ShutdownGuard(Hold<bool, Infallible>);

impl ShutdownGuard {
    /// Gives the token that is cancelled when the phase begins to stop, and killed when its time is over.
    pub fn token(&self) -> CancelToken {
        self.0.token().child()
    }
}

impl fmt::Debug for ShutdownGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownGuard").finish_non_exhaustive()
    }
}
