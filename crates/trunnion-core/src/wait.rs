//! The wait queue that tokens, semaphores, channels and joins share.
//!
//! A [`WaitQueue`] is a lock around what its owner keeps there ([`Shared`]) and a list of waiters. The list is intrusive:
//! an entry lies in its [`Waiter`], which is a part of the waiting future, so that waiting allocates nothing and leaving
//! takes the same time whoever else waits. Wakers are taken out under the lock and woken after it, in batches.
//!
//! Whoever is woken has left the list: it was *notified*. A notified waiter that is dropped before it was polled again gives
//! the notification back through [`Shared::pass_on`]: the next waiter, not nobody, gets the place or the permit.
//!
//! ```
//! use std::future::Future;
//! use std::pin::{Pin, pin};
//! use std::task::{Context, Poll, Waker};
//! use trunnion_core::wait::{Locked, Shared, WaitQueue, Waiter, Wakers};
//!
//! /// Places of which one waiter at a time gets one.
//! struct Places(usize);
//!
//! impl Shared for Places {
//!     type Value = ();
//!     type Open = ();
//!
//!     fn pass_on(queue: &mut Locked<'_, Self>, (): (), wakers: &mut Wakers) {
//!         if !queue.wake_front(wakers) {
//!             queue.shared().0 += 1;
//!         }
//!     }
//! }
//!
//! fn take(queue: &mut Locked<'_, Places>) -> bool {
//!     let free = queue.shared().0 > 0;
//!     queue.shared().0 -= usize::from(free);
//!     free
//! }
//!
//! let queue = WaitQueue::new(Places(0));
//! let mut cx = Context::from_waker(Waker::noop());
//! let mut first = Box::pin(Waiter::new(&queue, ()));
//! let mut second = pin!(Waiter::new(&queue, ()));
//! assert!(first.as_mut().poll_wait(&mut cx, take).is_pending());
//! assert!(second.as_mut().poll_wait(&mut cx, take).is_pending());
//!
//! queue.lock_and_wake(|queue, wakers| Places::pass_on(queue, (), wakers)).unwrap();
//! drop(first); // it was notified: its place goes to the second
//! assert!(second.as_mut().poll_wait(&mut cx, take).is_ready());
//! ```
//!
//! # Who may touch what
//!
//! * W1: links, waker and value of an entry are touched under the queue's lock only, from `push` until its waiter has seen
//!   `notified`, with or without the lock, or takes the entry out itself. Before and after that the waiter alone knows the entry.
//! * W2: an entry is in the list exactly while its waker is there. Whoever takes the waker takes the entry out, in the same
//!   turn of the lock, and then sets `notified` as the last thing that he does with the entry: it may be gone at once.
//! * W3: an entry does not move and is not freed while it is in the list: its waiter is pinned, and takes it out when it is
//!   dropped.
//! * W4: a waiter's queue lives as long as the waiter, and is the same at each call ([`Home`]).
#![expect(
    unsafe_code,
    reason = "one of the files that ARCHITECTURE.md allows it in"
)]

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::ptr;
use core::task::Waker;

use crate::panic::FirstPanic;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Mutex, MutexGuard, UnsafeCell};
use crate::{PanicPayload, mutant};

mod list;
mod poll;
mod turn;
mod wakers;

pub use wakers::Wakers;

/// What lies under a queue's lock beside the waiters.
pub trait Shared: Sized {
    /// What a waiter waits for: a number of permits, for instance.
    type Value: Copy;

    /// What lies beside the lock, to be used without it; `()` for nothing.
    type Open;

    /// Says that a notification must not be lost; a state is there for whoever comes next, so that [`pass_on`](Self::pass_on) need
    /// not be called.
    const PASSES_ON: bool = true;

    /// Says that those behind a waiter that leaves must be looked at: [`left`](Self::left) is called.
    const SEES_LEAVING: bool = false;

    /// Tells whether a waiter with `value` goes before all others; else it goes behind them.
    fn goes_first(value: &Self::Value) -> bool {
        let _ = value;
        false
    }

    /// Passes on what a notified waiter leaves behind when it is dropped before it was polled again.
    fn pass_on(queue: &mut Locked<'_, Self>, value: Self::Value, wakers: &mut Wakers);

    /// Looks at those behind a waiter that was dropped, or left, before it was notified. It is out of the list already.
    fn left(queue: &mut Locked<'_, Self>, value: Self::Value, wakers: &mut Wakers) {
        let _ = (queue, value, wakers);
    }

    /// Serves more of those who wait, after [`pass_on`](Self::pass_on) or [`left`](Self::left) filled the wakers, and again as long as it
    /// does: who may have many to wake stops at full wakers, so that the lock is held for few at a time.
    fn serve(queue: &mut Locked<'_, Self>, wakers: &mut Wakers) {
        let _ = (queue, wakers);
    }
}

/// Leads a waiter to its queue.
///
/// # Safety
/// `queue` gives the same queue at each call, and that queue lives as long as `self` does, wherever `self` is moved.
pub unsafe trait Home {
    /// What lies under the queue's lock.
    type Shared: Shared;

