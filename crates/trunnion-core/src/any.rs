//! Runtimes whose type is erased.

mod erased;
mod local;
mod turn;

use core::any::Any;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::boxed::Box;
use std::sync::Arc;

use crate::task::{self, Blocking, Task};
use crate::{
    AdvanceHold, Clock, Entropy, Info, Instant, NoRuntime, Runtime, RuntimeInfo, Sleep, Spawn,
    SpawnBlocking, SpawnOptions, Timer, YieldNow, context,
};

use erased::Erased;
pub use local::{AnyLocalRuntime, AnyLocalSleep};
pub use turn::{AnyLocalYield, AnyYield};

/// Holds any runtime, so that types which use one need no type parameter.
///
/// It is made from any [`Runtime`] with [`SpawnBlocking`] and implements both, with the same behaviour. Make it the
/// default of a parameter and most users never see it:
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{AnyRuntime, NoRuntime, Runtime, Timer};
///
/// pub struct Client<R = AnyRuntime> {
///     rt: R,
/// }
///
/// impl Client {
///     pub fn new() -> Result<Self, NoRuntime> {
///         Ok(Self { rt: AnyRuntime::current()? })
///     }
/// }
///
/// impl<R: Runtime> Client<R> {
///     pub fn with_runtime(rt: R) -> Self {
///         Self { rt }
///     }
///
///     pub async fn pause(&self) {
///         self.rt.sleep(Duration::from_millis(10)).await;
///     }
/// }
///
/// assert!(Client::new().is_err(), "no runtime is current here");
/// ```
///
/// # Cost
/// A spawn allocates twice (the task cell, or a box for a detached task, and what the runtime takes for it), `spawn_blocking`
/// the task cell besides what the runtime takes for a closure without a handle, and a sleep once; a reset, `now`, a random
/// number and [`AnyYield`] do not. A clone counts one reference, or none for [`from_static`](Self::from_static).
#[derive(Clone)]
pub struct AnyRuntime(Held);

#[derive(Clone)]
enum Held {
    Static(&'static dyn Erased),
    Shared(Arc<dyn Erased>),
}

impl AnyRuntime {
    /// Erases the type of `runtime`; an `AnyRuntime` is given back as it is.
    ///
    /// # Cost
    /// One allocation.
    pub fn new<R: Runtime + SpawnBlocking>(runtime: R) -> Self {
        match (&runtime as &dyn Any).downcast_ref::<Self>() {
            Some(any) => any.clone(),
            None => Self(Held::Shared(Arc::new(runtime))),
        }
    }

    /// Erases the type of a runtime that lives as long as the program.
    pub const fn from_static<R: Runtime + SpawnBlocking>(runtime: &'static R) -> Self {
        Self(Held::Static(runtime))
    }

    /// Finds the runtime that is current on this thread; see [`context`] for who is asked.
    ///
    /// Resolve it once and keep the value.
    ///
    /// # Errors
    /// [`NoRuntime`], which lists who was asked.
    pub fn current() -> Result<Self, NoRuntime> {
        context::current()
    }

    /// Gives the runtime as its own type, if it is an `R`, also out of an `AnyRuntime` inside this one.
    #[must_use]
    pub fn downcast_ref<R: Runtime + SpawnBlocking>(&self) -> Option<&R> {
        let held = self.erased().as_any();
        // Only `from_static` nests: a constant cannot look into its runtime.
        let inner = || {
            held.downcast_ref::<Self>()?
                .erased()
                .as_any()
                .downcast_ref()
        };
        held.downcast_ref().or_else(inner)
    }

    fn erased(&self) -> &dyn Erased {
        match &self.0 {
            Held::Static(runtime) => *runtime,
            Held::Shared(runtime) => &**runtime,
        }
    }
}

impl Clock for AnyRuntime {
    fn now(&self) -> Instant {
        self.erased().now()
    }

    fn now_coarse(&self) -> Instant {
        self.erased().now_coarse()
    }

    fn hold(&self) -> AdvanceHold {
        self.erased().hold()
    }

    fn to_std(&self, at: Instant) -> Option<std::time::Instant> {
        self.erased().to_std(at)
    }

    fn from_std(&self, at: std::time::Instant) -> Instant {
        self.erased().instant_of(at)
    }
}

impl Timer for AnyRuntime {
    type Sleep = AnySleep;

    fn sleep_until(&self, deadline: Instant) -> AnySleep {
        AnySleep(self.erased().sleep_until(deadline))
    }

    fn granularity(&self) -> Duration {
        self.erased().granularity()
    }
}

impl Spawn for AnyRuntime {
    type Task<T: Send + 'static> = Task<T>;

    fn spawn_with<F>(&self, options: SpawnOptions<'_>, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runner, task) = task::prepare(future);
        self.erased().run(options, runner);
        task
    }

    fn spawn_detached_with<F>(&self, options: SpawnOptions<'_>, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.erased().run_detached(options, Box::pin(future));
    }
}

impl SpawnBlocking for AnyRuntime {
    type Blocking<T: Send + 'static> = Blocking<T>;

    fn spawn_blocking_with<F, T>(&self, options: SpawnOptions<'_>, job: F) -> Blocking<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (runner, handle) = task::split_blocking(job);
        self.erased().run_blocking(options, runner);
        handle
    }
}

impl YieldNow for AnyRuntime {
    type Yield = AnyYield;

    fn yield_now(&self) -> AnyYield {
        self.erased().yield_now()
    }
}

impl Entropy for AnyRuntime {
    fn next_u64(&self) -> u64 {
        self.erased().next_u64()
    }
}

impl RuntimeInfo for AnyRuntime {
    fn info(&self) -> Info {
        self.erased().info()
    }
}

impl fmt::Debug for AnyRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyRuntime")
            .field(&RuntimeInfo::info(self))
            .finish()
    }
}

/// Waits until a deadline on an [`AnyRuntime`]; see [`Sleep`].
///
/// # Cancel safety
/// Dropping it removes the timer; nothing is lost.
#[must_use = "futures do nothing unless awaited"]
pub struct AnySleep(Pin<Box<dyn Sleep + Send + Sync>>);

impl Future for AnySleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl Sleep for AnySleep {
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

impl fmt::Debug for AnySleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnySleep")
            .field("deadline", &self.deadline())
            .finish()
    }
}
