//! Which runtime is current on this thread.
//!
//! Detection is for the edges of a program, where no runtime value is at hand. [`AnyRuntime::current`] asks, in order:
//!
//! 1. the innermost trunnion context of this thread: [`with_runtime`], the root of a `block_on`, or a task or blocking
//!    closure that was started through trunnion;
//! 2. the [`Probe`]s that adapters have registered: is this thread inside one of *their* runtimes now?
//! 3. the application's default, see [`set_default`].
//!
//! It never starts a thread. A native runtime that was entered inside a trunnion context without trunnion is not seen: the
//! trunnion context is the innermost that there is.

mod current;
mod probe;

use core::fmt;
use core::future::Future;
use std::sync::Arc;

use crate::task::{Scoped, scoped};
use crate::{AnyRuntime, RuntimeId, RuntimeInfo};

pub use current::{AlreadySet, NoRuntime, set_default};
pub use probe::{Probe, register};

pub(crate) use current::current;
pub use probe::unbudgeted;

/// Names the runtime that is current while some code runs; adapters keep one in each of their tasks.
///
/// # Cost
/// A clone counts one reference at most.
#[derive(Clone)]
pub struct Context {
    mode: Mode,
    source: Source,
}

/// Tells what the thread does for the runtime, and so whether it may be blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// A poll: blocking it can starve the runtime.
    Polling,
    /// A thread for blocking code.
    Blocking,
    /// Nothing: the runtime is only named for detection, and what the thread was doing before still holds.
    Named,
}

#[derive(Clone)]
enum Source {
    Is(AnyRuntime),
    Makes(RuntimeId, Arc<dyn Fn() -> AnyRuntime + Send + Sync>),
    Finds(RuntimeId, fn(RuntimeId) -> AnyRuntime),
    Local(RuntimeId),
}

impl Context {
    /// Makes the context of a runtime that lives as long as the program, or of one that `runtime` may keep alive.
    #[must_use]
    pub const fn new(runtime: AnyRuntime) -> Self {
        Self {
            mode: Mode::Polling,
            source: Source::Is(runtime),
        }
    }

    /// Makes a context that builds its runtime value only when it is asked for.
    ///
    /// It is for runtimes that own their tasks: a task that held its runtime would keep it alive for ever, so that `make`
    /// holds it weakly.
    ///
    /// # Cost
    /// One allocation.
    pub fn lazy(id: RuntimeId, make: impl Fn() -> AnyRuntime + Send + Sync + 'static) -> Self {
        Self {
            mode: Mode::Polling,
            source: Source::Makes(id, Arc::new(make)),
        }
    }

    /// Makes a context that looks its runtime up by its id when it is asked for.
    ///
    /// It is for adapters that keep a table of their runtimes. `find` does not fail: for a runtime that has ended it gives a
    /// value that refuses every task.
    ///
    /// # Cost
    /// None; a clone counts no reference.
    #[must_use]
    pub const fn found(id: RuntimeId, find: fn(RuntimeId) -> AnyRuntime) -> Self {
        Self {
            mode: Mode::Polling,
            source: Source::Finds(id, find),
        }
    }

    const fn named(runtime: AnyRuntime) -> Self {
        Self {
            mode: Mode::Named,
            source: Source::Is(runtime),
        }
    }

    /// Makes the context of a local runtime, which has no [`AnyRuntime`]: detection inside it finds [`NoRuntime`].
    #[must_use]
    pub const fn local(id: RuntimeId) -> Self {
        Self {
            mode: Mode::Polling,
            source: Source::Local(id),
        }
    }

    /// Marks the thread as one that may be blocked: for closures of `spawn_blocking`.
    #[must_use]
    pub fn blocking(mut self) -> Self {
        self.mode = Mode::Blocking;
        self
    }

    /// Runs `f` in this context and leaves it afterwards, also when `f` panics.
    ///
    /// # Cost
    /// Two writes of a thread-local pointer. The context is borrowed: no reference is counted and nothing allocated.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        scoped::enter(self, f)
    }

    fn id(&self) -> RuntimeId {
        match &self.source {
            Source::Is(runtime) => runtime.info().id,
            Source::Makes(id, _) | Source::Finds(id, _) | Source::Local(id) => *id,
        }
    }
}

/// Tells whether this thread is polling a task or root future of runtime `id`, so that blocking it could deadlock.
///
/// A poll that encloses others counts as well, up to the closure for blocking code that this thread is inside of. A runtime
/// that is only named, by [`with_runtime`] or as the default, does not count.
///
/// # Cost
/// A look at each context that this thread has entered; no allocation.
#[must_use]
pub fn is_polling(id: RuntimeId) -> bool {
    let answer = |context: &Context| match context.mode {
        Mode::Polling => (context.id() == id).then_some(true),
        Mode::Blocking => Some(false),
        Mode::Named => None,
    };
    scoped::ask(answer).unwrap_or(false)
}

/// Tells whether this thread is inside a task, a root future or a blocking closure of runtime `id`, at any depth.
///
/// A runtime that must not be ended from inside asks this. Only what this thread has entered through trunnion counts: not
/// the probes, and not a runtime that is only named, by [`with_runtime`] or as the default.
///
/// ```
/// use trunnion_core::RuntimeId;
/// use trunnion_core::context::{Context, is_inside, is_polling};
///
/// let id = RuntimeId::unique("example");
/// assert!(!is_inside(id));
/// Context::local(id).blocking().enter(|| assert!(is_inside(id) && !is_polling(id)));
/// ```
///
/// # Cost
/// That of [`is_polling`].
#[must_use]
pub fn is_inside(id: RuntimeId) -> bool {
    let works = |context: &Context| context.mode != Mode::Named && context.id() == id;
    scoped::ask(|context| works(context).then_some(())).is_some()
}

/// Makes `runtime` the one that detection finds while `future` is polled and dropped.
///
/// Tasks that the future spawns have the context of the runtime that they are spawned on. The thread does not become one of
/// the runtime's: it may block on it and end it where it could without this.
///
/// # Cancel safety
/// That of `future`; the context before is restored after each poll.
///
/// ```
/// use trunnion_core::{AnyRuntime, NoRuntime, with_runtime};
///
/// async fn works_anywhere(rt: AnyRuntime) -> Result<(), NoRuntime> {
///     with_runtime(rt, async { AnyRuntime::current().map(drop) }).await
/// }
/// ```
pub fn with_runtime<F: Future>(runtime: AnyRuntime, future: F) -> Scoped<F> {
    Scoped::new(Context::named(runtime), future)
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("id", &self.id())
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
