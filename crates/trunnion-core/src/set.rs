//! The future set: many children polled inside one task, only those that were woken.
//!
//! The futures lie in slabs and never move; their wakers lie in slabs beside them, and all wakers of a slab share one count,
//! so that a child costs no allocation of its own. Scopes, `gather`, `race` and the like stand on it.
//!
//! # Who may touch what
//!
//! A wake queues the child in a stack that the set takes as a whole. The set owns its lists, and the futures, alone.
//!
//! * R1: a child is in one list at most. Whoever turns its state from `IDLE` to `QUEUED` may push it; all others leave it at
//!   that, and what they wrote before is seen by the poll that follows, for the set turns the state back before it polls.
//! * R2: a child's `next` belongs to whoever queued it until the push, then to the set until the state is `IDLE` again. The
//!   waker of a child that has gone may queue its place: that is skipped, or polled if there is another child by then.
//! * R3: who pushes onto `ASLEEP` wakes the parent, and nobody else does. Two may be on their way at once; the one that
//!   finds no waker came after one that took the last registered, and has not called it when the other pushed, or the set
//!   has looked at the stack since.
//! * R4: the set is asleep only while its last poll was pending with nothing queued: it registers the parent's waker first
//!   and turns `AWAKE` to `ASLEEP` in one step, which fails if something was pushed since it took the stack.
//! * M1 to M3, about memory, stand in `set/memory.rs`.

mod chunks;
mod lists;
mod memory;
mod parent;
mod ready;

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use crate::panic::{catch, contain};
use crate::{PanicPayload, mutant};

use chunks::Chunks;
use lists::{Round, Vacant};
use ready::END;

/// Holds futures and polls those that were woken.
///
/// They are polled in the order in which they became ready: a new one when it was inserted, another when it was woken. One
/// call polls each at most once; what was woken meanwhile has its turn after the parent was woken, so that a child that
/// wakes itself all the time keeps nobody from running.
///
/// The number that [`insert`](Self::insert) gives names the child until its output was given, it was removed, or the set
/// was cleared; then another child may get it. The first children of a new set are 0, 1, 2, ...
///
/// ```
/// use std::future::ready;
/// use std::task::{Context, Poll, Waker};
/// use trunnion_core::set::FutureSet;
///
/// let mut set = FutureSet::new();
/// let (one, two) = (set.insert(ready('a')), set.insert(ready('b')));
/// let mut cx = Context::from_waker(Waker::noop());
/// assert_eq!(set.poll_next(&mut cx), Poll::Ready(Some((one, 'a'))));
/// assert_eq!(set.poll_next(&mut cx), Poll::Ready(Some((two, 'b'))));
/// assert_eq!(set.poll_next(&mut cx), Poll::Ready(None));
/// ```
///
/// # Cancel safety
/// Dropping it drops all children, the last inserted first; a destructor's panic keeps none of the others from being
/// dropped. Their wakers may live on and be woken: nothing happens then.
///
/// # Cost
/// A set made with a capacity allocates three times, twice up to 16, and then nothing while that is enough; beyond it the
/// slabs grow like a `Vec`, but move nothing. A wake takes two locked steps and the poll that follows one; the first poll takes none.
pub struct FutureSet<F> {
    chunks: Chunks<F>,
    round: Round,
    vacant: Vacant,
    len: usize,
    // A child was polled, or the set has slept: before that the stack is as it was made.
    touched: bool,
    // A parent's waker may lie in what is shared.
    slept: bool,
}

// The futures lie in slabs of their own, and stay there when the set is moved.
impl<F> Unpin for FutureSet<F> {}

