//! Connections in memory: when bytes arrive, how a connection ends, and that none is lost.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod bytes;
mod dropped;
mod ends;

use std::num::NonZeroUsize;
use std::time::Duration;

use trunnion_core::Instant;
use trunnion_sim::{Duplex, Schedule, Sim, SimRuntime, SimStream};

pub(crate) const SEEDS: std::ops::Range<u64> = 0..256;

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

pub(crate) fn at(n: u64) -> Instant {
    Instant::ORIGIN + ms(n)
}

pub(crate) fn seeded(seed: u64) -> Sim {
    Sim::new().schedule(Schedule::Random).seed(seed)
}

/// A connection on which everything that can vary does.
pub(crate) fn rough(rt: &SimRuntime) -> Duplex {
    let capacity = NonZeroUsize::new(7).unwrap();
    let duplex = rt.duplex().latency(ms(1)..=ms(9));
    duplex.capacity(capacity).fragments()
}

pub(crate) fn text(len: usize, first: u8) -> Vec<u8> {
    (0..len)
        .map(|i| first.wrapping_add(u8::try_from(i % 251).unwrap()))
        .collect()
}

pub(crate) async fn all(stream: &mut SimStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    bytes
}
