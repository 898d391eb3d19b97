//! Children that clean up when they are cancelled.

use std::future::Future;
use std::sync::Arc;

use trunnion_core::panic::catch;
use trunnion_core::{CancelToken, Spawn, SpawnOptions};

use super::runner::{Runner, ToJoiner};
use super::{Child, How, SpawnError, TaskScope};

impl<R, T, E> TaskScope<R, T, E>
where
    R: Spawn,
    T: Send + 'static,
    E: Send + 'static,
{
    /// Starts a child that cleans up when it is cancelled: it gets the scope's token and runs on until the grace is over.
    ///
    /// A scope that is cancelled, but not killed, still takes such children. What is refused is dropped, uncalled;
    /// [`try_spawn_graceful`](Self::try_spawn_graceful) gives it back.
    ///
    /// # Cancel safety
    /// Dropping the handle changes nothing: the child is its scope's.
    #[track_caller]
    pub fn spawn_graceful<F, Fut>(&self, child: F) -> Child<R, ()>
    where
        F: FnOnce(CancelToken) -> Fut,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.try_spawn_graceful(child)
            .unwrap_or_else(|_| self.refused())
    }

    /// Starts a child that cleans up when it is cancelled, or gives `child` back.
    ///
    /// ```
    /// use trunnion_core::{BlockOn, CancelKind};
    /// use trunnion_patterns::TaskScope;
    ///
    /// let sim = trunnion_sim::Sim::new();
    /// let rt = sim.handle();
    /// let killed = sim.block_on(TaskScope::builder(&rt).run(async |s| {
    ///     s.token().kill(CancelKind::Shutdown);
    ///     let refused = s.try_spawn_graceful(|_| async { Ok::<_, &str>("flushed") });
    ///     let flush = refused.err().expect("it is killed").into_inner();
    ///     assert_eq!(flush(s.token().clone()).await, Ok("flushed")); // here, then
    ///     Ok(())
    /// }));
    /// assert!(killed.is_err());
    /// ```
    ///
    /// # Errors
    /// [`SpawnError`] with `child`, uncalled, when the scope is killed or has ended.
    ///
    /// # Panics
    /// With the panic of `child` where it makes the future; there is no child then.
    ///
    /// # Cancel safety
    /// Dropping the handle changes nothing: the child is its scope's.
    #[track_caller]
    pub fn try_spawn_graceful<F, Fut>(&self, child: F) -> Result<Child<R, ()>, SpawnError<F>>
    where
        F: FnOnce(CancelToken) -> Fut,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        let how = How::new(SpawnOptions::new()).gracefully();
        let (options, core) = (how.options, self.core.open());
        let ((mut ticket, member), slot) = match self.admit(how) {
            Ok(admitted) => admitted,
            Err(refusal) => return Err(refusal.of(child)),
        };
        let future = catch(|| child(core.token.clone())).unwrap_or_else(|panic| {
            // It is the caller's, and there is no child to tell of.
            ticket.hand_in_unheard(core);
            panic.resume()
        });
        let runner = Runner::new(Arc::clone(&self.core), (ticket, member), ToJoiner, future);
        let task = self.rt.spawn_with(options, runner);
        Ok(self.handle(Some(task), (slot, member.id)))
    }
}
