//! What a scope that is driven later takes besides spawned children: graceful children with names, and places without a task.

use std::future::Future;
use std::sync::Arc;

use trunnion_core::panic::catch;
use trunnion_core::{CancelToken, Spawn, SpawnBlocking, SpawnOptions};

use super::outcome::Outcome;
use super::runner::{Runner, ToJoinerAlone};
use super::state::Held;
use super::{How, SpawnError, TaskScope};

/// A place in a scope, held by whoever has this: the scope waits until it is dropped.
pub(crate) struct Hold<T, E> {
    held: Held<T, E>,
    // What the joiner is told when the place is given back.
    value: fn(&CancelToken) -> T,
}

impl<T, E> Hold<T, E> {
    pub(crate) fn token(&self) -> &CancelToken {
        &self.held.joint.open().token
    }
}

impl<T, E> Drop for Hold<T, E> {
    fn drop(&mut self) {
        let value = (self.value)(self.token());
        let Held { joint, ticket } = &mut self.held;
        ticket.hand_in(joint.open(), Some(Outcome::Ok(value)));
    }
}

impl<R, T, E> TaskScope<R, T, E>
where
    T: Send + 'static,
    E: Send + 'static,
{
    /// Takes a place; none once the scope is killed or has ended.
    pub(crate) fn hold(
        &self,
        options: SpawnOptions<'_>,
        value: fn(&CancelToken) -> T,
    ) -> Option<Hold<T, E>> {
        let how = How::new(options).gracefully();
        let ((ticket, _), _) = self.admit(how).ok()?;
        let held = self.held(ticket);
        Some(Hold { held, value })
    }

    /// Starts a graceful child with `begin`, which gets a token of its own, or gives `part` back.
    pub(crate) fn start_graceful<F, Fut>(
        &self,
        options: SpawnOptions<'_>,
        part: F,
        begin: impl FnOnce(F, CancelToken) -> Fut,
    ) -> Result<(), SpawnError<F>>
    where
        R: Spawn,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        let how = How::new(options).gracefully();
        let ((mut ticket, member), _) = match self.admit(how) {
            Ok(admitted) => admitted,
            Err(refusal) => return Err(refusal.of(part)),
        };
        let core = self.core.open();
        let future = catch(|| begin(part, core.token.child())).unwrap_or_else(|panic| {
            // It is the caller's, and there is no child to tell of.
            ticket.hand_in_unheard(core);
            panic.resume()
        });
        let child = (ticket, member);
        let runner = Runner::new(Arc::clone(&self.core), child, ToJoinerAlone, future);
        self.rt.spawn_detached_with(options, runner);
        Ok(())
    }

    /// Runs `part` with `call` where it may block, or gives it back; unless the scope is killed it is taken.
    pub(crate) fn start_blocking<F>(
        &self,
        options: SpawnOptions<'_>,
        part: F,
        call: impl FnOnce(F, &CancelToken) -> Result<T, E> + Send + 'static,
    ) -> Result<(), SpawnError<F>>
    where
        R: SpawnBlocking,
        F: Send + 'static,
    {
        self.block(How::new(options).gracefully(), part, call)
    }
}
