//! The slabs of a set: each as large as all before it, so that nothing is ever moved.

use core::pin::Pin;
use core::task::Waker;
use std::vec::Vec;

use super::memory::{Places, Shared, Wakers};
use super::ready::{Link, MOST};
use crate::sync::Arc;

/// The first slab of a set that was made without a capacity.
const FIRST: u32 = 16;

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
    filled: u32,
}

impl<F> Chunks<F> {
    pub(super) const fn new() -> Self {
        Self {
            last: None,
            older: Vec::new(),
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
        let chunk = Chunk {
            start,
            places: Places::new(more as usize),
            wakers: Wakers::new(first, start, more),
        };
        self.older.extend(self.last.replace(chunk));
    }

    /// Adds the next place, and gives its number.
    #[inline]
    pub(super) fn push(&mut self, future: Option<F>) -> u32 {
        let index = self.filled;
        if self.last.as_ref().is_none_or(|last| last.places.is_full()) {
            self.grow(index.max(FIRST) as usize);
        }
        if let Some(last) = &mut self.last {
            last.places.push(future);
        }
        self.filled += 1;
        index
    }

    pub(super) fn link(&self, index: u32) -> &Link {
        let chunk = match &self.last {
            Some(last) if last.start <= index => last,
            _ => &self.older[find(&self.older, index)],
        };
        chunk.wakers.link((index - chunk.start) as usize)
    }

    /// Looks at a place, which may be vacant.
    pub(super) fn look(&self, index: u32) -> Option<&F> {
        let chunk = match &self.last {
            Some(last) if last.start <= index => last,
            _ => &self.older[find(&self.older, index)],
        };
        chunk.places.look((index - chunk.start) as usize)
    }

    pub(super) fn place(&mut self, index: u32) -> Pin<&mut Option<F>> {
        let chunk = self.chunk(index);
        let offset = (index - chunk.start) as usize;
        chunk.places.get(offset)
    }

    /// Lends a child's place, link and waker.
    pub(super) fn with<R>(
        &mut self,
        index: u32,
        f: impl FnOnce(Pin<&mut Option<F>>, &Link, &Waker) -> R,
    ) -> R {
        let chunk = self.chunk(index);
        let offset = (index - chunk.start) as usize;
        let place = chunk.places.get(offset);
        chunk
            .wakers
            .lend(offset, |link, waker| f(place, link, waker))
    }

    fn chunk(&mut self, index: u32) -> &mut Chunk<F> {
        match &mut self.last {
            Some(last) if last.start <= index => last,
            _ => {
                let chunk = find(&self.older, index);
                &mut self.older[chunk]
            }
        }
    }
}

/// Finds an older chunk; half of all children and more are in the newest.
fn find<F>(older: &[Chunk<F>], index: u32) -> usize {
    let mut chunk = older.len().saturating_sub(1);
    while chunk > 0 && older[chunk].start > index {
        chunk -= 1;
    }
    chunk
}
