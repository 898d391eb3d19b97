//! Waiting in a queue, and leaving it.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::turn::{Turn, turn};
use super::{Home, Locked, Shared, WaitQueue, Waiter, Wakers};
use crate::mutant;
use crate::panic::contain;
use crate::sync::atomic::Ordering::{Acquire, Relaxed};

impl<H: Home> Waiter<H> {
    /// Waits: ready if `ready` holds under the lock at the first poll, or once the waiter was notified.
    ///
    /// Only the last poll's waker is woken. After it was ready, the next poll is a first one again.
    ///
    /// # Cancel safety
    /// That of [`Waiter`].
    pub fn poll_wait(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        ready: impl FnOnce(&mut Locked<'_, H::Shared>) -> bool,
    ) -> Poll<()> {
        self.poll_home(cx, |_, queue| ready(queue))
    }

    /// The same for a condition that lies with the home.
    pub(crate) fn poll_home(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        ready: impl FnOnce(&H, &mut Locked<'_, H::Shared>) -> bool,
    ) -> Poll<()> {
        self.poll_either(
            cx,
            |home, queue| ready(home, queue).then_some(()),
            |_, _| (),
        )
    }

    /// Waits for one of two things: what `ready` gives under the lock at the first poll, or what `notified` makes, under the
    /// lock as well, of the value that the waiter was notified with.
    ///
    /// # Cancel safety
    /// That of [`Waiter`].
    pub fn poll_take<T>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        ready: impl FnOnce(&mut Locked<'_, H::Shared>) -> Option<T>,
        notified: impl FnOnce(&mut Locked<'_, H::Shared>, <H::Shared as Shared>::Value) -> T,
    ) -> Poll<T> {
        self.poll_claim(cx, ready, |queue, value| notified(&mut queue.lock(), value))
    }

    /// The same for what a notified waiter can take without the lock.
    ///
    /// # Cancel safety
    /// That of [`Waiter`].
    pub fn poll_claim<T>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        ready: impl FnOnce(&mut Locked<'_, H::Shared>) -> Option<T>,
        notified: impl FnOnce(&WaitQueue<H::Shared>, <H::Shared as Shared>::Value) -> T,
    ) -> Poll<T> {
        self.poll_either(cx, |_, queue| ready(queue), notified)
    }

    #[inline]
    fn poll_either<T>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        ready: impl FnOnce(&H, &mut Locked<'_, H::Shared>) -> Option<T>,
        notified: impl FnOnce(&WaitQueue<H::Shared>, <H::Shared as Shared>::Value) -> T,
    ) -> Poll<T> {
        let this = self.into_ref().get_ref();
        if !this.node.registered.get() {
            return this.poll_first(cx.waker(), ready);
        }
        if !this.node.notified.load(Acquire) && !this.poll_listed(cx.waker()) {
            return Poll::Pending;
        }
        this.go_on();
        Poll::Ready(notified(this.home.queue(), this.own_value()))
    }

    /// Knows the entry alone again.
    fn go_on(&self) {
        self.node.registered.set(false);
        self.node.notified.store(false, Relaxed);
    }

    fn poll_first<T>(
        &self,
        waker: &Waker,
        ready: impl FnOnce(&H, &mut Locked<'_, H::Shared>) -> Option<T>,
    ) -> Poll<T> {
        // Cloned and dropped outside of the lock: both are user code.
        let waker = waker.clone();
        let mut queue = self.home.queue().lock();
        if let Some(ready) = mutant!("wait-unchecked", ready(&self.home, &mut queue), None) {
            drop(queue);
            return Poll::Ready(ready);
        }
        queue.push(&raw const self.node, waker);
        self.node.registered.set(true);
        Poll::Pending
    }

    /// Sees to it that the poll's waker is the one that is woken; true if the waiter was notified meanwhile.
    #[cold]
    fn poll_listed(&self, waker: &Waker) -> bool {
        let mut new = None;
        loop {
            let queue = self.home.queue().lock();
            let turn = queue.with(&raw const self.node, |entry| turn(entry, waker, &mut new));
            let kept = match turn {
                Turn::Notified => return true,
                Turn::Kept(old) => Some(mutant!("wait-drops-under-lock", old, {
                    drop(old);
                    None
                })),
                Turn::Stale => None,
            };
            drop(queue);
            match kept {
                Some(_old) => return false,
                None => new = Some(waker.clone()),
            }
        }
    }

    /// Leaves the list. True if it was still in it; else it was notified and what that gave is passed on.
    #[inline]
    pub(super) fn unlink(&self) -> bool {
        self.node.registered.get() && self.unlink_registered()
    }

    fn unlink_registered(&self) -> bool {
        let mut queue = self.home.queue().lock();
        let value = queue.with(&raw const self.node, |entry| entry.value);
        let removed = queue.remove(&raw const self.node);
        self.go_on();
        if let Some(waker) = removed {
            let waker = mutant!("wait-leaving-drops-under-lock", Some(waker), {
                drop(waker);
                None
            });
            if mutant!("wait-leaves-unseen", H::Shared::SEES_LEAVING, false) {
                let queue = mutant!("wait-leaves-in-two-turns", queue, {
                    drop(queue);
                    self.home.queue().lock()
                });
                let home = self.home.queue();
                settle(home, queue, |queue, wakers| {
                    H::Shared::left(queue, value, wakers);
                });
            } else {
                drop(queue);
            }
            contain(|| drop(waker));
            return true;
        }
        if mutant!("wait-keeps-notification", H::Shared::PASSES_ON, false) {
            settle(self.home.queue(), queue, |queue, wakers| {
                H::Shared::pass_on(queue, value, wakers);
            });
        }
        mutant!("wait-leave-lies", false, true)
    }

    /// Leaves the queue before the drop does; true if it waited and had not been notified.
    #[expect(clippy::must_use_candidate, reason = "it is called for its effect")]
    pub fn leave(self: Pin<&mut Self>) -> bool {
        self.into_ref().get_ref().unlink()
    }
}

/// Does what a waiter's leaving asks for, and wakes whom that concerns while the lock is free.
#[cold]
fn settle<'a, S: Shared>(
    home: &'a WaitQueue<S>,
    mut queue: Locked<'a, S>,
    f: impl FnOnce(&mut Locked<'_, S>, &mut Wakers),
) {
    let mut wakers = Wakers::new();
    f(&mut queue, &mut wakers);
    loop {
        let more = mutant!("wait-leaving-serves-one-batch", wakers.is_full(), false);
        drop(queue);
        contain(|| drop(wakers.wake()));
        if !more {
            return;
        }
        queue = home.lock();
        S::serve(&mut queue, &mut wakers);
    }
}
