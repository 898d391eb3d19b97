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
use core::task::{Context, Poll, Waker};

use trunnion_core::mutant;
use trunnion_core::panic::contain;
use trunnion_core::set::FutureSet;
use trunnion_core::sync::Arc;
use trunnion_core::wait::{Locked, Shared, WaitQueue, Waiter, Wakers};

/// The seat of a child without a handle, the number of one that has none yet, and the end of the list of free seats.
const NONE: u32 = u32::MAX;

/// Names a child: by its number in the order of the spawns, and by its seat if it has a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) id: u64,
    seat: u32,
}

impl Card {
    /// The card of a child that was not taken.
    pub(crate) const REFUSED: Self = Self {
        id: u64::MAX,
        seat: NONE,
    };

    /// Tells whether somebody may wait for the child.
    pub(crate) const fn has_seat(self) -> bool {
        self.seat != NONE
    }
}

/// What the set holds.
pub(crate) trait Member: Future {
    /// Gives the card that the child was taken with.
    fn card(&self) -> Card;
}

/// Says how a child ended, to its handle.
#[derive(Debug)]
pub(crate) enum Ended<O> {
    Value(O),
    /// The payload is the scope's; this is its text.
    Panicked(Box<str>),
    Cancelled,
}

enum Stage<O> {
    Runs,
    Ended(Ended<O>),
    Given,
}

struct Seat<O> {
    id: u64,
    location: &'static Location<'static>,
    /// The number in the set.
    number: u32,
    stage: Stage<O>,
    /// That of who waits for the end.
    waker: Option<Waker>,
    aborted: bool,
    /// The handle is there.
    handle: bool,
    next_free: u32,
}

/// What lies under the lock.
pub(crate) struct Book<H, O> {
    // Empty while the driver polls the children.
    set: Option<FutureSet<H>>,
    // Who came meanwhile, or while the driver sleeps.
    inbox: Vec<H>,
    aborts: Vec<Card>,
    seats: Vec<Seat<O>>,
    free: u32,
    next_id: u64,
    // The driver looks here before it sleeps.
    awake: bool,
    closed: bool,
}

impl<H, O> Shared for Book<H, O> {
    type Value = ();

    /// What the driver waits for is a state: it looks again.
    fn pass_on(_: &mut Locked<'_, Self>, (): (), _: &mut Wakers) {}
}

impl<H, O> Book<H, O> {
    /// Finds a seat for child `id`.
    fn seat(&mut self, id: u64, location: &'static Location<'static>) -> u32 {
        let seat = Seat {
            id,
            location,
            number: NONE,
            stage: Stage::Runs,
            waker: None,
            aborted: false,
            handle: true,
            next_free: NONE,
        };
        let free = self.free;
        match self.seats.get_mut(free as usize) {
            None => {
                self.seats.push(seat);
                u32::try_from(self.seats.len() - 1).unwrap_or(NONE)
            }
            Some(place) => {
                self.free = place.next_free;
                // A free seat holds neither value nor waker.
                *place = seat;
                free
            }
        }
    }

    fn find(&mut self, card: Card) -> Option<&mut Seat<O>> {
        let seat = self.seats.get_mut(card.seat as usize);
        seat.filter(|seat| seat.id == card.id)
    }

    /// Frees the seat of a child that has ended and whose handle has left: an old card does not find it any more.
    fn free(&mut self, card: Card) {
        if let Some(seat) = self.seats.get_mut(card.seat as usize) {
            seat.id = mutant!("children-free-keeps-name", Card::REFUSED.id, seat.id);
            seat.next_free = self.free;
            self.free = card.seat;
        }
    }

    fn has_news(&self) -> bool {
        !self.inbox.is_empty() || !self.aborts.is_empty()
    }
}

impl<H: Member, O> Book<H, O> {
    /// Puts a child into the set, which is not moved for that.
    fn put(set: &mut FutureSet<H>, seats: &mut [Seat<O>], child: H) {
        let card = child.card();
        let number = set.insert(child);
        let seat = seats.get_mut(card.seat as usize);
        if let Some(seat) = seat.filter(|seat| seat.id == card.id) {
            seat.number = u32::try_from(number).unwrap_or(NONE);
        }
    }

    /// Takes the set with all children in it.
    fn collect(&mut self) -> FutureSet<H> {
        let mut set = self.set.take().unwrap_or_default();
        if !self.inbox.is_empty() {
            let Self { inbox, seats, .. } = self;
            inbox
                .drain(..)
                .for_each(|child| Self::put(&mut set, seats, child));
        }
        set
    }

