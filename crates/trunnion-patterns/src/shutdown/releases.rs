//! Releases of brackets that a phase waits for.

use core::fmt;
use core::future::Future;

use trunnion_core::{Spawn, SpawnOptions};

use super::phase::Scope;
use crate::bracket::{ReleaseOn, Started};

/// Runs the releases of brackets as part of a phase; made by [`ShutdownHandle::releases`](super::ShutdownHandle::releases).
///
/// Nothing stops a release but the end of the runtime: one that goes on beyond the kill budget is a straggler named `release`, and one
/// that panics is in the report as a part that did.
pub struct ShutdownReleases<R>(Scope<R>);

impl<R> ShutdownReleases<R> {
    pub(super) const fn new(scope: Scope<R>) -> Self {
        Self(scope)
    }
}

impl<R: Spawn> ReleaseOn for ShutdownReleases<R> {
    fn start_release<F>(&self, options: SpawnOptions<'_>, release: F) -> Started<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.0.start_release(options, release)
    }
}

impl<R: Clone> Clone for ShutdownReleases<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R> fmt::Debug for ShutdownReleases<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownReleases").finish_non_exhaustive()
    }
}
