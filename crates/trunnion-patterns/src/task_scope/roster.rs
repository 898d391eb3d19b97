//! Who is in a scope, and what the children report: the one shared state that the protocol of a scope rests on.
//!
//! * R1: whoever is counted may let another one in; from zero nobody comes in any more. The body is counted too. The count is beside the
//!   lock: a child that nobody asks for by its number, and that leaves without a report, never takes the lock, unless it is the last.
//! * R2: who waits for the roster is told of each report, and of the last one who leaves.
//! * R3: the place in the enclosing scope is given back by the last one who leaves, whether or not somebody still waits.
//! * R4: no report is dropped under the lock; reports that nobody will take are dropped by those who bring them.

use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

use trunnion_core::mutant;
use trunnion_core::panic::contain;
use trunnion_core::sync::Arc;
use trunnion_core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use trunnion_core::wait::{Locked, Shared, WaitQueue, Waiter, Wakers};

/// Ends the list of free slots.
const NONE: usize = usize::MAX;

/// One who is in a scope.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Counts from 0 in the order of arrival.
    pub(crate) id: u64,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) location: &'static Location<'static>,
    /// Its own handle has asked it to stop.
    pub(crate) aborted: bool,
    /// What becomes of it is not the joiner's, unless it panics.
    pub(crate) silent: bool,
}

impl Entry {
    pub(crate) const fn unbooked(id: u64, location: &'static Location<'static>) -> Self {
        Self {
            id,
            name: None,
            location,
            aborted: false,
            silent: false,
        }
    }
}

/// Where one who is in a scope stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seat {
    /// It is the body.
    Body,
    /// It is counted, and lies in no slot.
    Counted {
        id: u64,
        location: &'static Location<'static>,
    },
    /// It lies in this slot.
    Booked(usize),
}

/// A scope, as seen from the scopes and handles inside it.
pub(crate) trait Enclosing: Send + Sync {
    /// Lets one in who has nothing to report; its slot and its number.
    fn enter(
        &self,
        name: Option<Arc<str>>,
        location: &'static Location<'static>,
    ) -> Option<(usize, u64)>;

    /// Lets one out who has nothing to report; what the scope itself held, if that was the last.
    fn leave(&self, slot: usize) -> Option<Outer>;

    /// Notes that the handle of number `id` asked it to stop.
    fn abort(&self, slot: usize, id: u64);

    /// Describes the one with this number, if it is still in.
    fn entry(&self, slot: usize, id: u64) -> Option<Entry>;
}

/// The place of an inner scope in the scope around it; dropping it gives the place back.
pub(crate) struct Outer {
    scope: Arc<dyn Enclosing>,
    // Empty once it was given back.
    slot: Option<usize>,
    id: u64,
}

impl Outer {
    /// Takes a place; none if the enclosing scope has ended.
    pub(crate) fn enter(
        scope: Arc<dyn Enclosing>,
        name: Option<Arc<str>>,
        location: &'static Location<'static>,
    ) -> Option<Self> {
        let (slot, id) = scope.enter(name, location)?;
        let slot = Some(slot);
        Some(Self { scope, slot, id })
    }

    /// Describes the inner scope, as one who is in the enclosing one.
    pub(crate) fn entry(&self) -> Option<Entry> {
        self.scope.entry(self.slot?, self.id)
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        // The last of an inner scope may be the last of those around it: a loop, so that no depth is too deep.
        let mut next = self.slot.take().and_then(|slot| self.scope.leave(slot));
        while let Some(mut outer) = next {
            next = outer.slot.take().and_then(|slot| outer.scope.leave(slot));
        }
    }
}

enum Slot {
    /// The next free slot.
    Free(usize),
    Taken(Entry),
}

/// What lies under the lock.
pub(crate) struct Book<M> {
    slots: Vec<Slot>,
    free: usize,
    // How many of those in slots are silent.
    silent: usize,
    reports: Vec<(Entry, M)>,
    // Nobody takes reports any more.
    abandoned: bool,
    outer: Option<Outer>,
}

impl<M> Shared for Book<M> {
    type Value = ();
    type Open = ();

