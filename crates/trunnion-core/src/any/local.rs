//! Local runtimes whose type is erased.

use core::any::Any;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::boxed::Box;
use std::rc::Rc;

use super::AnyLocalYield;
use crate::task::{self, LocalRunner, LocalTask};
use crate::{
    AdvanceHold, Clock, Entropy, Info, Instant, LocalRuntime, RuntimeInfo, Sleep, SpawnLocal,
    SpawnOptions, Timer, YieldNow,
};

/// Holds any local runtime, so that types which use one need no type parameter; see [`AnyRuntime`](crate::AnyRuntime).
///
/// # Cost
/// A spawn allocates the task cell, or for a detached task a box, besides what the runtime takes, a sleep once; a reset, `now`
/// and [`AnyLocalYield`] do not.
#[derive(Clone)]
pub struct AnyLocalRuntime(Rc<dyn Erased>);

trait Erased {
    fn now(&self) -> Instant;
    fn now_coarse(&self) -> Instant;
    fn hold(&self) -> AdvanceHold;
    fn to_std(&self, at: Instant) -> Option<std::time::Instant>;
    fn instant_of(&self, at: std::time::Instant) -> Instant;
    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>>;
    fn granularity(&self) -> Duration;
    fn run(&self, options: SpawnOptions<'_>, runner: LocalRunner);
    fn run_detached(&self, options: SpawnOptions<'_>, future: Pin<Box<dyn Future<Output = ()>>>);
    fn yield_now(&self) -> AnyLocalYield;
    fn next_u64(&self) -> u64;
    fn info(&self) -> Info;
    fn as_any(&self) -> &dyn Any;
}

impl<R: LocalRuntime> Erased for R {
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

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(R::sleep_until(self, deadline))
    }

    fn granularity(&self) -> Duration {
        R::granularity(self)
    }

    fn run(&self, options: SpawnOptions<'_>, runner: LocalRunner) {
        self.spawn_local_detached_with(options, runner);
    }

    fn run_detached(&self, options: SpawnOptions<'_>, future: Pin<Box<dyn Future<Output = ()>>>) {
        self.spawn_local_detached_with(options, future);
    }

    fn yield_now(&self) -> AnyLocalYield {
        AnyLocalYield::new(R::yield_now(self))
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

impl AnyLocalRuntime {
    /// Erases the type of `runtime`; an `AnyLocalRuntime` is given back as it is.
    ///
    /// # Cost
    /// One allocation.
    pub fn new<R: LocalRuntime>(runtime: R) -> Self {
        match (&runtime as &dyn Any).downcast_ref::<Self>() {
            Some(any) => any.clone(),
            None => Self(Rc::new(runtime)),
        }
    }

    /// Gives the runtime as its own type, if it is an `R`.
    #[must_use]
    pub fn downcast_ref<R: LocalRuntime>(&self) -> Option<&R> {
        self.0.as_any().downcast_ref()
    }
}

impl Clock for AnyLocalRuntime {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn now_coarse(&self) -> Instant {
        self.0.now_coarse()
    }

    fn hold(&self) -> AdvanceHold {
        self.0.hold()
    }

    fn to_std(&self, at: Instant) -> Option<std::time::Instant> {
        self.0.to_std(at)
    }

    fn from_std(&self, at: std::time::Instant) -> Instant {
        self.0.instant_of(at)
    }
}

impl Timer for AnyLocalRuntime {
    type Sleep = AnyLocalSleep;

    fn sleep_until(&self, deadline: Instant) -> AnyLocalSleep {
        AnyLocalSleep(self.0.sleep_until(deadline))
    }

    fn granularity(&self) -> Duration {
        self.0.granularity()
    }
}

impl SpawnLocal for AnyLocalRuntime {
    type LocalTask<T: 'static> = LocalTask<T>;

    fn spawn_local_with<F>(&self, options: SpawnOptions<'_>, future: F) -> LocalTask<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (runner, task) = task::prepare_local(future);
        self.0.run(options, runner);
        task
    }

    fn spawn_local_detached_with<F>(&self, options: SpawnOptions<'_>, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.0.run_detached(options, Box::pin(future));
    }
}

impl YieldNow for AnyLocalRuntime {
    type Yield = AnyLocalYield;

    fn yield_now(&self) -> AnyLocalYield {
        self.0.yield_now()
    }
}

impl Entropy for AnyLocalRuntime {
    fn next_u64(&self) -> u64 {
        self.0.next_u64()
    }
}

impl RuntimeInfo for AnyLocalRuntime {
    fn info(&self) -> Info {
        self.0.info()
    }
}

impl fmt::Debug for AnyLocalRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyLocalRuntime")
            .field(&RuntimeInfo::info(self))
            .finish()
    }
}

/// Waits until a deadline on an [`AnyLocalRuntime`]; see [`Sleep`].
///
/// # Cancel safety
/// Dropping it removes the timer; nothing is lost.
#[must_use = "futures do nothing unless awaited"]
pub struct AnyLocalSleep(Pin<Box<dyn Sleep>>);

impl Future for AnyLocalSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl Sleep for AnyLocalSleep {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.0.as_mut().reset(deadline);
    }

    fn deadline(&self) -> Instant {
        self.0.deadline()
    }

    fn is_elapsed(&self) -> bool {
        self.0.is_elapsed()
    }
}

impl fmt::Debug for AnyLocalSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyLocalSleep")
            .field("deadline", &self.deadline())
            .finish()
    }
}
