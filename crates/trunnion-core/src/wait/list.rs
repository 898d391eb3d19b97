//! The ring of waiters: who comes in, who is notified, who leaves.

use core::ptr;
use core::task::Waker;

use super::{Locked, Node, Shared, Wakers};
use crate::mutant;

impl<S: Shared> Locked<'_, S> {
    /// Notifies the first waiter: it leaves the list, and its waker goes into `wakers`. False if nobody waits.
    pub fn wake_front(&mut self, wakers: &mut Wakers) -> bool {
        let head = self.inner.head;
        if head.is_null() {
            return false;
        }
        self.notify(head, wakers);
        true
    }

    /// Changes what the first waiter waits for, so that it sees, once it is notified, how that ended.
    pub fn set_front(&mut self, value: S::Value) {
        let head = self.inner.head;
        if !head.is_null() {
            self.with(head, |entry| entry.value = value);
        }
    }

    /// Tells what each waiter waits for, from the front on.
    pub fn each(&self, mut f: impl FnMut(S::Value)) {
        let mut next = self.inner.head;
        while !next.is_null() {
            let (value, after) = self.with(next, |entry| (entry.value, entry.next));
            f(value);
            next = if ptr::eq(after, self.inner.head) {
                ptr::null()
            } else {
                after
            };
        }
    }

    /// Notifies from the front on while `wanted` holds; true if the batch is too small for all.
    ///
    /// The ring is closed once for all that leave: those who are on their way out are not written to twice.
    pub(crate) fn fill(&mut self, wakers: &mut Wakers, wanted: impl Fn(&S::Value) -> bool) -> bool {
        let first = self.inner.head;
        if first.is_null() {
            return false;
        }
        let last = self.with(first, |entry| entry.prev);
        let (mut at, mut all) = (first, false);
        wakers.fill(|| {
            if all {
                return None;
            }
            let (waker, next) = self.with(at, |entry| {
                let waker = if wanted(&entry.value) {
                    entry.waker.take()
                } else {
                    None
                };
                (waker, entry.next)
            });
            if waker.is_some() {
                self.let_go(at);
                all = ptr::eq(at, last);
                at = next;
            }
            waker
        });
        if all {
            self.inner.head = ptr::null();
            return false;
        }
        self.with(last, |entry| entry.next = at);
        self.with(at, |entry| entry.prev = last);
        self.inner.head = at;
        self.with(at, |entry| wanted(&entry.value))
    }

    /// The same from the back on.
    pub(crate) fn fill_from_back(
        &mut self,
        wakers: &mut Wakers,
        wanted: impl Fn(&S::Value) -> bool,
    ) -> bool {
        while !self.is_empty() {
            let last = self.with(self.inner.head, |entry| entry.prev);
            if !self.with(last, |entry| wanted(&entry.value)) {
                return false;
            }
            if wakers.is_full() {
                return true;
            }
            self.notify(last, wakers);
        }
        false
    }

    /// Puts an entry that is in no list into this one.
    pub(super) fn push(&mut self, node: *const Node<S::Value>, waker: Waker) {
        let head = self.inner.head;
        let first = self.with(node, |entry| S::goes_first(&entry.value));
        let (prev, next) = if head.is_null() {
            (node, node)
        } else {
            (self.with(head, |entry| entry.prev), head)
        };
        self.with(node, |entry| {
            entry.waker = Some(waker);
            entry.next = next;
        });
        // In a ring of one these write to the entry itself.
        self.with(prev, |entry| entry.next = node);
        self.with(next, |entry| entry.prev = node);
        self.with(node, |entry| entry.prev = prev);
        if head.is_null() || mutant!("wait-nobody-goes-first", first, false) {
            self.inner.head = node;
        }
    }

    /// Takes an entry out of the list and keeps its waker to be woken; its waiter may go on at once.
    fn notify(&mut self, node: *const Node<S::Value>, wakers: &mut Wakers) {
        mutant!("wait-lets-go-early", (), self.let_go(node));
        if let Some(waker) = self.remove(node) {
            wakers.push(waker);
        }
        self.let_go(node);
    }

    /// Takes an entry out of the list; its waker, if it was there.
    pub(super) fn remove(&mut self, node: *const Node<S::Value>) -> Option<Waker> {
        let (waker, prev, next) =
            self.with(node, |entry| (entry.waker.take(), entry.prev, entry.next));
        waker.as_ref()?;
        self.with(prev, |entry| entry.next = next);
        self.with(next, |entry| entry.prev = prev);
        if ptr::eq(self.inner.head, node) {
            let alone = ptr::eq(next, node);
            self.inner.head = if alone { ptr::null() } else { next };
        }
        waker
    }
}
