//! Wakers that were taken under a lock and are woken after it.

use core::task::Waker;
use std::collections::VecDeque;

use crate::PanicPayload;
use crate::panic::{catch, contain};

/// How many wakers one batch holds on the stack; in the models few, so that there is more than one batch.
const BATCH: usize = if cfg!(trunnion_loom) { 2 } else { 32 };

/// Collects wakers while a lock is held, and wakes them once it is not.
///
/// A batch that is dropped wakes what is in it, so that no wake is lost.
#[derive(Debug)]
pub struct Wakers {
    batch: [Option<Waker>; BATCH],
    // Where the next one goes, and the next one to be woken.
    len: usize,
    woken: usize,
    // For those who cannot stop at a full batch.
    more: VecDeque<Waker>,
}

impl Wakers {
    /// Makes an empty batch.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            batch: [const { None }; BATCH],
            len: 0,
            woken: 0,
            more: VecDeque::new(),
        }
    }

    /// Tells whether one more waker would need the heap.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.len == BATCH
    }

    /// Keeps one waker.
    pub fn push(&mut self, waker: Waker) {
        match self.batch.get_mut(self.len) {
            Some(slot) => {
                *slot = Some(waker);
                self.len += 1;
            }
            None => self.more.push_back(waker),
        }
    }

    /// Takes wakers from `next` until there is none or the batch is full.
    #[inline]
    pub(super) fn fill(&mut self, mut next: impl FnMut() -> Option<Waker>) {
        for slot in self.batch.iter_mut().skip(self.len) {
            let Some(waker) = next() else { return };
            *slot = Some(waker);
            self.len += 1;
        }
    }

    /// Wakes them in the order in which they came, and is empty afterwards. Each panic stays with its waker.
    ///
    /// # Errors
    /// The first panic of a waker, once all are woken.
    pub fn wake(&mut self) -> Result<(), PanicPayload> {
        let mut first = FirstPanic::default();
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
    fn drop(&mut self) {
        if let Err(panic) = self.wake() {
            contain(|| drop(panic));
        }
    }
}

/// Keeps the first of several panics; the others have been told to the process's hook.
#[derive(Debug, Default)]
pub(crate) struct FirstPanic(Option<PanicPayload>);

impl FirstPanic {
    pub(crate) fn keep(&mut self, result: Result<(), PanicPayload>) {
        match (result, &self.0) {
            (Ok(()), _) => {}
            (Err(panic), None) => self.0 = Some(panic),
            (Err(panic), Some(_)) => contain(|| drop(panic)),
        }
    }

    pub(crate) fn into_result(self) -> Result<(), PanicPayload> {
        self.0.map_or(Ok(()), Err)
    }
}
