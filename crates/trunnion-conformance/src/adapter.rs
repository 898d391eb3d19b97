//! What an adapter says about itself, so that the cases can start and end it.

use core::marker::PhantomData;
use std::error::Error;

use trunnion_core::{AnyLocalRuntime, AnyRuntime, BlockOn, LocalRuntime, Runtime, SpawnBlocking};

/// Names a runtime under test: how one is started, and what handle it gives.
///
/// Each case starts an instance of its own and drops it at its end.
pub trait Adapter: 'static {
    /// The instance that keeps the runtime alive and can be entered.
    type Owner: BlockOn + Send + Sync + 'static;
    /// The value that libraries get.
    type Runtime: Runtime;

    /// Whether two threads may be inside `block_on` of one owner at once; otherwise the second is refused.
    const CONCURRENT_BLOCK_ON: bool = true;

    /// Whether tasks go on running when no thread is inside `block_on`.
    const RUNS_IN_BACKGROUND: bool = true;

    /// How many blocking closures run at once; 0 if each runs as one step on the thread of the tasks.
    ///
    /// The group B fills all of these threads. A runtime without `SpawnBlocking` leaves it alone.
    const BLOCKING_THREADS: usize = 512;

    /// Starts a runtime.
    fn start() -> Self::Owner;

    /// Gives a handle to the runtime.
    fn runtime(owner: &Self::Owner) -> Self::Runtime;
}

/// Adds the local side of a runtime: for the group L.
pub trait LocalAdapter: 'static {
    /// The instance that keeps the local runtime alive and can be entered.
    type LocalOwner: BlockOn + 'static;
    /// The value that libraries get.
    type Local: LocalRuntime;

    /// Starts a local runtime on this thread.
    fn start_local() -> Self::LocalOwner;

    /// Gives a handle to the local runtime.
    fn local(owner: &Self::LocalOwner) -> Self::Local;
}

/// Adds a way to build the runtime without its timer: for the case T20.
pub trait TimerOff: Adapter {
    /// Tries to make a runtime value where the native runtime has no timer.
    ///
    /// # Errors
    /// Always, in an adapter that keeps the promise: there must be no value whose first sleep panics.
    fn start_without_timer() -> Result<Self::Runtime, Box<dyn Error>>;
}

/// Adds what a simulated runtime can tell: for the group V.
pub trait VirtualAdapter: Adapter<Runtime: SpawnBlocking> {
    /// Starts a runtime whose choices follow from `seed`.
    fn start_seeded(seed: u64) -> Self::Owner;

    /// Gives the trace of all events so far.
    fn trace(owner: &Self::Owner) -> String;
}

/// Puts an adapter's runtime behind [`AnyRuntime`], so that the whole suite runs once more.
pub struct Erased<A>(PhantomData<A>);

impl<A: Adapter<Runtime: SpawnBlocking>> Adapter for Erased<A> {
    type Owner = A::Owner;
    type Runtime = AnyRuntime;

    const CONCURRENT_BLOCK_ON: bool = A::CONCURRENT_BLOCK_ON;
    const RUNS_IN_BACKGROUND: bool = A::RUNS_IN_BACKGROUND;
    const BLOCKING_THREADS: usize = A::BLOCKING_THREADS;

    fn start() -> Self::Owner {
        A::start()
    }

    fn runtime(owner: &Self::Owner) -> AnyRuntime {
        AnyRuntime::new(A::runtime(owner))
    }
}

impl<A: LocalAdapter> LocalAdapter for Erased<A> {
    type LocalOwner = A::LocalOwner;
    type Local = AnyLocalRuntime;

    fn start_local() -> Self::LocalOwner {
        A::start_local()
    }

    fn local(owner: &Self::LocalOwner) -> AnyLocalRuntime {
        AnyLocalRuntime::new(A::local(owner))
    }
}

impl<A: TimerOff<Runtime: SpawnBlocking>> TimerOff for Erased<A> {
    fn start_without_timer() -> Result<AnyRuntime, Box<dyn Error>> {
        A::start_without_timer().map(AnyRuntime::new)
    }
}

impl<A: VirtualAdapter> VirtualAdapter for Erased<A> {
    fn start_seeded(seed: u64) -> Self::Owner {
        A::start_seeded(seed)
    }

    fn trace(owner: &Self::Owner) -> String {
        A::trace(owner)
    }
}

impl<A> core::fmt::Debug for Erased<A> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Erased")
    }
}
