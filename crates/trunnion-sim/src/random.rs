//! The seeded generators of all choices.

use trunnion_core::sync::atomic::{AtomicU64, Ordering};

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Draws repeatable numbers for one owner: `SplitMix64`, whose state is a counter.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Draws a number below `limit`, and 0 for a limit of 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        scale(self.next(), limit)
    }
}

/// Draws the same numbers for whoever asks: one atomic addition is a draw.
#[derive(Debug)]
pub(crate) struct SharedRandom(AtomicU64);

impl SharedRandom {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(mix(seed)))
    }

    pub(crate) fn reseed(&self, seed: u64) {
        self.0.store(mix(seed), Ordering::Relaxed);
    }

    pub(crate) fn next(&self) -> u64 {
        mix(self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP))
    }

    /// Draws a number below `limit`, and 0 for a limit of 0.
    pub(crate) fn below(&self, limit: usize) -> usize {
        scale(self.next(), limit)
    }
}

fn scale(drawn: u64, limit: usize) -> usize {
    let product = u128::from(drawn) * limit as u128;
    usize::try_from(product >> 64).unwrap_or(0)
}

fn mix(state: u64) -> u64 {
    let mut z = state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
