//! The slabs of a set, each as large as all before it or larger, so that nothing is ever moved.
//!
//! From the second on each begins where the one before ends, which is at a power of two: the logarithm of a number tells its slab.

use core::pin::Pin;
use core::task::Waker;
use std::vec::Vec;

use super::memory::{BESIDE, Places, Shared, Wakers};
use super::ready::{Link, MOST};
use crate::sync::Arc;

struct Chunk<F> {
    start: u32,
    places: Places<F>,
    wakers: Arc<Wakers>,
}

/// Places and wakers by the number of the child.
pub(super) struct Chunks<F> {
    // The newest and largest, beside the others: most sets have one.
    last: Option<Chunk<F>>,
    older: Vec<Chunk<F>>,
    // How many the first one holds.
    first: u32,
    filled: u32,
}

impl<F> Chunks<F> {
    pub(super) const fn new() -> Self {
        Self {
            last: None,
            older: Vec::new(),
            first: 0,
            filled: 0,
        }
    }

    /// Counts the places that were ever added: those have the numbers below it.
    pub(super) const fn filled(&self) -> u32 {
        self.filled
    }

    /// Gives what is shared with the wakers, once there was a place for any.
    pub(super) fn shared(&self) -> Option<&Shared> {
        self.last.as_ref().map(|last| last.wakers.shared())
    }

    /// Makes a slab for `more` children.
    ///
    /// # Panics
    /// If there are too many.
    pub(super) fn grow(&mut self, more: usize) {
        let start = self.filled;
        let more = u32::try_from(more).ok();
        let more = more.filter(|more| start.checked_add(*more).is_some_and(|end| end <= MOST));
        let more = more.expect("a set holds fewer than four billion children");
        let first = self.older.first().or(self.last.as_ref());
        let first = first.map(|first| Arc::clone(&first.wakers));
        if first.is_none() {
            self.first = more;
        }
        let chunk = Chunk {
            start,
            places: Places::new(more as usize),
            wakers: Wakers::new(first, start, more),
        };
        self.older.extend(self.last.replace(chunk));
    }

    /// Adds the next place, and gives its number.
    #[inline]
    pub(super) fn push_with(&mut self, make: impl FnOnce() -> Option<F>) -> u32 {
        if self.last.as_ref().is_none_or(|last| last.places.is_full()) {
            self.grow_next();
        }
        if let Some(last) = &mut self.last {
            last.places.push_with(make);
        }
        let index = self.filled;
        self.filled += 1;
        index
    }

    #[cold]
    fn grow_next(&mut self) {
        self.grow(next_size(self.filled));
    }

    pub(super) fn link(&self, index: u32) -> &Link {
        let link = self.run(index).link(index);
        link.expect("a slab has a waker for each place")
    }

    /// Gives the links of the slab in which a number lies: of those that were woken one after the other most lie in one.
    #[inline]
    pub(super) fn run(&self, index: u32) -> Run<'_> {
        let Chunk { start, wakers, .. } = self.chunk(index);
        let start = *start;
        Run { start, wakers }
    }

    /// Looks at a place, which may be vacant.
    pub(super) fn look(&self, index: u32) -> Option<&F> {
        let chunk = self.chunk(index);
        chunk.places.look((index - chunk.start) as usize)
    }

    pub(super) fn place(&mut self, index: u32) -> Pin<&mut Option<F>> {
        let chunk = self.chunk_mut(index);
        let offset = (index - chunk.start) as usize;
        chunk.places.get(offset)
    }

    /// Lends a child's place, link and waker.
    pub(super) fn with<R>(
        &mut self,
        index: u32,
        f: impl FnOnce(Pin<&mut Option<F>>, &Link, &Waker) -> R,
    ) -> R {
        let chunk = self.chunk_mut(index);
        let offset = (index - chunk.start) as usize;
        let place = chunk.places.get(offset);
        chunk
            .wakers
            .lend(offset, |link, waker| f(place, link, waker))
    }

    #[inline]
    fn chunk(&self, index: u32) -> &Chunk<F> {
        match &self.last {
            Some(last) if last.start <= index => last,
            _ => &self.older[find(self.first, index)],
        }
    }

    #[inline]
    fn chunk_mut(&mut self, index: u32) -> &mut Chunk<F> {
        match &mut self.last {
            Some(last) if last.start <= index => last,
            _ => &mut self.older[find(self.first, index)],
        }
    }
}

/// The links of one slab.
pub(super) struct Run<'a> {
    start: u32,
    wakers: &'a Wakers,
}

impl<'a> Run<'a> {
    /// Gives the link of a number, if it is there.
    #[inline]
    pub(super) fn link(&self, index: u32) -> Option<&'a Link> {
        self.wakers.link(index.wrapping_sub(self.start) as usize)
    }
}

/// Finds the slab of a number, where the first one holds `first`.
#[inline]
const fn find(first: u32, index: u32) -> usize {
    if index < first {
        return 0;
    }
    // The second one ends at twice the first power of two that is not below `first`, the third at twice that.
    let chunk = (first - 1)
        .leading_zeros()
        .saturating_sub(index.leading_zeros());
    if chunk == 0 { 1 } else { chunk as usize }
}

/// Says how large the slab is that begins at `start`; too large where there is no such number.
fn next_size(start: u32) -> usize {
    if start == 0 {
        return BESIDE;
    }
    let start = u64::from(start);
    let size = 2 * start.next_power_of_two() - start;
    usize::try_from(size).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_finds_the_slab_of_each_number() {
        for first in [1, 2, 3, 16, 17, 1_000, 1_023, 1_024, 1_025] {
            let (mut start, mut size) = (0, first);
            for chunk in 0..12 {
                for index in [start, start + size / 2, start + size - 1] {
                    assert_eq!(find(first, index), chunk, "{index} after {first}");
                }
                start += size;
                size = u32::try_from(next_size(start)).expect("it is small");
                assert!(size >= start, "{size} behind {start}");
            }
        }
    }

    #[test]
    fn there_is_no_slab_beyond_four_billion_children() {
        assert!(next_size((1 << 31) + 1) > MOST as usize);
    }
}
