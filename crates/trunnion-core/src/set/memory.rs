//! The memory of a set: places whose futures do not move, and wakers that share one count.
#![expect(
    unsafe_code,
    reason = "one of the files that ARCHITECTURE.md allows it in"
)]

use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{RawWaker, RawWakerVTable, Waker};
use std::boxed::Box;
use std::vec::Vec;

use super::parent::Parent;
use super::ready::{Link, Ready};
use crate::sync::Arc;

/// The places of one chunk: added from the first on, never moved, emptied in place.
pub(super) struct Places<F> {
    // M1: it never grows beyond its first capacity, and nothing is moved out of it.
    list: Vec<Option<F>>,
    capacity: usize,
}

impl<F> Places<F> {
    pub(super) fn new(capacity: usize) -> Self {
        let list = Vec::with_capacity(capacity);
        Self { list, capacity }
    }

    /// Tells whether each place was filled once.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() == self.capacity
    }

    /// Adds the next place.
    ///
    /// # Panics
    /// If there is no room for it.
    #[inline]
    pub(super) fn push_with(&mut self, make: impl FnOnce() -> Option<F>) {
        assert!(!self.is_full(), "a full chunk must not grow");
        self.list.push(make());
    }

    /// Looks at a place that was filled once; what lies there is not moved through it.
    pub(super) fn look(&self, offset: usize) -> Option<&F> {
        self.list[offset].as_ref()
    }

    pub(super) fn get(&mut self, offset: usize) -> Pin<&mut Option<F>> {
        let place = &mut self.list[offset];
        // SAFETY: M1: the place keeps its address until the list is dropped, which drops what is in it there.
        unsafe { Pin::new_unchecked(place) }
    }
}

/// What wakers on any thread share with the set.
pub(super) struct Shared {
    pub(super) ready: Ready,
    pub(super) parent: Parent,
}

impl Shared {
    /// Queues a child, and wakes the parent if that sleeps.
    fn wake(&self, link: &Link) {
        if self.ready.wake(link) {
            self.parent.wake();
        }
    }
}

/// The wakers of one chunk, behind one count.
pub(super) struct Wakers {
    // That of the first chunk is used by all.
    shared: Shared,
    first: Option<Arc<Self>>,
    items: Items,
}

/// How many items lie in the allocation of what they share: the first slab of a set that was made without a capacity.
pub(super) const BESIDE: usize = 16;

#[expect(
    clippy::large_enum_variant,
    reason = "that is what saves the allocation"
)]
enum Items {
    /// So many of them.
    Beside([Item; BESIDE], usize),
    Apart(Box<[Item]>),
}

impl Items {
    fn new(start: u32, capacity: u32, item: impl Fn(u32) -> Item) -> Self {
        let len = capacity as usize;
        if len > BESIDE {
            return Self::Apart((start..start + capacity).map(item).collect());
        }
        let mut indices = start..;
        let next = |_| item(indices.next().unwrap_or(start));
        Self::Beside(core::array::from_fn(next), len)
    }

    #[inline]
    fn list(&self) -> &[Item] {
        match self {
            Self::Beside(items, len) => &items[..*len],
            Self::Apart(items) => items,
        }
    }
}

struct Item {
    link: Link,
    // M2: the `Wakers` that it lies in, as its `Arc` points to it.
    wakers: *const Wakers,
}

// SAFETY: the pointer is only followed as M2 and M3 say, and leads to what is `Send` and `Sync` apart from it.
unsafe impl Send for Item {}
// SAFETY: as above.
unsafe impl Sync for Item {}

impl Wakers {
    pub(super) fn new(first: Option<Arc<Self>>, start: u32, capacity: u32) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            shared: Shared {
                ready: Ready::new(),
                parent: Parent::new(),
            },
            first,
            items: Items::new(start, capacity, |index| Item {
                link: Link::new(index),
                wakers: this.as_ptr(),
            }),
        })
    }

    pub(super) fn shared(&self) -> &Shared {
        self.first
            .as_ref()
            .map_or(&self.shared, |first| &first.shared)
    }

    pub(super) fn link(&self, offset: usize) -> Option<&Link> {
        self.items.list().get(offset).map(|item| &item.link)
    }

    /// Lends a child's link and waker; the count moves only when that is cloned.
    pub(super) fn lend<R>(
        self: &Arc<Self>,
        offset: usize,
        f: impl FnOnce(&Link, &Waker) -> R,
    ) -> R {
        let place = &self.items.list()[offset];
        let item: *const Item = place;
        // SAFETY: M3: `self` holds a count as long as the waker is lent, and the waker's own drop does not run. The
        // table keeps the contract of `RawWaker`: its functions work from any thread, for the item is `Sync`.
        let waker = ManuallyDrop::new(unsafe { Waker::new(item.cast(), &TABLE) });
        f(&place.link, &waker)
    }
}

// M3: the data of each waker is an `Item`, and the waker owns one count of the item's `Wakers` (one that is lent borrows
// it). So the item is there as long as the waker is.
static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, release);

/// # Safety
/// `data` is that of a live waker of this table.
unsafe fn item<'a>(data: *const ()) -> &'a Item {
    // SAFETY: M3.
    unsafe { &*data.cast::<Item>() }
}

/// # Safety
/// As for [`item`].
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the caller's.
    let item = unsafe { item(data) };
    // SAFETY: M2 and M3: it is the pointer of a live `Arc`; the count is the new waker's.
    unsafe { Arc::increment_strong_count(item.wakers) };
    RawWaker::new(data, &TABLE)
}

/// # Safety
/// As for [`item`]; the waker is used up.
unsafe fn wake(data: *const ()) {
    // SAFETY: the caller's.
    let item = unsafe { item(data) };
    // SAFETY: M2 and M3: the count is that of the waker, which ends here, also by a panic of the parent's waker.
    let wakers = unsafe { Arc::from_raw(item.wakers) };
    wakers.shared().wake(&item.link);
}

/// # Safety
/// As for [`item`].
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: the caller's.
    let item = unsafe { item(data) };
    // SAFETY: M2 and M3: the waker's count outlives this call.
    let wakers = unsafe { &*item.wakers };
    wakers.shared().wake(&item.link);
}

/// # Safety
/// As for [`item`]; the waker is used up.
unsafe fn release(data: *const ()) {
    // SAFETY: the caller's.
    let item = unsafe { item(data) };
    // SAFETY: M2 and M3: the count is that of the waker, which ends here.
    unsafe { Arc::decrement_strong_count(item.wakers) };
}
