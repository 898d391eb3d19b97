//! Random numbers of every kind, and short ways to ask for delays.

use std::cell::Cell;
use std::time::Duration;

use trunnion_core::Entropy;
use trunnion_patterns::{Backoff, Jitter};
use trunnion_sim::{Sim, SimRuntime};

/// Repeatable numbers.
pub(crate) fn seeded(seed: u64) -> SimRuntime {
    Sim::new().seed(seed).handle()
}

/// Always the same number: 0 draws the lower end of a range, `u64::MAX` the upper.
pub(crate) struct Always(pub(crate) u64);

impl Entropy for Always {
    fn next_u64(&self) -> u64 {
        self.0
    }
}

/// Counts how often it is asked.
#[derive(Default)]
pub(crate) struct Counted(pub(crate) Cell<u32>);

impl Entropy for Counted {
    fn next_u64(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        u64::from(self.0.get()) << 40
    }
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The raw delay before retry `n`.
pub(crate) fn raw(backoff: Backoff, n: u32) -> Duration {
    backoff
        .jitter(Jitter::None)
        .delay(n, Duration::ZERO, &Always(0))
}

/// Both ends of the range from which the delay before retry `n` is drawn.
pub(crate) fn ends(backoff: Backoff, n: u32, previous: Duration) -> (Duration, Duration) {
    let low = backoff.delay(n, previous, &Always(0));
    (low, backoff.delay(n, previous, &Always(u64::MAX)))
}

/// The first `count` delays of one call.
pub(crate) fn first<E: Entropy>(backoff: Backoff, source: &E, count: usize) -> Vec<Duration> {
    let mut delays = backoff.delays(source);
    std::iter::repeat_with(|| delays.next_delay())
        .take(count)
        .collect()
}
