//! Releases of brackets that run in a scope.

use core::future::Future;

use trunnion_core::{JoinError, Spawn, SpawnOptions};

use super::members::Stops;
use super::runner::ToHandle;
use super::{How, LimitedScope, TaskScope};
use crate::bracket::{Lasting, ReleaseOn, Started};

/// The scope waits for the release, whose panic is a child's. It is a straggler if it goes on beyond the grace; nothing stops it.
impl<R, T, E> ReleaseOn for TaskScope<R, T, E>
where
    R: Spawn,
    T: Send + 'static,
    E: Send + 'static,
{
    fn start_release<F>(&self, options: SpawnOptions<'_>, release: F) -> Started<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let mut how = How::new(options).silently();
        how.stops = Stops::Never;
        let task = match self.begin(how, ToHandle, release) {
            Ok((task, _)) => task,
            // All have left, and nobody can be made to wait: it runs all the same.
            Err(ended) => {
                let release = ended.into_inner();
                self.rt.spawn_with(options, async { Ok(release.await) })
            }
        };
        let joined = Lasting::new(task);
        Box::pin(async { joined.await?.map_err(JoinError::from) })
    }
}

/// A release needs no place.
impl<R, T, E> ReleaseOn for LimitedScope<R, T, E>
where
    R: Spawn,
    T: Send + 'static,
    E: Send + 'static,
{
    fn start_release<F>(&self, options: SpawnOptions<'_>, release: F) -> Started<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.scope().start_release(options, release)
    }
}
