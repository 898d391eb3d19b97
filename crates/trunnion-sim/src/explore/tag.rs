//! Which call a replay line belongs to.

use core::any::type_name;
use core::cell::RefCell;
use std::collections::BTreeMap;

std::thread_local! {
    /// How often this thread has explored each test.
    static CALLS: RefCell<BTreeMap<&'static str, u32>> = const { RefCell::new(BTreeMap::new()) };
}

/// Names a call that explores a test, which the line of a failure repeats: a hash of the test's type, which says in which function it is written, and of the
/// number of the call among those of the thread, for calls in one function and in loops.
///
/// Lines of the source do not count, so that a line fits after an edit elsewhere.
pub(super) fn next<T: ?Sized>(_: &T) -> u16 {
    let name = type_name::<T>();
    let nth = CALLS.try_with(|calls| {
        let mut calls = calls.borrow_mut();
        let nth = calls.entry(name).or_default();
        core::mem::replace(nth, nth.wrapping_add(1))
    });
    let nth = nth.unwrap_or_default().to_le_bytes();
    fold(name.bytes().chain(nth))
}

/// A hash (FNV-1a), folded to 16 bits.
pub(super) fn fold(bytes: impl Iterator<Item = u8>) -> u16 {
    let hash = bytes.fold(0x811C_9DC5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let [a, b, c, d] = hash.to_be_bytes();
    u16::from_be_bytes([a ^ c, b ^ d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_differ_by_test_and_by_number() {
        let test = || ();
        let tags = [next(&test), next(&test), next(&1_u8)];
        assert_ne!(tags[0], tags[1]);
        assert_ne!(tags[0], tags[2]);
    }
}
