//! Drawing uniformly from a range of delays.

use trunnion_core::Entropy;

/// The delays from `low` to `high` in nanoseconds, both included; `low` is not above `high`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) low: u64,
    pub(super) high: u64,
}

impl Range {
    /// Draws one, with one random number, or none where there is no choice.
    ///
    /// The upper half of a 64 x 64 bit product (Lemire, "Fast random integer generation in an interval", 2019) without its
    /// rejection loop, which a poor source could keep from ending: no delay is off by more than 2^-64 in probability.
    pub(super) fn draw<E: Entropy + ?Sized>(self, entropy: &E) -> u64 {
        let width = self.high - self.low;
        if width == 0 {
            return self.low;
        }
        let product = u128::from(entropy.next_u64()) * (u128::from(width) + 1);
        // The upper half is at most `width`.
        let offset = u64::try_from(product >> 64).unwrap_or(width);
        self.low + offset
    }
}