    /// What the waiter waits for is a state: it looks again.
    fn pass_on(_: &mut Locked<'_, Self>, (): (), _: &mut Wakers) {}
}

impl<M> Book<M> {
    fn insert(&mut self, entry: Entry) -> usize {
        self.silent += usize::from(entry.silent);
        let slot = self.free;
        let Some(place) = self.slots.get_mut(slot) else {
            self.slots.push(Slot::Taken(entry));
            return self.slots.len() - 1;
        };
        if let Slot::Free(next) = core::mem::replace(place, Slot::Taken(entry)) {
            self.free = next;
        }
        slot
    }

    fn remove(&mut self, slot: usize) -> Option<Entry> {
        let place = self.slots.get_mut(slot)?;
        let taken = core::mem::replace(place, Slot::Free(self.free));
        self.free = slot;
        match taken {
            Slot::Taken(entry) => {
                self.silent -= usize::from(entry.silent);
                Some(entry)
            }
            Slot::Free(_) => None,
        }
    }

    /// Takes out the one in `seat`.
    fn entry(&mut self, seat: Seat) -> Option<Entry> {
        match seat {
            Seat::Body => None,
            Seat::Counted { id, location } => Some(Entry::unbooked(id, location)),
            Seat::Booked(slot) => self.remove(slot),
        }
    }

    fn find(&mut self, slot: usize, id: u64) -> Option<&mut Entry> {
        match self.slots.get_mut(slot) {
            Some(Slot::Taken(entry)) if entry.id == id => Some(entry),
            _ => None,
        }
    }
}

/// Counts who is in a scope, keeps their names, and takes their reports.
pub(crate) struct Roster<M> {
    // The body and the children; it does not leave zero.
    live: AtomicUsize,
    next_id: AtomicU64,
    queue: WaitQueue<Book<M>>,
}

impl<M> Roster<M> {
    /// Makes the roster of a scope whose body is counted already.
    pub(crate) fn new(outer: Option<Outer>) -> Self {
        let queue = WaitQueue::new(Book {
            slots: Vec::new(),
            free: NONE,
            silent: 0,
            reports: Vec::new(),
            abandoned: false,
            outer,
        });
        Self {
            live: AtomicUsize::new(1),
            next_id: AtomicU64::new(0),
            queue,
        }
    }

    /// Counts one in, unless all have left (R1); its number.
    #[inline]
    pub(crate) fn count(&self) -> Option<u64> {
        let mut live = self.live.load(Ordering::Relaxed);
        while mutant!("scope-enters-after-the-end", live > 0, true) {
            let order = Ordering::Relaxed;
            match self.live.compare_exchange(live, live + 1, order, order) {
                Ok(_) => return Some(self.next_id.fetch_add(1, Ordering::Relaxed)),
                Err(now) => live = now,
            }
        }
        None
    }

    /// Counts one out; true if that was the last, who sees what all the others did.
    #[inline]
    fn count_out(&self) -> bool {
        let order = mutant!(
            "scope-leave-unreleased",
            Ordering::AcqRel,
            Ordering::Acquire
        );
        self.live.fetch_sub(1, order) == 1
    }

    /// Counts who is in; at zero all that they did is seen.
    fn live(&self) -> usize {
        let order = mutant!("scope-end-unacquired", Ordering::Acquire, Ordering::Relaxed);
        self.live.load(order)
    }

    /// Lets one in, into a slot, unless all have left; its slot and its number.
    pub(crate) fn enter(
        &self,
        name: Option<Arc<str>>,
        location: &'static Location<'static>,
        silent: bool,
    ) -> Option<(usize, u64)> {
        // Under the lock, so that who takes the reports never takes a silent one for one who reports.
        let early: Option<u64> = mutant!("scope-counts-outside-the-lock", None, self.count());
        let mut locked = self.queue.lock();
        let id = early.or_else(|| self.count())?;
        let entry = Entry {
            id,
            name,
            location,
            aborted: false,
            silent,
        };
        Some((locked.shared().insert(entry), id))
    }

    /// Lets the one in `seat` out and keeps its report; what was held of the enclosing scope, if that was the last.
    #[inline]
    pub(crate) fn leave(&self, seat: Seat, report: Option<M>) -> Option<Outer> {
        match (seat, report) {
            (Seat::Body | Seat::Counted { .. }, None) => {
                let ended = self.count_out();
                if ended { self.end() } else { None }
            }
            (seat, report) => self.leave_book(seat, report),
        }
    }

