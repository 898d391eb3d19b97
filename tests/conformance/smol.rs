//! The conformance suite on smol: the global executor, and executors of one's own with one thread and with two.
#![cfg(not(trunnion_loom))]

use std::num::NonZeroUsize;

use trunnion_conformance::{Adapter, LocalAdapter, suite};
use trunnion_smol::{SmolExecutor, SmolGlobal, SmolLocal, SmolOwned};

/// What the crate `blocking` starts at most; the pool is one for the whole process.
const BLOCKING_THREADS: usize = 500;

struct Global;

impl Adapter for Global {
    type Owner = SmolGlobal;
    type Runtime = SmolGlobal;

    const BLOCKING_THREADS: usize = BLOCKING_THREADS;

    fn start() -> SmolGlobal {
        SmolGlobal
    }

    fn runtime(owner: &SmolGlobal) -> SmolGlobal {
        *owner
    }
}

suite! {
    mod global for Global;
    has: [blocking, detection, erased];
    lacks: {
        local: "`SmolLocal` is checked with the executors of one's own",
        ends: "the global executor never ends",
        shutdown: "the global executor never ends",
        timer_off: "its timer is always there",
        virtual_time: "it runs in real time",
    }
}

struct Owned<const THREADS: usize>;

impl<const THREADS: usize> Adapter for Owned<THREADS> {
    type Owner = SmolOwned;
    type Runtime = SmolExecutor;

    const BLOCKING_THREADS: usize = BLOCKING_THREADS;

    fn start() -> SmolOwned {
        let threads = NonZeroUsize::new(THREADS).expect("at least one thread");
        SmolOwned::with_workers(threads).expect("the threads start")
    }

    fn runtime(owner: &SmolOwned) -> SmolExecutor {
        owner.handle()
    }
}

impl<const THREADS: usize> LocalAdapter for Owned<THREADS> {
    type LocalOwner = SmolLocal;
    type Local = SmolLocal;

    fn start_local() -> SmolLocal {
        SmolLocal::new()
    }

    fn local(owner: &SmolLocal) -> SmolLocal {
        owner.clone()
    }
}

suite! {
    mod one_thread for Owned<1>;
    has: [blocking, local, ends, shutdown, detection, erased];
    lacks: {
        timer_off: "its timer is always there",
        virtual_time: "it runs in real time",
    }
}

suite! {
    mod two_threads for Owned<2>;
    has: [blocking, local, ends, shutdown, detection, erased];
    lacks: {
        timer_off: "its timer is always there",
        virtual_time: "it runs in real time",
    }
}