impl<F> FutureSet<F> {
    /// Makes a set without children; it allocates when the first is inserted.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            chunks: Chunks::new(),
            round: Round::new(),
            vacant: Vacant::new(),
            len: 0,
            touched: false,
            slept: false,
        }
    }

    /// Makes a set that has room for `capacity` children.
    ///
    /// # Panics
    /// If `capacity` is four billion or more.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let mut set = Self::new();
        if capacity > 0 {
            set.chunks.grow(capacity);
        }
        set
    }

    /// Counts the children.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Tells whether there are no children.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Goes through the children with their numbers, the lowest number first.
    ///
    /// ```
    /// use trunnion_core::set::FutureSet;
    ///
    /// let mut set = FutureSet::new();
    /// let [zero, one] = ["a", "b"].map(|child| set.insert(child));
    /// assert!(set.remove(zero));
    /// assert_eq!(set.iter().collect::<Vec<_>>(), [(one, &"b")]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (usize, &F)> {
        let places = 0..self.chunks.filled();
        places.filter_map(|index| Some((index as usize, self.chunks.look(index)?)))
    }

    /// Adds a child, which the next [`poll_next`](Self::poll_next) polls after those that are ready; gives its number.
    ///
    /// Nobody is woken: a caller that is not about to poll the set wakes its task.
    ///
    /// # Panics
    /// If there are four billion children.
    #[inline]
    pub fn insert(&mut self, future: F) -> usize {
        self.insert_with(|| future)
    }

    /// Adds the child that `make` gives as [`insert`](Self::insert) does, without moving it on its way.
    ///
    /// # Panics
    /// With the panic of `make`, which has added nothing then, and if there are four billion children.
    #[inline]
    pub fn insert_with(&mut self, make: impl FnOnce() -> F) -> usize {
        self.take_woken();
        self.put(make)
    }

    #[inline]
    fn put(&mut self, make: impl FnOnce() -> F) -> usize {
        let index = match self.vacant.first() {
            None => self.insert_new(make),
            Some(index) => {
                self.insert_again(index, make);
                index
            }
        };
        self.len += 1;
        index as usize
    }

    #[inline]
    fn insert_new(&mut self, make: impl FnOnce() -> F) -> u32 {
        let index = self.chunks.push_with(|| Some(make()));
        self.round.push_fresh(index);
        index
    }

    #[inline]
    fn insert_again(&mut self, index: u32, make: impl FnOnce() -> F) {
        self.chunks.place(index).set(Some(make()));
        let link = self.chunks.link(index);
        self.vacant.take_first(link);
        if link.restart() {
            self.round.push(&self.chunks, index);
        }
    }

    /// Adds a child and polls it at once, before those that are ready; gives its number.
    ///
    /// What is ready at once then never touches the lists. A caller that lets the children wait calls [`wait`](Self::wait).
    ///
    /// # Errors
    /// The output, if there is one already.
    ///
    /// # Panics
    /// With the panic of the child, which is gone then, and if there are four billion children.
    #[inline]
    pub fn start(&mut self, future: F) -> Result<usize, F::Output>
    where
        F: Future,
    {
        let index = self.vacant.first().unwrap_or_else(|| self.make_room());
        let Self {
            chunks,
            vacant,
            len,
            touched,
            ..
        } = self;
        *touched = true;
        // Where a late wake has queued the place, there is one poll more later.
        chunks.with(index, |mut place, link, waker| {
            mutant!("set-start-forgets-the-queue", (), link.accept_first());
            place.set(Some(future));
            let mut starting = Starting(Some(place));
            let poll = starting.poll(waker);
            let place = starting.0.take();
            match poll {
                Poll::Ready(output) => {
                    // The place is still the first of the vacant ones.
                    if let Some(mut place) = place {
                        place.set(None);
                    }
                    Err(output)
                }
                Poll::Pending => {
                    vacant.take_first(link);
                    *len += 1;
                    Ok(index as usize)
                }
            }
        })
    }

    /// Makes a vacant place, which is queued nowhere.
    #[cold]
    fn make_room(&mut self) -> u32 {
        // What was inserted keeps its turn, and this place is not part of that run of numbers.
        self.round.link_fresh(&self.chunks);
        let index = self.chunks.push_with(|| None);
        let link = self.chunks.link(index);
        mutant!("set-start-keeps-queued", link.accept_first(), ());
        self.vacant.push(link, index);
        index
    }

    /// Drops a child; false if there is none of this number.
    ///
    /// # Panics
    /// With the panic of the child's destructor; the child is gone then, too.
    pub fn remove(&mut self, number: usize) -> bool {
        let index = u32::try_from(number).ok();
        let index = index.filter(|index| *index < self.chunks.filled());
        let Some(index) = index.filter(|index| self.chunks.place(*index).is_some()) else {
            return false;
        };
        let dropped = catch(|| self.chunks.place(index).set(None));
        self.leave(index);
        if let Err(payload) = dropped {
            payload.resume();
        }
        true
    }

    /// Drops all children, the one with the highest number first.
    ///
    /// # Panics
    /// With the first panic of a destructor, once all children are gone.
    pub fn clear(&mut self) {
        if let Some(payload) = self.drop_all() {
            payload.resume();
        }
    }

    /// Drops each child in a catch of its own, and gives the first panic; the others have been told to the process's hook.
    fn drop_all(&mut self) -> Option<PanicPayload> {
        let mut first = None;
        let mut index = self.chunks.filled();
        while self.len > 0 && index > 0 {
            index -= 1;
            if self.chunks.place(index).is_none() {
                continue;
            }
            let dropped = catch(|| self.chunks.place(index).set(None));
            self.leave(index);
            if let Err(payload) = dropped {
                match &first {
                    None => first = Some(payload),
                    Some(_) => contain(|| drop(payload)),
                }
            }
        }
        first
    }

    /// Polls the children that were woken, until one ends or each has had its turn; `None` when there are no children.
    ///
    /// # Panics
    /// With the panic of a child, which is gone then; the set stays usable.
    ///
    /// # Cancel safety
    /// A caller that goes away after `Pending` loses nothing.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, F::Output)>>
    where
        F: Future,
    {
        if self.len == 0 {
            return Poll::Ready(None);
        }
        self.begin_round();
        match self.next_ended() {
            None => {
                self.wait(cx);
                Poll::Pending
            }
            ended => Poll::Ready(ended),
        }
    }

    /// Begins a round with the children that were woken, unless one is under way.
    #[inline]
    pub fn begin_round(&mut self) {
        if self.round.is_empty() {
            self.take_woken();
        }
    }

    /// Polls the children whose turn it is in this round, until one ends.
    ///
    /// # Panics
    /// With the panic of a child, which is gone then; the set stays usable.
    #[inline]
    pub fn next_ended(&mut self) -> Option<(usize, F::Output)>
    where
        F: Future,
    {
        while let Some(index) = self.round.next() {
            if let Poll::Ready(output) = self.poll_child(index) {
                return Some((index as usize, output));
            }
        }
        None
    }

    /// Moves what was woken to the end of the round.
    #[inline]
    fn take_woken(&mut self) {
        if self.touched {
            self.take_stack();
        }
    }

    #[inline(never)]
    fn take_stack(&mut self) {
        let newest = self.chunks.shared().map(|shared| shared.ready.take());
        if let Some(newest) = newest {
            self.round.append_reversed(&self.chunks, newest);
        }
    }

    /// Polls the child that was queued, unless its place is vacant.
    fn poll_child(&mut self, index: u32) -> Poll<F::Output>
    where
        F: Future,
    {
        let mut polling = Polling { set: self, index };
        let poll = polling.poll();
        polling.index = END;
        poll
    }

    /// Gives the place of a child that has gone free.
    fn leave(&mut self, index: u32) {
        self.len -= 1;
        self.vacant.push(self.chunks.link(index), index);
    }

    /// Sees to it that the parent is woken for what is or will be queued: the last thing before the task gives way. True if
    /// something is, so that the parent has been woken.
    pub fn wait(&mut self, cx: &Context<'_>) -> bool {
        let Some(shared) = self.chunks.shared() else {
            return false;
        };
        if shared.ready.is_empty() {
            (self.slept, self.touched) = (true, true);
            let asleep = mutant!(
                "set-registers-late",
                {
                    shared.parent.register(cx.waker());
                    shared.ready.sleep()
                },
                {
                    let asleep = shared.ready.sleep();
                    shared.parent.register(cx.waker());
                    asleep
                }
            );
            if asleep {
                return false;
            }
        }
        cx.waker().wake_by_ref();
        true
    }
}

