//! Wakers that were taken under a lock and are woken after it.

use core::task::Waker;
use std::collections::VecDeque;

use crate::PanicPayload;
use crate::panic::{FirstPanic, catch, contain};

/// How many wakers one batch holds on the stack; in the models few, so that there is more than one batch.
const BATCH: usize = if cfg!(trunnion_loom) { 2 } else { 32 };

/// Collects wakers while a lock is held, and wakes them once it is not.
///
/// A batch that is dropped wakes what is in it, so that no wake is lost.
#[derive(Debug)]
pub struct Wakers {
    // Most batches are of one, which costs no more than the waker: there is nobody in `rest` without it.
    first: Option<Waker>,
    // Made for the second.
    rest: Option<Rest>,
}

/// Those behind the first.
#[derive(Debug)]
struct Rest {
    batch: [Option<Waker>; BATCH - 1],
    // Where the next one goes, and the next one to be woken.
    len: usize,
    woken: usize,
    // For those who cannot stop at a full batch.
    more: VecDeque<Waker>,
}

impl Wakers {
    /// Makes an empty batch.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            first: None,
            rest: None,
        }
    }

    /// Tells whether one more waker would need the heap.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        matches!(&self.rest, Some(rest) if rest.len == BATCH - 1)
    }

    /// Keeps one waker.
    #[inline]
    pub fn push(&mut self, waker: Waker) {
        if self.first.is_none() {
            self.first = Some(waker);
        } else {
            self.rest.get_or_insert_with(Rest::new).push(waker);
        }
    }

    /// Takes wakers from `next` until there is none or the batch is full.
    #[inline]
    pub(super) fn fill(&mut self, mut next: impl FnMut() -> Option<Waker>) {
        if self.first.is_none() {
            self.first = next();
        }
        if self.first.is_none() || self.is_full() {
            return;
        }
        let Some(second) = next() else { return };
        let rest = self.rest.get_or_insert_with(Rest::new);
        rest.push(second);
        rest.fill(next);
    }

    /// Wakes them in the order in which they came, and is empty afterwards. Each panic stays with its waker.
    ///
    /// # Errors
    /// The first panic of a waker, once all are woken.
    #[inline]
    pub fn wake(&mut self) -> Result<(), PanicPayload> {
        let Some(waker) = self.first.take() else {
            return Ok(());
        };
        let woken = catch(|| waker.wake());
        match &mut self.rest {
            Some(rest) => rest.wake(woken),
            None => woken,
        }
    }
}

impl Rest {
    const fn new() -> Self {
        Self {
            batch: [const { None }; BATCH - 1],
            len: 0,
            woken: 0,
            more: VecDeque::new(),
        }
    }

    fn push(&mut self, waker: Waker) {
        match self.batch.get_mut(self.len) {
            Some(slot) => {
                *slot = Some(waker);
                self.len += 1;
            }
            None => self.more.push_back(waker),
        }
    }

    #[inline]
    fn fill(&mut self, mut next: impl FnMut() -> Option<Waker>) {
        for slot in self.batch.iter_mut().skip(self.len) {
            let Some(waker) = next() else { return };
            *slot = Some(waker);
            self.len += 1;
        }
    }

    /// Wakes them after the first, whose panic goes before theirs.
    fn wake(&mut self, woken: Result<(), PanicPayload>) -> Result<(), PanicPayload> {
        let mut first = FirstPanic::default();
        first.keep(woken);
        // One catch runs on until a waker panics, and is entered again for those behind it.
        while self.len > 0 {
            first.keep(catch(|| self.wake_until_panic()));
        }
        first.into_result()
    }

    /// Wakes those that have not been woken; without any the batch begins anew.
    fn wake_until_panic(&mut self) {
        for slot in self.batch.iter_mut().take(self.len).skip(self.woken) {
            self.woken += 1;
            if let Some(waker) = slot.take() {
                waker.wake();
            }
        }
        while let Some(waker) = self.more.pop_front() {
            waker.wake();
        }
        (self.len, self.woken) = (0, 0);
    }
}

impl Default for Wakers {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Wakers {
    #[inline]
    fn drop(&mut self) {
        if let Err(panic) = self.wake() {
            contain(|| drop(panic));
        }
    }
}
