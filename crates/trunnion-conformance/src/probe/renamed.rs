//! A runtime under another name, for cases that need two and may get one.

use core::future::Future;
use core::time::Duration;

use trunnion_core::{
    AdvanceHold, Clock, Entropy, Info, Instant, Runtime, RuntimeId, RuntimeInfo, Spawn,
    SpawnBlocking, SpawnOptions, Timer, YieldNow,
};

/// Does all that the runtime inside does, under an id of its own.
#[derive(Clone, Debug)]
pub struct Renamed<R> {
    inner: R,
    id: RuntimeId,
}

impl<R> Renamed<R> {
    /// Gives `inner` a new id.
    #[must_use]
    pub fn new(inner: R) -> Self {
        let id = RuntimeId::unique("renamed");
        Self { inner, id }
    }
}

impl<R: Clock> Clock for Renamed<R> {
    fn now(&self) -> Instant {
        self.inner.now()
    }

    fn hold(&self) -> AdvanceHold {
        self.inner.hold()
    }
}

impl<R: Timer> Timer for Renamed<R> {
    type Sleep = R::Sleep;

    fn sleep_until(&self, deadline: Instant) -> R::Sleep {
        self.inner.sleep_until(deadline)
    }

    fn granularity(&self) -> Duration {
        self.inner.granularity()
    }
}

impl<R: Spawn> Spawn for Renamed<R> {
    type Task<T: Send + 'static> = R::Task<T>;

    fn spawn_with<F>(&self, options: SpawnOptions<'_>, future: F) -> R::Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.inner.spawn_with(options, future)
    }
}

impl<R: SpawnBlocking> SpawnBlocking for Renamed<R> {
    type Blocking<T: Send + 'static> = R::Blocking<T>;

    fn spawn_blocking_with<F, T>(&self, options: SpawnOptions<'_>, job: F) -> R::Blocking<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.inner.spawn_blocking_with(options, job)
    }
}

impl<R: YieldNow> YieldNow for Renamed<R> {
    type Yield = R::Yield;

    fn yield_now(&self) -> R::Yield {
        self.inner.yield_now()
    }
}

impl<R: Entropy> Entropy for Renamed<R> {
    fn next_u64(&self) -> u64 {
        self.inner.next_u64()
    }
}

impl<R: Runtime> RuntimeInfo for Renamed<R> {
    fn info(&self) -> Info {
        let mut info = self.inner.info();
        info.id = self.id;
        info
    }
}
