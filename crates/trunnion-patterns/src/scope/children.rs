//! The children of a scope of one task: the one state that the scope, its handles and those of its children share.
//!
//! * C1: closing is for good, and whoever comes after it is given back.
//! * C2: the driver is asleep only when it has seen, under the lock, that nothing is there for it; whoever then brings
//!   something wakes it. While it is awake it looks before it sleeps, and nobody wakes it.
//! * C3: a seat belongs to a child and to its handle, and is free when both have left it.
//! * C4: nobody's destructor, waker or future runs under the lock: what is found there is taken out, and dropped or woken
//!   after it. Futures are moved there, never polled.

use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

use trunnion_core::mutant;
use trunnion_core::panic::contain;
use trunnion_core::set::FutureSet;
use trunnion_core::sync::Arc;
use trunnion_core::wait::{Locked, Shared, WaitQueue, Waiter, Wakers};

use super::seats::{Card, Ended, Look, Seats};

/// What the set holds.
pub(crate) trait Member: Future {
    /// Gives the card that the child was taken with.
    fn card(&self) -> Card;
}

/// What lies under the lock.
pub(crate) struct Book<H, O> {
    // Empty while the driver polls the children.
    set: Option<FutureSet<H>>,
    // Who came meanwhile, or while the driver sleeps.
    inbox: Vec<H>,
    aborts: Vec<Card>,
    seats: Seats<O>,
    next_id: u64,
    // The driver looks here before it sleeps.
    awake: bool,
    closed: bool,
}

impl<H, O> Shared for Book<H, O> {
    type Value = ();
    type Open = ();

    /// What the driver waits for is a state: it looks again.
    fn pass_on(_: &mut Locked<'_, Self>, (): (), _: &mut Wakers) {}
}

impl<H, O> Book<H, O> {
    fn has_news(&self) -> bool {
        !self.inbox.is_empty() || !self.aborts.is_empty()
    }
}

impl<H: Member, O> Book<H, O> {
    /// Puts a child into the set, which is not moved for that.
    #[inline]
    fn put(set: &mut FutureSet<H>, seats: &mut Seats<O>, card: Card, make: impl FnOnce() -> H) {
        let number = set.insert_with(make);
        if card.has_seat() {
            seats.place(card, number);
        }
    }

    /// Puts those that came meanwhile behind the others.
    fn empty_inbox(&mut self) {
        if self.inbox.is_empty() {
            return;
        }
        if let Some(set) = &mut self.set {
            for child in self.inbox.drain(..) {
                Self::put(set, &mut self.seats, child.card(), || child);
            }
        }
    }

    /// Puts a child where the driver finds it, behind all others. One that is asleep, or about to be, looks into the inbox (C2).
    #[inline]
    fn enter(&mut self, card: Card, make: impl FnOnce() -> H) {
        let direct = mutant!("children-enter-unseen", self.awake, true) && self.inbox.is_empty();
        match &mut self.set {
            Some(set) if direct => Self::put(set, &mut self.seats, card, make),
            _ => self.inbox.push(make()),
        }
    }
}

/// Says what the driver does when the children have had their turns.
pub(crate) enum Rest {
    /// Somebody came meanwhile, or is to go.
    More,
    /// Nobody is left, and nobody comes any more.
    Over,
    /// There is nothing to do: [`poll_told`] waits.
    Sleeps,
}

/// What the driver takes at the start of a turn: the children, and those of them that are to go.
pub(crate) struct Turn<H> {
    pub(crate) set: FutureSet<H>,
    pub(crate) aborts: Vec<(usize, Card)>,
}

/// Holds children, takes new ones from any thread, and keeps their ends for their handles.
pub(crate) struct Children<H, O> {
    queue: Arc<WaitQueue<Book<H, O>>>,
}

/// Waits for news in the scope's future.
pub(crate) type Told<H, O> = Waiter<Arc<WaitQueue<Book<H, O>>>>;

impl<H, O> Children<H, O> {
    /// Makes the state of a scope that is awake.
    pub(crate) fn new() -> Self {
        let queue = WaitQueue::new(Book {
            set: Some(FutureSet::new()),
            inbox: Vec::new(),
            aborts: Vec::new(),
            seats: Seats::new(),
            next_id: 0,
            awake: true,
            closed: false,
        });
        let queue = Arc::new(queue);
        Self { queue }
    }

    /// Tells two scopes apart.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.queue) as usize
    }

    pub(crate) fn waiter(&self) -> Told<H, O> {
        Waiter::new(Arc::clone(&self.queue), ())
    }

    /// Takes a child that `hold` makes of `future`, with a seat if it gets a handle.
    ///
    /// # Errors
    /// The future, when the scope is closed (C1).
    #[inline]
    pub(crate) fn admit<P>(
        &self,
        future: P,
        handle: Option<&'static Location<'static>>,
        hold: impl FnOnce(P, Card) -> H,
    ) -> Result<Card, P>
    where
        H: Member,
    {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        if mutant!("children-enter-after-close", book.closed, false) {
            return Err(future);
        }
        let id = book.next_id;
        book.next_id += 1;
        let card = match handle {
            None => Card::detached(id),
            Some(location) => book.seats.give(id, location),
        };
        book.enter(card, || hold(future, card));
        let asleep = !book.awake;
        drop(locked);
        if mutant!("children-spawn-wakes-nobody", asleep, false) {
            self.wake();
        }
        Ok(card)
    }

