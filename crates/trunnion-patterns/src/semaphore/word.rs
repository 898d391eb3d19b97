//! The word of a semaphore: three flags, and above them the number of free permits.

/// Somebody is in the line.
pub(super) const QUEUED: usize = 1;
/// Nobody gets permits any more.
pub(super) const CLOSED: usize = 2;
/// Somebody waits for all permits to be back.
pub(super) const AWAITED: usize = 4;

/// Where the number of free permits begins in the word.
pub(super) const SHIFT: u32 = 3;

/// The largest limit: the number in the word is signed.
pub(crate) const MAX_PERMITS: usize = usize::MAX >> (SHIFT + 1);

/// Reads the number of free permits; below zero it is a debt.
#[expect(clippy::cast_possible_wrap, reason = "the word's number is signed")]
pub(super) const fn free(word: usize) -> isize {
    word as isize >> SHIFT
}

/// Tells whether so many permits, a claim's number, are free.
#[expect(
    clippy::cast_possible_wrap,
    reason = "a claim's number is below the sign"
)]
pub(super) const fn fits(word: usize, permits: usize) -> bool {
    free(word) >= permits as isize
}

/// Writes the number of permits as it stands in the word; what is added and taken wraps around the sign.
pub(super) const fn number(permits: usize) -> usize {
    permits << SHIFT
}