    /// The same for one who lies in a slot or reports.
    fn leave_book(&self, seat: Seat, report: Option<M>) -> Option<Outer> {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        let entry = book.entry(seat);
        // Under the lock, so that who takes the reports counts each child once.
        let ended = self.count_out();
        let (told, refused) = match (entry, report) {
            (Some(entry), Some(report)) if !book.abandoned => {
                book.reports.push((entry, report));
                (true, None)
            }
            (_, refused) => (false, refused),
        };
        drop(locked);
        if let Some(report) = refused {
            contain(|| drop(report));
        }
        if ended {
            return self.end();
        }
        if told {
            self.wake();
        }
        None
    }

    /// Tells who waits that the last one has left.
    #[cold]
    fn end(&self) -> Option<Outer> {
        let outer = self.queue.lock().shared().outer.take();
        mutant!("scope-last-leaves-silently", self.wake(), ());
        outer
    }

    /// Wakes who waits for the roster; it was told under the lock, in an earlier turn (R2).
    #[cold]
    fn wake(&self) {
        let woken = self
            .queue
            .lock_and_wake(|queue, wakers| _ = queue.wake_front(wakers));
        contain(|| drop(woken));
    }

    /// Stops taking reports; those that lie here, and how many are in.
    pub(crate) fn abandon(&self) -> (Vec<(Entry, M)>, usize) {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        book.abandoned = true;
        let early: Option<Outer> = mutant!("scope-abandons-its-place", None, book.outer.take());
        let reports = core::mem::take(&mut book.reports);
        let live = self.live();
        drop(locked);
        drop(early);
        (reports, live)
    }

    /// Keeps a place in the enclosing scope for the last one who leaves (R3); if all have left, it is given back.
    pub(crate) fn keep(&self, outer: Outer) -> Option<Outer> {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        book.outer = Some(outer);
        let ended = mutant!("scope-keeps-the-place-of-nobody", self.live() == 0, false);
        if ended { book.outer.take() } else { None }
    }

    /// Swaps the reports for `spare`, which is empty; how many are in, and how many of them are not silent.
    pub(crate) fn take(&self, spare: &mut Vec<(Entry, M)>) -> (usize, usize) {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        core::mem::swap(&mut book.reports, spare);
        let live = self.live();
        (live, live.saturating_sub(book.silent))
    }

    /// Waits for a report, or for the last one to leave.
    pub(crate) fn poll_told(
        &self,
        waiter: Pin<&mut Waiter<&WaitQueue<Book<M>>>>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        waiter.poll_wait(cx, |queue| {
            let some = !queue.shared().reports.is_empty();
            mutant!("scope-report-unseen", some, false) || self.live() == 0
        })
    }

    /// Makes a waiter of this roster.
    pub(crate) fn waiter(&self) -> Waiter<&WaitQueue<Book<M>>> {
        Waiter::new(&self.queue, ())
    }

    /// Lists who is in.
    pub(crate) fn list(&self) -> Vec<Entry> {
        let mut locked = self.queue.lock();
        let taken = |slot: &Slot| match slot {
            Slot::Taken(entry) => Some(entry.clone()),
            Slot::Free(_) => None,
        };
        locked.shared().slots.iter().filter_map(taken).collect()
    }

    /// Notes that the handle of number `id` asked it to stop.
    pub(crate) fn abort(&self, slot: usize, id: u64) {
        if let Some(entry) = self.queue.lock().shared().find(slot, id) {
            entry.aborted = true;
        }
    }

    /// Describes the one with this number, if it is still in.
    pub(crate) fn entry(&self, slot: usize, id: u64) -> Option<Entry> {
        self.taken(slot).filter(|entry| entry.id == id)
    }

    /// Describes the one in this slot.
    pub(crate) fn taken(&self, slot: usize) -> Option<Entry> {
        match self.queue.lock().shared().slots.get(slot) {
            Some(Slot::Taken(entry)) => Some(entry.clone()),
            _ => None,
        }
    }
}

impl<M: Send> Enclosing for Roster<M> {
    fn enter(
        &self,
        name: Option<Arc<str>>,
        location: &'static Location<'static>,
    ) -> Option<(usize, u64)> {
        self.enter(name, location, true)
    }

    fn leave(&self, slot: usize) -> Option<Outer> {
        self.leave(Seat::Booked(slot), None)
    }

    fn abort(&self, slot: usize, id: u64) {
        self.abort(slot, id);
    }

    fn entry(&self, slot: usize, id: u64) -> Option<Entry> {
        self.entry(slot, id)
    }
}
