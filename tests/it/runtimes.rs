//! The runtimes that these tests run on, one of each kind.

use std::num::NonZeroUsize;

use trunnion_core::{AnyRuntime, BlockOn, WouldDeadlock};
use trunnion_sim::{Schedule, Sim};
use trunnion_smol::{SmolGlobal, SmolOwned};
use trunnion_tokio::TokioOwned;

/// An owner of any kind.
pub(crate) enum Owner {
    Tokio(TokioOwned),
    Smol(SmolOwned),
    SmolGlobal(SmolGlobal),
    Sim(Sim),
}

impl Owner {
    pub(crate) fn runtime(&self) -> AnyRuntime {
        match self {
            Self::Tokio(owner) => AnyRuntime::new(owner.handle()),
            Self::Smol(owner) => AnyRuntime::new(owner.handle()),
            Self::SmolGlobal(owner) => AnyRuntime::new(*owner),
            Self::Sim(owner) => AnyRuntime::new(owner.handle()),
        }
    }
}

impl BlockOn for Owner {
    fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, WouldDeadlock<F>> {
        match self {
            Self::Tokio(owner) => owner.try_block_on(future),
            Self::Smol(owner) => owner.try_block_on(future),
            Self::SmolGlobal(owner) => owner.try_block_on(future),
            Self::Sim(owner) => owner.try_block_on(future),
        }
    }
}

fn tokio_multi_thread() -> Owner {
    let two = NonZeroUsize::MIN.saturating_add(1);
    Owner::Tokio(TokioOwned::with_workers(two).expect("tokio starts"))
}

fn tokio_current_thread() -> Owner {
    Owner::Tokio(TokioOwned::current_thread().expect("tokio starts"))
}

fn smol_owned() -> Owner {
    Owner::Smol(SmolOwned::with_workers(NonZeroUsize::MIN).expect("the thread starts"))
}

fn smol_global() -> Owner {
    Owner::SmolGlobal(SmolGlobal)
}

fn sim() -> Owner {
    Owner::Sim(Sim::new())
}

pub(crate) type Start = fn() -> Owner;

/// Every kind of runtime, with its name for the text of a failure.
pub(crate) const ALL: [(&str, Start); 5] = [
    ("tokio multi-thread", tokio_multi_thread),
    ("tokio current-thread", tokio_current_thread),
    ("smol owned", smol_owned),
    ("smol global", smol_global),
    ("sim", sim),
];

/// How many schedules of the simulator a race is tried in.
pub(crate) const SEEDS: u64 = 256;

/// Runs `case` to its end on every kind of runtime.
pub(crate) fn on_each<F: Future<Output = ()>>(case: impl Fn(AnyRuntime) -> F) {
    for (name, start) in ALL {
        let owner = start();
        let done = owner.block_on(async {
            case(owner.runtime()).await;
            name
        });
        assert_eq!(done, name);
    }
}

/// Runs `case` to its end in many schedules of the simulator.
pub(crate) fn in_each_schedule<F: Future<Output = ()>>(case: impl Fn(AnyRuntime) -> F) {
    for seed in 0..SEEDS {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        sim.block_on(case(AnyRuntime::new(sim.handle())));
    }
}

/// Does both.
pub(crate) fn everywhere<F: Future<Output = ()>>(case: impl Fn(AnyRuntime) -> F) {
    on_each(&case);
    in_each_schedule(case);
}
