//! A runtime that counts what it is asked for.

use std::rc::Rc;
use std::{cell::Cell, time::Duration};

use trunnion_core::{Clock, Entropy, Instant, Timer};
use trunnion_sim::SimRuntime;

/// Counts clock reads, sleeps and random numbers of all its clones.
#[derive(Clone)]
pub(crate) struct Counted {
    rt: SimRuntime,
    counts: Rc<Cell<(u32, u32, u32)>>,
}

impl Counted {
    pub(crate) fn new(rt: SimRuntime) -> Self {
        let counts = Rc::default();
        Self { rt, counts }
    }

    /// The clock reads, sleeps and random numbers so far.
    pub(crate) fn counts(&self) -> (u32, u32, u32) {
        self.counts.get()
    }
}

impl Clock for Counted {
    fn now(&self) -> Instant {
        let (reads, sleeps, draws) = self.counts.get();
        self.counts.set((reads + 1, sleeps, draws));
        self.rt.now()
    }
}

impl Timer for Counted {
    type Sleep = <SimRuntime as Timer>::Sleep;

    fn sleep_until(&self, deadline: Instant) -> Self::Sleep {
        let (reads, sleeps, draws) = self.counts.get();
        self.counts.set((reads, sleeps + 1, draws));
        self.rt.sleep_until(deadline)
    }

    fn granularity(&self) -> Duration {
        self.rt.granularity()
    }
}

impl Entropy for Counted {
    fn next_u64(&self) -> u64 {
        let (reads, sleeps, draws) = self.counts.get();
        self.counts.set((reads, sleeps, draws + 1));
        self.rt.next_u64()
    }
}