    /// Puts a child where the driver finds it, behind all others. One that is asleep, or about to be, looks into the inbox (C2).
    fn enter(&mut self, child: H) {
        let direct = mutant!("children-enter-unseen", self.awake, true) && self.inbox.is_empty();
        match &mut self.set {
            Some(set) if direct => Self::put(set, &mut self.seats, child),
            _ => self.inbox.push(child),
        }
    }
}

/// Says what the driver does when the children have had their turns.
pub(crate) enum Rest {
    /// Somebody came meanwhile, or is to go.
    More,
    /// Nobody is left, and nobody comes any more.
    Over,
    /// There is nothing to do: [`Children::poll_told`] waits.
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
            seats: Vec::new(),
            free: NONE,
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
        let seat = handle.map_or(NONE, |location| book.seat(id, location));
        let card = Card { id, seat };
        book.enter(hold(future, card));
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
        if !book.inbox.is_empty() {
            let set = book.collect();
            book.set = Some(set);
        }
    }

    /// Takes the children to be polled.
    pub(crate) fn take(&self) -> Turn<H>
    where
        H: Member,
    {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        let set = book.collect();
        let cards = core::mem::take(&mut book.aborts);
        let mut number = |card| {
            let place = book.find(card)?;
            matches!(place.stage, Stage::Runs).then_some((place.number as usize, card))
        };
        let aborts = cards.into_iter().filter_map(&mut number).collect();
        Turn { set, aborts }
    }

    /// Gives the children back after their turn, and lets the driver go to sleep if there is nothing to do (C2).
    pub(crate) fn rest(&self, set: FutureSet<H>, body_ended: bool) -> Rest {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        if body_ended && set.is_empty() && book.inbox.is_empty() {
            book.closed = true;
            drop(locked);
            drop(set);
            return Rest::Over;
        }
        book.set = Some(set);
        if mutant!("children-rest-unchecked", book.has_news(), false) {
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
        let mut locked = self.queue.lock();
        let book = locked.shared();
        let Some(seat) = book.find(card) else {
            return Some(ended);
        };
        if !seat.handle {
            mutant!("children-end-keeps-seat", book.free(card), ());
            return Some(ended);
        }
        // It replaces `Runs`, which holds nothing.
        seat.stage = Stage::Ended(ended);
        let waker = seat.waker.take();
        drop(locked);
        if let Some(waker) = mutant!("children-end-wakes-nobody", waker, None::<Waker>) {
            contain(|| waker.wake());
        }
        None
    }

    /// Waits for the end of a child; `None` if it was given before.
    pub(crate) fn poll_end(&self, card: Card, cx: &mut Context<'_>) -> Poll<Option<Ended<O>>> {
        let mut new = None;
        loop {
            let mut locked = self.queue.lock();
            let Some(seat) = locked.shared().find(card) else {
                return Poll::Ready(None);
            };
            let runs = matches!(seat.stage, Stage::Runs);
            if !runs && mutant!("children-join-registers-blindly", true, new.is_none()) {
                let stage = core::mem::replace(&mut seat.stage, Stage::Given);
                drop(locked);
                return Poll::Ready(match stage {
                    Stage::Ended(ended) => Some(ended),
                    Stage::Runs | Stage::Given => None,
                });
            }
            let same = |held: &Waker| held.will_wake(cx.waker());
            if seat.waker.as_ref().is_some_and(same) {
                drop(locked);
                return Poll::Pending;
            }
            if let Some(waker) = new.take() {
                let old = seat.waker.replace(waker);
                drop(locked);
                contain(|| drop(old));
                return Poll::Pending;
            }
            drop(locked);
            // Cloning runs the user's code (C4).
            new = Some(cx.waker().clone());
        }
    }

    /// Asks a child to go, unless it has ended.
    pub(crate) fn abort(&self, card: Card) {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        let runs = |seat: &&mut Seat<O>| matches!(seat.stage, Stage::Runs) && !seat.aborted;
        let Some(seat) = book.find(card).filter(runs) else {
            return;
        };
        seat.aborted = true;
        book.aborts.push(card);
        let asleep = !book.awake;
        drop(locked);
        if mutant!("children-abort-wakes-nobody", asleep, false) {
            self.wake();
        }
    }

    /// Tells whether a child has ended.
    pub(crate) fn has_ended(&self, card: Card) -> bool {
        let mut locked = self.queue.lock();
        let seat = locked.shared().find(card);
        seat.is_none_or(|seat| !matches!(seat.stage, Stage::Runs))
    }

    /// Gives the place that spawned a child with a handle.
    pub(crate) fn location(&self, card: Card) -> Option<&'static Location<'static>> {
        let mut locked = self.queue.lock();
        locked.shared().find(card).map(|seat| seat.location)
    }

    /// The handle of a child leaves it to the scope.
    pub(crate) fn leave(&self, card: Card) {
        let mut locked = self.queue.lock();
        let book = locked.shared();
        let Some(seat) = book.find(card) else {
            return;
        };
        seat.handle = false;
        let waker = seat.waker.take();
        let ended = !matches!(seat.stage, Stage::Runs);
        let left = if ended {
            let stage = core::mem::replace(&mut seat.stage, Stage::Given);
            book.free(card);
            Some(stage)
        } else {
            None
        };
        drop(locked);
        contain(|| drop(left));
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
