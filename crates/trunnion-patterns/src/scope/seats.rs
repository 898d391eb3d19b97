//! The seats of children with handles: how each child goes on, until it has ended and its handle has left.

use core::panic::Location;
use core::task::Waker;

use trunnion_core::mutant;

/// The seat of a child without a handle, the number of one that has none yet, and the end of the list of free seats.
const NONE: u32 = u32::MAX;

/// Names a child: by its number in the order of the spawns, and by its seat if it has a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) id: u64,
    seat: u32,
}

impl Card {
    /// The card of a child that was not taken, and of a free seat.
    pub(crate) const REFUSED: Self = Self::detached(u64::MAX);

    /// The card of a child without a handle.
    pub(crate) const fn detached(id: u64) -> Self {
        Self { id, seat: NONE }
    }

    /// Tells whether somebody may wait for the child.
    pub(crate) const fn has_seat(self) -> bool {
        self.seat != NONE
    }
}

/// Says how a child ended, to its handle.
#[derive(Debug)]
pub(crate) enum Ended<O> {
    Value(O),
    /// The payload is the scope's; this is its text.
    Panicked(Box<str>),
    Cancelled,
}

/// One place for both, for a child is waited for only while it runs.
enum Stage<O> {
    /// With the waker of who waits for the end.
    Runs(Option<Waker>),
    Ended(Ended<O>),
}

struct Seat<O> {
    // That of the child, or of nobody.
    id: u64,
    stage: Stage<O>,
    // The number in the set; the next free seat while this one is free.
    number: u32,
    aborted: bool,
    // The handle is there.
    handle: bool,
    #[cfg(debug_assertions)]
    location: &'static Location<'static>,
}

/// What a handle finds that waits.
pub(crate) enum Look<O> {
    Ended(Ended<O>),
    /// The waker is there; this one is to be dropped.
    Waits(Option<Waker>),
    /// Another waker is there, or none.
    Stale,
}

/// Seats by their number; free ones are given again.
pub(crate) struct Seats<O> {
    list: Vec<Seat<O>>,
    free: u32,
}

impl<O> Seats<O> {
    pub(crate) const fn new() -> Self {
        Self {
            list: Vec::new(),
            free: NONE,
        }
    }

    /// Finds a seat for child `id`.
    #[cfg_attr(
        not(debug_assertions),
        expect(unused_variables, reason = "nobody looks at it")
    )]
    pub(crate) fn give(&mut self, id: u64, location: &'static Location<'static>) -> Card {
        let new = Seat {
            id,
            stage: Stage::Runs(None),
            number: NONE,
            aborted: false,
            handle: true,
            #[cfg(debug_assertions)]
            location,
        };
        let mut seat = self.free;
        if let Some(place) = self.list.get_mut(seat as usize) {
            self.free = place.number;
            // A free seat holds neither value nor waker.
            *place = new;
        } else {
            seat = u32::try_from(self.list.len()).unwrap_or(NONE);
            self.list.push(new);
        }
        Card { id, seat }
    }

    fn find(&mut self, card: Card) -> Option<&mut Seat<O>> {
        let seat = self.list.get_mut(card.seat as usize);
        seat.filter(|seat| seat.id == card.id)
    }

    fn find_running(&mut self, card: Card) -> Option<&mut Seat<O>> {
        self.find(card)
            .filter(|seat| matches!(seat.stage, Stage::Runs(_)))
    }

    /// Frees the seat of a child that has ended and whose handle has left: an old card does not find it any more.
    fn free(&mut self, card: Card) -> Stage<O> {
        let Some(seat) = self.list.get_mut(card.seat as usize) else {
            return Stage::Runs(None);
        };
        seat.id = mutant!("children-free-keeps-name", Card::REFUSED.id, seat.id);
        seat.number = self.free;
        self.free = card.seat;
        core::mem::replace(&mut seat.stage, Stage::Runs(None))
    }

    /// Notes where in the set the child is.
    pub(crate) fn place(&mut self, card: Card, number: usize) {
        if let Some(seat) = self.find(card) {
            seat.number = u32::try_from(number).unwrap_or(NONE);
        }
    }

    /// Tells where in the set a child is, unless it has ended.
    pub(crate) fn number(&mut self, card: Card) -> Option<usize> {
        self.find_running(card).map(|seat| seat.number as usize)
    }

    /// Keeps the end of a child, and gives the waker of who waits for it.
    ///
    /// # Errors
    /// The end, if nobody waits for it any more.
    pub(crate) fn end(&mut self, card: Card, ended: Ended<O>) -> Result<Option<Waker>, Ended<O>> {
        let Some(seat) = self.find(card) else {
            return Err(ended);
        };
        if !seat.handle {
            // What was in it has gone with the handle.
            mutant!("children-end-keeps-seat", drop(self.free(card)), ());
            return Err(ended);
        }
        match core::mem::replace(&mut seat.stage, Stage::Ended(ended)) {
            Stage::Runs(waker) => Ok(waker),
            Stage::Ended(before) => Err(before),
        }
    }

    /// Takes the end of a child and frees its seat, or keeps `new` for it.
    pub(crate) fn look(&mut self, card: Card, waker: &Waker, new: &mut Option<Waker>) -> Look<O> {
        let Some(seat) = self.find(card) else {
            return Look::Ended(Ended::Cancelled);
        };
        let Stage::Runs(held) = &mut seat.stage else {
            return match mutant!("children-join-registers-blindly", None, new.take()) {
                Some(new) => Look::Waits(Some(new)),
                None => self.take(card),
            };
        };
        if held.as_ref().is_some_and(|held| held.will_wake(waker)) {
            return Look::Waits(new.take());
        }
        match new.take() {
            Some(new) => Look::Waits(held.replace(new)),
            None => Look::Stale,
        }
    }

    fn take(&mut self, card: Card) -> Look<O> {
        match self.free(card) {
            Stage::Ended(ended) => Look::Ended(ended),
            Stage::Runs(_) => Look::Stale,
        }
    }

    /// The handle leaves its child to the scope; gives what is to be dropped.
    pub(crate) fn leave(&mut self, card: Card) -> (Option<Ended<O>>, Option<Waker>) {
        let Some(seat) = self.find(card) else {
            return (None, None);
        };
        seat.handle = false;
        if let Stage::Runs(waker) = &mut seat.stage {
            return (None, waker.take());
        }
        match self.free(card) {
            Stage::Ended(ended) => (Some(ended), None),
            Stage::Runs(waker) => (None, waker),
        }
    }

    /// Notes that a child is to go; false if it has ended or that was noted before.
    pub(crate) fn abort(&mut self, card: Card) -> bool {
        self.find_running(card)
            .is_some_and(|seat| !core::mem::replace(&mut seat.aborted, true))
    }

    /// Tells whether a child goes on.
    pub(crate) fn runs(&mut self, card: Card) -> bool {
        self.find_running(card).is_some()
    }

    /// Finds a child that goes on.
    pub(crate) fn running(&self) -> Option<Card> {
        let runs =
            |seat: &Seat<O>| seat.id != Card::REFUSED.id && matches!(seat.stage, Stage::Runs(_));
        let at = self.list.iter().position(runs)?;
        let seat = u32::try_from(at).ok()?;
        let id = self.list.get(at)?.id;
        Some(Card { id, seat })
    }

    /// Gives the place that spawned a child.
    #[cfg(debug_assertions)]
    pub(crate) fn location(&mut self, card: Card) -> Option<&'static Location<'static>> {
        self.find(card).map(|seat| seat.location)
    }

    /// Counts the seats that were ever there at once.
    #[cfg(trunnion_loom)]
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}
