//! Random numbers for jitter and choices.

#[cfg(feature = "std")]
use core::cell::Cell;
#[cfg(feature = "std")]
use core::hash::{BuildHasher, Hasher};

/// Gives random numbers: unpredictable on real runtimes, repeatable under virtual time.
///
/// They are for jitter and tie-breaking, never for secrets.
pub trait Entropy {
    /// Draws a number; all 64 bits are uniform.
    fn next_u64(&self) -> u64;
}

/// Draws from a generator of the calling thread, seeded by the operating system.
///
/// The generator is `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
///
/// # Cost
/// One thread-local access; no allocation.
///
/// ```
/// use trunnion_core::{Entropy, ThreadEntropy};
///
/// assert_ne!(ThreadEntropy.next_u64(), ThreadEntropy.next_u64());
/// ```
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadEntropy;

#[cfg(feature = "std")]
impl Entropy for ThreadEntropy {
    fn next_u64(&self) -> u64 {
        std::thread_local! {
            static STATE: Cell<u64> = Cell::new(std::hash::RandomState::new().build_hasher().finish());
        }
        // During thread exit the state may be gone; a fresh seed is as random.
        let fresh = || std::hash::RandomState::new().build_hasher().finish();
        STATE.try_with(split_mix).unwrap_or_else(|_| fresh())
    }
}

#[cfg(feature = "std")]
fn split_mix(state: &Cell<u64>) -> u64 {
    state.set(state.get().wrapping_add(0x9E37_79B9_7F4A_7C15));
    let mut z = state.get();
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
