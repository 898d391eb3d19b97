//! The lists that only the set touches: children to poll, first in first out, and vacant places.

use core::ops::Range;

use super::chunks::Chunks;
use super::ready::{END, Link, is_none};
use crate::mutant;

/// What is to be polled: first what is linked, then the places that were filled for the first time after that.
#[derive(Debug)]
pub(super) struct Round {
    head: u32,
    tail: u32,
    // They need no links, being one run of numbers.
    fresh: Range<u32>,
}

impl Round {
    pub(super) const fn new() -> Self {
        Self {
            head: END,
            tail: END,
            fresh: 0..0,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.head == END && self.fresh.start == self.fresh.end
    }

    /// Appends a place that was filled again.
    pub(super) fn push<F>(&mut self, chunks: &Chunks<F>, index: u32) {
        self.link_fresh(chunks);
        self.append(chunks, index, index);
    }

    /// Appends a place that was filled for the first time.
    pub(super) const fn push_fresh(&mut self, index: u32) {
        if self.fresh.start == self.fresh.end {
            self.fresh.start = index;
        }
        self.fresh.end = index + 1;
    }

    /// Tells whose turn it is; its link goes to [`accept`](Self::accept) before anything else happens.
    pub(super) fn next(&mut self) -> Option<u32> {
        if self.head == END {
            return self.fresh.next();
        }
        Some(self.head)
    }

    /// Takes the child that [`next`](Self::next) gave out of the round: a wake from now on queues it again.
    pub(super) fn accept(&mut self, link: &Link) {
        if self.head == END {
            return link.accept_first();
        }
        self.head = if self.head == self.tail {
            END
        } else {
            link.next()
        };
        link.accept();
    }

    /// Appends a chain that was taken off the stack, the one that was pushed first in front.
    pub(super) fn append_reversed<F>(&mut self, chunks: &Chunks<F>, newest: u32) {
        if is_none(newest) {
            return;
        }
        self.link_fresh(chunks);
        let (mut oldest, mut at) = (END, newest);
        let mut run = chunks.run(newest);
        while !is_none(at) {
            let link = run.link(at).unwrap_or_else(|| {
                run = chunks.run(at);
                chunks.link(at)
            });
            let next = link.next();
            link.set_next(mutant!("set-round-reversed", oldest, next));
            (oldest, at) = (at, next);
        }
        let ends = mutant!("set-round-reversed", (oldest, newest), (newest, oldest));
        self.append(chunks, ends.0, ends.1);
    }

    /// Links the fresh places, so that something can follow them.
    pub(super) fn link_fresh<F>(&mut self, chunks: &Chunks<F>) {
        while let Some(index) = self.fresh.next() {
            self.append(chunks, index, index);
        }
    }

    fn append<F>(&mut self, chunks: &Chunks<F>, first: u32, last: u32) {
        if self.head == END {
            self.head = first;
        } else {
            chunks.link(self.tail).set_next(first);
        }
        self.tail = last;
    }
}

/// The vacant places; one of them may also be in the round or on the stack.
#[derive(Debug)]
pub(super) struct Vacant(u32);

impl Vacant {
    pub(super) const fn new() -> Self {
        Self(END)
    }

    pub(super) fn push(&mut self, link: &Link, index: u32) {
        link.set_vacant(self.0);
        self.0 = index;
    }

    /// Tells which is the next to be taken.
    pub(super) fn first(&self) -> Option<u32> {
        (self.0 != END).then_some(self.0)
    }

    /// Takes the first, whose link is given.
    pub(super) fn take_first(&mut self, link: &Link) {
        self.0 = link.vacant();
    }
}
