//! What a scope that is driven later takes besides spawned children: graceful children with names, and places without a task.

use std::future::Future;

use trunnion_core::panic::catch;
use trunnion_core::{CancelToken, Spawn, SpawnBlocking, SpawnOptions, TaskHandle};

use super::outcome::Outcome;
use super::runner::{Runner, Stops, ToJoiner};
use super::state::Ticket;
use super::{How, SpawnError, TaskScope};

/// A place in a scope, held by whoever has this: the scope waits until it is dropped.
pub(crate) struct Hold<T, E> {
    ticket: Ticket<T, E>,
    // What the joiner is told when the place is given back.
    value: fn(&CancelToken) -> T,
}

impl<T, E> Hold<T, E> {
    pub(crate) fn token(&self) -> &CancelToken {
        &self.ticket.core.token
    }
}

impl<T, E> Drop for Hold<T, E> {
    fn drop(&mut self) {
        let value = (self.value)(self.token());
        self.ticket.hand_in(Some(Outcome::Ok(value)));
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
        let (ticket, _, ()) = self.admit(how, ()).ok()?;
        Some(Hold { ticket, value })
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
        let (mut ticket, _, part) = self.admit(how, part)?;
        let future = catch(|| begin(part, self.core.token.child())).unwrap_or_else(|panic| {
            // It is the caller's, and there is no child to tell of.
            ticket.hand_in(None);
            panic.resume()
        });
        let runner = Runner::new(ticket, Stops::Killed, ToJoiner, future);
        self.rt.spawn_with(options, runner).detach();
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
