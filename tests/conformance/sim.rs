//! V5: the conformance suite passes in the simulator in order (FIFO), in reverse (LIFO) and at random.
#![cfg(not(trunnion_loom))]

use trunnion_conformance::{Adapter, LocalAdapter, VirtualAdapter, suite};
use trunnion_sim::{Schedule, Sim, SimLocal, SimRuntime};

/// Names a schedule by a type.
trait Order: 'static {
    const SCHEDULE: Schedule;
}

struct InOrder<O>(core::marker::PhantomData<O>);

impl<O: Order> Adapter for InOrder<O> {
    type Owner = Sim;
    type Runtime = SimRuntime;

    const CONCURRENT_BLOCK_ON: bool = false;
    const RUNS_IN_BACKGROUND: bool = false;
    const BLOCKING_THREADS: usize = 0;

    fn start() -> Sim {
        Self::start_seeded(0)
    }

    fn runtime(owner: &Sim) -> SimRuntime {
        owner.handle()
    }
}

impl<O: Order> LocalAdapter for InOrder<O> {
    type LocalOwner = Sim;
    type Local = SimLocal;

    fn start_local() -> Sim {
        Self::start()
    }

    fn local(owner: &Sim) -> SimLocal {
        owner.local()
    }
}

impl<O: Order> VirtualAdapter for InOrder<O> {
    fn start_seeded(seed: u64) -> Sim {
        Sim::new().schedule(O::SCHEDULE).seed(seed)
    }

    fn trace(owner: &Sim) -> String {
        owner.handle().trace().to_string()
    }
}

struct Fifo;

impl Order for Fifo {
    const SCHEDULE: Schedule = Schedule::Fifo;
}

suite! {
    mod fifo for InOrder<Fifo>;
    has: [blocking, local, ends, shutdown, detection, erased, virtual_time];
    lacks: { timer_off: "its timer is always there" }
}

struct Lifo;

impl Order for Lifo {
    const SCHEDULE: Schedule = Schedule::Lifo;
}

suite! {
    mod lifo for InOrder<Lifo>;
    has: [blocking, local, ends, shutdown, detection, erased, virtual_time];
    lacks: { timer_off: "its timer is always there" }
}

struct Random;

impl Order for Random {
    const SCHEDULE: Schedule = Schedule::Random;
}

suite! {
    mod random for InOrder<Random>;
    has: [blocking, local, ends, shutdown, detection, erased, virtual_time];
    lacks: { timer_off: "its timer is always there" }
}