    /// Wakes the driver, which was asleep in an earlier turn of the lock (C2).
    #[cold]
    fn wake(&self) {
        let woken = self
            .queue
            .lock_and_wake(|queue, wakers| _ = queue.wake_front(wakers));
        contain(|| drop(woken));
    }

    /// The driver wakes up: nobody need wake it, and who comes now comes behind those in the inbox.
    pub(crate) fn begin(&self)
    where
        H: Member,
    {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        book.awake = true;
        book.empty_inbox();
    }

    /// Takes the children to be polled; the driver is awake from now on, if it was not before.
    pub(crate) fn take(&self) -> Turn<H>
    where
        H: Member,
    {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        book.awake = true;
        book.empty_inbox();
        let set = book.set.take().unwrap_or_default();
        let cards = core::mem::take(&mut book.aborts).into_iter();
        let aborts = cards.filter_map(|card| Some((book.seats.number(card)?, card)));
        let aborts = aborts.collect();
        Turn { set, aborts }
    }

    /// Gives the children back after their turn, and lets the driver go to sleep if there is nothing to do (C2). One whose task
    /// has been `woken` looks again anyway.
    pub(crate) fn rest(&self, set: FutureSet<H>, body_ended: bool, woken: bool) -> Rest {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        if body_ended && set.is_empty() && book.inbox.is_empty() {
            book.closed = true;
            drop(locked);
            drop(set);
            return Rest::Over;
        }
        book.set = Some(set);
        if woken || mutant!("children-rest-unchecked", book.has_news(), false) {
            return Rest::More;
        }
        book.awake = false;
        Rest::Sleeps
    }

    /// Closes the scope, and gives all children that were not taken: those of the set came before the others.
    pub(crate) fn close(&self) -> (Option<FutureSet<H>>, Vec<H>) {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        book.closed = true;
        (book.set.take(), core::mem::take(&mut book.inbox))
    }

    /// Keeps the end of a child that had a handle; gives it back if nobody waits for it any more.
    pub(crate) fn end(&self, card: Card, ended: Ended<O>) -> Option<Ended<O>> {
        let kept = self.queue.lock().shared().seats.end(card, ended);
        match kept {
            Err(ended) => Some(ended),
            Ok(waker) => {
                let waker = mutant!("children-end-wakes-nobody", waker, None);
                if let Some(waker) = waker {
                    contain(|| waker.wake());
                }
                None
            }
        }
    }

    /// Waits for the end of a child, which is given once.
    pub(crate) fn poll_end(&self, card: Card, cx: &mut Context<'_>) -> Poll<Ended<O>> {
        let mut new = None;
        loop {
            let mut locked = self.queue.lock();
            let look = locked.shared().seats.look(card, cx.waker(), &mut new);
            drop(locked);
            match look {
                Look::Ended(ended) => return Poll::Ready(ended),
                Look::Waits(old) => {
                    contain(|| drop(old));
                    return Poll::Pending;
                }
                // Cloning runs the user's code (C4).
                Look::Stale => new = Some(cx.waker().clone()),
            }
        }
    }

    /// Asks a child to go, unless it has ended.
    pub(crate) fn abort(&self, card: Card) {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        if !book.seats.abort(card) {
            return;
        }
        book.aborts.push(card);
        let asleep = !book.awake;
        drop(locked);
        if mutant!("children-abort-wakes-nobody", asleep, false) {
            self.wake();
        }
    }

    /// Tells whether a child has ended.
    pub(crate) fn has_ended(&self, card: Card) -> bool {
        !self.queue.lock().shared().seats.runs(card)
    }

    /// Finds a child with a handle that has not ended.
    pub(crate) fn running(&self) -> Option<Card> {
        self.queue.lock().shared().seats.running()
    }

    /// Gives the place that spawned a child with a handle.
    #[cfg(debug_assertions)]
    pub(crate) fn location(&self, card: Card) -> Option<&'static Location<'static>> {
        self.queue.lock().shared().seats.location(card)
    }

    /// The handle of a child leaves it to the scope.
    pub(crate) fn leave(&self, card: Card) {
        let (ended, waker) = self.queue.lock().shared().seats.leave(card);
        contain(|| drop(ended));
        contain(|| drop(waker));
    }

    /// Counts the seats that were ever there at once.
    #[cfg(trunnion_loom)]
    pub(crate) fn seats(&self) -> usize {
        self.queue.lock().shared().seats.len()
    }
}

impl<H, O> Clone for Children<H, O> {
    fn clone(&self) -> Self {
        let queue = Arc::clone(&self.queue);
        Self { queue }
    }
}

/// Waits for news; ready if there are some already.
pub(crate) fn poll_told<H, O>(told: Pin<&mut Told<H, O>>, cx: &mut Context<'_>) -> Poll<()> {
    told.poll_wait(cx, |queue| {
        mutant!("children-news-unseen", queue.shared().has_news(), false)
    })
}