    /// Finds the queue.
    fn queue(&self) -> &WaitQueue<Self::Shared>;
}

// SAFETY: a reference keeps to one queue, which is borrowed as long.
unsafe impl<S: Shared> Home for &WaitQueue<S> {
    type Shared = S;

    fn queue(&self) -> &WaitQueue<S> {
        self
    }
}

// SAFETY: an `Arc` keeps its one queue alive and in its place.
unsafe impl<S: Shared> Home for Arc<WaitQueue<S>> {
    type Shared = S;

    fn queue(&self) -> &WaitQueue<S> {
        self
    }
}

/// An entry, as the list sees it.
struct Node<V> {
    // The waiter's own alone: the entry was pushed, and has not been seen to be out of the list since.
    registered: Cell<bool>,
    // Set when the entry was taken out, and taken back by its waiter when that has seen it.
    notified: AtomicBool,
    entry: UnsafeCell<Entry<V>>,
}

// The waker, half of which is not written while there is none, lies between what is read on its own: beside the pointers it would be
// moved together with them, and a read of what was just written in parts waits.
#[repr(C)]
struct Entry<V> {
    prev: *const Node<V>,
    next: *const Node<V>,
    // There while the entry is in the list (W2).
    waker: Option<Waker>,
    value: V,
}

/// Queues futures behind a lock, with the owner's data under the same lock.
pub struct WaitQueue<S: Shared> {
    open: S::Open,
    inner: Mutex<Inner<S>>,
}

struct Inner<S: Shared> {
    // The first entry of a ring, or null.
    head: *const Node<S::Value>,
    shared: S,
}

// SAFETY: the pointers lead to entries of waiters, which are touched under the lock only (W1); what is reached through them
// are wakers, which are `Send`, and values.
unsafe impl<S: Shared<Value: Send> + Send> Send for Inner<S> {}

impl<S: Shared<Open = ()>> WaitQueue<S> {
    /// Makes an empty queue around `shared`.
    #[must_use]
    #[cfg(not(trunnion_loom))]
    pub const fn new(shared: S) -> Self {
        Self::with_open(shared, ())
    }

    /// Makes an empty queue around `shared`; loom's lock cannot be made in a constant.
    #[must_use]
    #[cfg(trunnion_loom)]
    pub fn new(shared: S) -> Self {
        Self::with_open(shared, ())
    }
}

impl<S: Shared> WaitQueue<S> {
    /// Makes an empty queue around `shared`, with `open` beside it.
    #[must_use]
    #[cfg(not(trunnion_loom))]
    pub const fn with_open(shared: S, open: S::Open) -> Self {
        let head = ptr::null();
        let inner = Mutex::new(Inner { head, shared });
        Self { open, inner }
    }

    /// Makes an empty queue around `shared`, with `open` beside it; loom's lock cannot be made in a constant.
    #[must_use]
    #[cfg(trunnion_loom)]
    pub fn with_open(shared: S, open: S::Open) -> Self {
        let head = ptr::null();
        let inner = Mutex::new(Inner { head, shared });
        Self { open, inner }
    }

    /// Reaches what lies beside the lock.
    pub const fn open(&self) -> &S::Open {
        &self.open
    }

    /// Waits for the lock; no user code may run until it is given back.
    pub fn lock(&self) -> Locked<'_, S> {
        let inner = self.inner.lock();
        let open = &self.open;
        Locked { open, inner }
    }

    /// Runs `f` under the lock and wakes after it what `f` collected.
    ///
    /// # Errors
    /// The first panic of a waker, once all are woken.
    pub fn lock_and_wake<R>(
        &self,
        f: impl FnOnce(&mut Locked<'_, S>, &mut Wakers) -> R,
    ) -> Result<R, PanicPayload> {
        let mut wakers = Wakers::new();
        let mut locked = self.lock();
        let result = f(&mut locked, &mut wakers);
        mutant!("wait-wakes-under-lock", drop(locked), {
            let _ = wakers.wake();
            drop(locked);
        });
        wakers.wake().map(|()| result)
    }

    /// Notifies the waiters from the front on for as long as `wanted` holds, in batches between which the lock is free.
    ///
    /// What they wait for must be true before: a waiter that comes meanwhile is to find it, not to queue.
    ///
    /// # Errors
    /// The first panic of a waker, once all are woken.
    pub fn wake_while(&self, wanted: impl Fn(&S::Value) -> bool) -> Result<(), PanicPayload> {
        let mut first = FirstPanic::default();
        let mut wakers = Wakers::new();
        self.wake_into(&mut wakers, &mut first, |queue, wakers| {
            queue.fill(wakers, &wanted)
        });
        first.keep(wakers.wake());
        first.into_result()
    }

    /// The same for one of several queues: the last batch, if it is not full, is left to the caller.
    pub(crate) fn wake_into(
        &self,
        wakers: &mut Wakers,
        first: &mut FirstPanic,
        fill: impl Fn(&mut Locked<'_, S>, &mut Wakers) -> bool,
    ) {
        while fill(&mut self.lock(), wakers) {
            first.keep(wakers.wake());
            if mutant!("wait-one-batch-only", false, true) {
                return;
            }
        }
    }
}

impl<S: Shared> fmt::Debug for WaitQueue<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitQueue").finish_non_exhaustive()
    }
}

