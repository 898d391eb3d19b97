//! The runtime behind [`AnyRuntime`](super::AnyRuntime), as a trait object.

use core::any::Any;
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::boxed::Box;

use super::AnyYield;
use crate::task::Runner;
use crate::{AdvanceHold, Info, Instant, Runtime, Sleep, SpawnBlocking, SpawnOptions};

pub(super) trait Erased: Send + Sync {
    fn now(&self) -> Instant;
    fn now_coarse(&self) -> Instant;
    fn hold(&self) -> AdvanceHold;
    fn to_std(&self, at: Instant) -> Option<std::time::Instant>;
    fn instant_of(&self, at: std::time::Instant) -> Instant;
    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep + Send + Sync>>;
    fn granularity(&self) -> Duration;
    fn run(&self, options: SpawnOptions<'_>, runner: Runner);
    fn run_detached(
        &self,
        options: SpawnOptions<'_>,
        future: Pin<Box<dyn Future<Output = ()> + Send>>,
    );
    fn run_blocking(&self, options: SpawnOptions<'_>, runner: Runner);
    fn yield_now(&self) -> AnyYield;
    fn next_u64(&self) -> u64;
    fn info(&self) -> Info;
    fn as_any(&self) -> &dyn Any;
}

impl<R: Runtime + SpawnBlocking> Erased for R {
    fn now(&self) -> Instant {
        R::now(self)
    }

    fn now_coarse(&self) -> Instant {
        R::now_coarse(self)
    }

    fn hold(&self) -> AdvanceHold {
        R::hold(self)
    }

    fn to_std(&self, at: Instant) -> Option<std::time::Instant> {
        R::to_std(self, at)
    }

    fn instant_of(&self, at: std::time::Instant) -> Instant {
        R::from_std(self, at)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep + Send + Sync>> {
        Box::pin(R::sleep_until(self, deadline))
    }

    fn granularity(&self) -> Duration {
        R::granularity(self)
    }

    fn run(&self, options: SpawnOptions<'_>, runner: Runner) {
        self.spawn_detached_with(options, runner);
    }

    fn run_detached(
        &self,
        options: SpawnOptions<'_>,
        future: Pin<Box<dyn Future<Output = ()> + Send>>,
    ) {
        self.spawn_detached_with(options, future);
    }

    fn run_blocking(&self, options: SpawnOptions<'_>, runner: Runner) {
        self.spawn_blocking_detached_with(options, move || runner.run_to_end());
    }

    fn yield_now(&self) -> AnyYield {
        AnyYield::new(R::yield_now(self))
    }

    fn next_u64(&self) -> u64 {
        R::next_u64(self)
    }

    fn info(&self) -> Info {
        R::info(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