/// A child that is polled for the first time, in a place that is vacant until that has shown that it waits; it is gone when that
/// panics.
struct Starting<'a, F>(Option<Pin<&'a mut Option<F>>>);

impl<F: Future> Starting<'_, F> {
    #[inline]
    fn poll(&mut self, waker: &Waker) -> Poll<F::Output> {
        let place = self.0.as_mut().map(Pin::as_mut);
        let Some(future) = place.and_then(Option::as_pin_mut) else {
            unreachable!("it was put there before")
        };
        future.poll(&mut Context::from_waker(waker))
    }
}

impl<F> Drop for Starting<'_, F> {
    fn drop(&mut self) {
        if let Some(place) = &mut self.0 {
            // A second panic goes no further.
            contain(|| place.set(None));
        }
    }
}

/// A child that is being polled, and is gone when that panics.
struct Polling<'a, F> {
    set: &'a mut FutureSet<F>,
    index: u32,
}

impl<F: Future> Polling<'_, F> {
    /// Takes it out of the round, polls it, and drops it when it ends; pending if the place is vacant.
    #[inline]
    fn poll(&mut self) -> Poll<F::Output> {
        let (set, index) = (&mut *self.set, self.index);
        set.chunks.with(index, |mut place, link, waker| {
            // A vacant place is not queued any more either.
            set.round.accept(link);
            let Some(future) = place.as_mut().as_pin_mut() else {
                return Poll::Pending;
            };
            set.touched = true;
            let poll = future.poll(&mut Context::from_waker(waker));
            if poll.is_ready() {
                place.set(None);
                set.len -= 1;
                set.vacant.push(link, index);
            }
            poll
        })
    }
}

impl<F> Drop for Polling<'_, F> {
    fn drop(&mut self) {
        if self.index == END {
            return;
        }
        let Self { set, index } = self;
        // Occupied unless it was the destructor that panicked; a second panic goes no further.
        contain(|| set.chunks.place(*index).set(None));
        set.leave(*index);
    }
}

impl<F> Default for FutureSet<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> Extend<F> for FutureSet<F> {
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        self.take_woken();
        for future in futures {
            self.put(|| future);
        }
    }
}

impl<F> Drop for FutureSet<F> {
    fn drop(&mut self) {
        if let Some(payload) = self.drop_all() {
            contain(|| drop(payload));
        }
        if let Some(shared) = self.chunks.shared().filter(|_| self.slept) {
            mutant!("set-drop-keeps-the-parent", shared.parent.close(), ());
        }
    }
}

impl<F> fmt::Debug for FutureSet<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FutureSet")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