/// A queue whose lock is held.
pub struct Locked<'a, S: Shared> {
    open: &'a S::Open,
    inner: MutexGuard<'a, Inner<S>>,
}

impl<'a, S: Shared> Locked<'a, S> {
    /// Reaches the owner's data.
    pub fn shared(&mut self) -> &mut S {
        &mut self.inner.shared
    }

    /// Reaches what lies beside the lock.
    #[must_use]
    pub const fn open(&self) -> &'a S::Open {
        self.open
    }

    /// Tells whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.head.is_null()
    }

    /// Tells what the first waiter waits for.
    #[must_use]
    pub fn front(&self) -> Option<S::Value> {
        let head = self.inner.head;
        (!head.is_null()).then(|| self.with(head, |entry| entry.value))
    }

    /// Finds an entry that is in this list, on its way out of it, or its own waiter's.
    #[expect(clippy::unused_self, reason = "its lock is held")]
    fn node(&self, node: *const Node<S::Value>) -> &Node<S::Value> {
        // SAFETY: W3: the entry is there, for its waiter has not been let go.
        unsafe { &*node }
    }

    /// Reaches what is in such an entry.
    fn with<R>(&self, node: *const Node<S::Value>, f: impl FnOnce(&mut Entry<S::Value>) -> R) -> R {
        let node = self.node(node);
        // SAFETY: W1: the lock is held, and `f` reaches no other entry.
        node.entry.with_mut(|entry| f(unsafe { &mut *entry }))
    }

    /// Lets the waiter of an entry that is out of the list go on: the entry may be gone after this.
    fn let_go(&self, node: *const Node<S::Value>) {
        let order = mutant!(
            "wait-let-go-unreleased",
            Ordering::Release,
            Ordering::Relaxed
        );
        self.node(node).notified.store(true, order);
    }
}

impl<S: Shared> fmt::Debug for Locked<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locked").finish_non_exhaustive()
    }
}

/// Waits in a queue; a part of a future.
///
/// # Cancel safety
/// Dropping it leaves the queue. If it was notified and not polled since, what it was notified of goes to
/// [`Shared::pass_on`].
#[must_use = "futures do nothing unless polled"]
pub struct Waiter<H: Home> {
    home: H,
    node: Node<<H::Shared as Shared>::Value>,
    _pinned: PhantomPinned,
}

// SAFETY: the entry's pointers lead to others of the list and are followed under the lock (W1).
unsafe impl<H: Home + Send> Send for Waiter<H> where <H::Shared as Shared>::Value: Send {}
// SAFETY: through a shared reference nothing but `home` is reached.
unsafe impl<H: Home + Sync> Sync for Waiter<H> {}

impl<H: Home> Waiter<H> {
    /// Makes a waiter that is in no list yet.
    pub fn new(home: H, value: <H::Shared as Shared>::Value) -> Self {
        Self {
            home,
            node: Node {
                registered: Cell::new(false),
                notified: AtomicBool::new(false),
                entry: UnsafeCell::new(Entry {
                    prev: ptr::null(),
                    next: ptr::null(),
                    waker: None,
                    value,
                }),
            },
            _pinned: PhantomPinned,
        }
    }

    /// Gives what leads to the queue.
    pub const fn home(&self) -> &H {
        &self.home
    }

    /// Tells what it would wait for; `None` once it waits, for then others may change that.
    #[must_use]
    pub fn value(self: Pin<&mut Self>) -> Option<<H::Shared as Shared>::Value> {
        let own = !self.node.registered.get();
        own.then(|| self.own_value())
    }

    /// Reads the value of an entry that the waiter alone knows.
    fn own_value(&self) -> <H::Shared as Shared>::Value {
        // SAFETY: W1: the waiter alone knows the entry, and it is pinned by who calls this.
        self.node.entry.with(|entry| unsafe { (*entry).value })
    }
}

impl<H: Home> Drop for Waiter<H> {
    #[inline]
    fn drop(&mut self) {
        self.unlink();
    }
}

impl<H: Home> fmt::Debug for Waiter<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter")
            .field("registered", &self.node.registered.get())
            .finish_non_exhaustive()
    }
}
