//! What lies under a channel's lock: the items, the places that are spoken for, and the counts.
//!
//! Nothing here runs code of the user: items are moved in and out, and neither dropped nor looked at.
//!
//! * F1: `sent` = delivered + displaced + conflated + leftover + the places in the ring + the late ones.
//! * F2: the places in the ring and the reserved ones are together at most the capacity.
//! * F3: an item that is being merged has left a hole in its place. Nothing passes it, and the place stays until it is filled: places
//!   go at both ends of the ring, never out of its middle.
//! * F4: an item that comes while there is no room and the youngest is being merged is late. It gets no place: whoever merges the
//!   youngest takes it in before he fills the hole, so that where one is late there is a hole.
//! * F5: once the channel is cut nothing goes in, nor back into a hole.

use core::mem;
use core::task::Waker;
use std::collections::VecDeque;

use trunnion_core::mutant;

/// What happens where there is no room; what it needs of the user lies outside of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Wait,
    DropOldest,
    DropNewest,
    Reject,
    Conflate,
    Keyed,
}

impl Rule {
    /// Tells whether senders wait for room.
    pub(crate) const fn waits(self) -> bool {
        matches!(self, Self::Wait | Self::Keyed)
    }
}

/// An item on its way in, with what was found out about it before the lock was taken.
pub(crate) struct Parcel<T> {
    pub(crate) item: T,
    pub(crate) weight: usize,
    /// The hash of its key; those with another one are of another key.
    pub(crate) mark: u64,
}

/// A place in the ring.
struct Slot<T> {
    // Nothing while the item is being merged (F3).
    item: Option<T>,
    weight: usize,
    mark: u64,
}

/// An item that was taken out to be merged.
pub(crate) struct Hole<T> {
    pub(crate) item: T,
    pub(crate) weight: usize,
    pub(crate) place: u64,
}

/// How far the channel is on its way to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    #[default]
    Open,
    /// What is in it, and what has a place, goes through.
    Closed,
    /// Nothing goes in.
    Cut,
}

/// What became of items so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
    pub(crate) displaced: u64,
    pub(crate) conflated: u64,
    pub(crate) leftover: u64,
    pub(crate) rejected: u64,
    pub(crate) peak: usize,
    pub(crate) peak_weight: usize,
}

/// What lies under the lock.
pub(crate) struct State<T> {
    ring: VecDeque<Slot<T>>,
    // The places in the ring whose item is being merged.
    holes: usize,
    // Those that are late, with the place that each goes into; made in that race only.
    late: VecDeque<(u64, T)>,
    // The number of the place at the front; places are numbered as they come.
    first: u64,
    capacity: usize,
    max_weight: usize,
    // That of the places in the ring.
    weight: usize,
    reserved: usize,
    reserved_weight: usize,
    // Of the reserved, those whose owner has not been polled since.
    pub(crate) unclaimed: usize,
    pub(crate) waiting: usize,
    pub(crate) senders: usize,
    pub(crate) stage: Stage,
    // There while the receiver waits.
    pub(crate) receiver: Option<Waker>,
    // Somebody waits for the channel to be drained.
    pub(crate) awaited: bool,
    pub(crate) counts: Counts,
}

impl<T> State<T> {
    pub(crate) fn new(capacity: usize, max_weight: usize) -> Self {
        Self {
            ring: VecDeque::new(),
            holes: 0,
            late: VecDeque::new(),
            first: 0,
            capacity,
            max_weight,
            weight: 0,
            reserved: 0,
            reserved_weight: 0,
            unclaimed: 0,
            waiting: 0,
            senders: 1,
            stage: Stage::Open,
            receiver: None,
            awaited: false,
            counts: Counts::default(),
        }
    }

    /// Counts the items that are in it, the late ones too.
    pub(crate) fn len(&self) -> usize {
        self.ring.len() + self.late.len()
    }

    pub(crate) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Gives the weight of what is in it and of what is reserved.
    pub(crate) const fn weight(&self) -> usize {
        // Each was added where the sum could be counted.
        self.weight + self.reserved_weight
    }

    pub(crate) const fn reserved(&self) -> usize {
        self.reserved
    }

    /// Tells whether an item with this weight has room.
    #[inline]
    pub(crate) fn has_room(&self, weight: usize) -> bool {
        // Together they are at most the capacity (F2).
        let used = self.ring.len() + self.reserved;
        let weight = self.weight().checked_add(weight);
        used < self.capacity && weight.is_some_and(|weight| weight <= self.max_weight)
    }

    /// Tells whether nothing is in it and nobody has a place.
    pub(crate) fn is_idle(&self) -> bool {
        self.ring.is_empty() && self.reserved == 0
    }

    /// Tells whether the receiver has seen all.
    pub(crate) fn is_over(&self) -> bool {
        self.is_idle() && (self.stage != Stage::Open || self.senders == 0)
    }

    /// Puts an item behind the others.
    #[inline]
    pub(crate) fn push(&mut self, parcel: Parcel<T>) {
        let weight = self.add_weight(parcel.weight);
        self.ring.push_back(Slot {
            item: Some(parcel.item),
            weight,
            mark: parcel.mark,
        });
        self.counts.sent += 1;
        self.note_peak();
    }

    /// Takes the item at the front, unless it is being merged.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<T> {
        if self.holes > 0 && self.ring.front()?.item.is_none() {
            return None;
        }
        let slot = self.ring.pop_front()?;
        self.first = self.first.wrapping_add(1);
        self.weight -= slot.weight;
        self.counts.delivered += 1;
        slot.item
    }

    /// Reserves a place; there must be room.
    pub(crate) fn reserve(&mut self, weight: usize) {
        self.reserved_weight += weight;
        self.reserved += 1;
        self.note_peak();
    }

    /// Gives a reserved place back.
    pub(crate) fn release(&mut self, weight: usize) {
        self.reserved_weight -= weight;
        self.reserved -= 1;
    }

    /// Takes out what must go so that `weight` has room, if that is enough; the ones at the front, or those at the back.
    pub(crate) fn displace(&mut self, weight: usize, oldest: bool) -> Option<(T, Vec<T>)> {
        let fits = weight <= self.max_weight.saturating_sub(self.reserved_weight);
        if self.ring.is_empty() || self.reserved >= self.capacity || !fits {
            return None;
        }
        let first = self.displace_one(oldest)?;
        let mut more = Vec::new();
        while !self.has_room(weight) {
            more.extend(self.displace_one(oldest));
        }
        Some((first, more))
    }

    fn displace_one(&mut self, oldest: bool) -> Option<T> {
        let slot = if oldest {
            self.first = self.first.wrapping_add(1);
            self.ring.pop_front()
        } else {
            self.ring.pop_back()
        }?;
        self.weight -= slot.weight;
        self.counts.displaced += 1;
        slot.item
    }

    /// Takes the youngest out to merge it. Without one there is nothing to merge with, and with a hole (`Err`) somebody is at it.
    pub(crate) fn take_youngest(&mut self) -> Option<Result<Hole<T>, ()>> {
        let index = self.ring.len().checked_sub(1)?;
        Some(self.take_at(index).ok_or(()))
    }

    /// Takes the youngest with `mark` before the place `below` out to merge it.
    pub(crate) fn take_marked(&mut self, mark: u64, below: Option<u64>) -> Option<Hole<T>> {
        let end = below.map_or(self.ring.len(), |place| self.index(place));
        let slots = self.ring.iter().take(end);
        let index = slots
            .rev()
            .position(|slot| slot.mark == mark && slot.item.is_some())?;
        self.take_at(end - 1 - index)
    }

    fn take_at(&mut self, index: usize) -> Option<Hole<T>> {
        let place = self.place(index);
        let slot = self.ring.get_mut(index)?;
        let weight = slot.weight;
        let item = slot.item.take()?;
        self.holes += 1;
        Some(Hole {
            item,
            weight,
            place,
        })
    }

    /// Puts a merged item back into its hole; gives it back if the channel was cut.
    ///
    /// True if it is the front, which the receiver waits for.
    pub(crate) fn put_back(&mut self, hole: Hole<T>) -> Result<bool, T> {
        let index = self.index(hole.place);
        let Some(slot) = self.ring.get_mut(index) else {
            // Cut: the ring is empty and stays so (F5).
            return mutant!("flow-loses-at-the-cut", Err(hole.item), Ok(false));
        };
        self.weight -= mem::take(&mut slot.weight);
        slot.item = Some(hole.item);
        self.holes -= 1;
        slot.weight = hole
            .weight
            .min(usize::MAX - self.weight - self.reserved_weight);
        self.weight += slot.weight;
        self.note_peak();
        Ok(index == 0)
    }

    /// Takes in an item for which there is no room while the youngest is being merged (F4).
    pub(crate) fn push_late(&mut self, item: T) {
        let youngest = self.ring.len().saturating_sub(1);
        self.late.push_back((self.place(youngest), item));
        self.counts.sent += 1;
    }

    /// Takes out the first that is late for a hole, to merge it.
    pub(crate) fn pop_late(&mut self, place: u64) -> Option<T> {
        let mut late = self.late.iter();
        let index = mutant!(
            "flow-late-for-another",
            late.position(|late| late.0 == place),
            late.next().map(|_| 0)
        )?;
        let (_, item) = self.late.remove(index)?;
        self.counts.conflated += 1;
        Some(item)
    }

    /// Takes all out for good; nothing goes in any more.
    pub(crate) fn cut(&mut self) -> impl Iterator<Item = T> + use<T> {
        self.stage = Stage::Cut;
        let (ring, late) = (mem::take(&mut self.ring), mem::take(&mut self.late));
        (self.weight, self.holes) = (0, 0);
        self.counts.leftover += (ring.len() + late.len()) as u64;
        in_order(self.first, ring, late)
    }

    /// Adds to the weight; a merged item that weighs more than can be counted weighs as much as can.
    fn add_weight(&mut self, weight: usize) -> usize {
        let weight = weight.min(usize::MAX - self.weight());
        self.weight += weight;
        weight
    }

    #[inline]
    fn note_peak(&mut self) {
        self.counts.peak = self.counts.peak.max(self.ring.len() - self.holes);
        self.counts.peak_weight = self.counts.peak_weight.max(self.weight());
    }

    /// Numbers a place in the ring.
    const fn place(&self, index: usize) -> u64 {
        self.first.wrapping_add(index as u64)
    }

    /// Finds a place by its number.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "places in the ring are few enough for its length"
    )]
    const fn index(&self, place: u64) -> usize {
        place.wrapping_sub(self.first) as usize
    }
}

/// Gives the items in their order: those that were late for a hole where its item would be.
fn in_order<T>(
    mut place: u64,
    ring: VecDeque<Slot<T>>,
    mut late: VecDeque<(u64, T)>,
) -> impl Iterator<Item = T> {
    let mut ring = ring.into_iter();
    core::iter::from_fn(move || {
        loop {
            if late
                .front()
                .is_some_and(|late| late.0.wrapping_add(1) == place)
            {
                return late.pop_front().map(|late| late.1);
            }
            place = place.wrapping_add(1);
            if let Some(item) = ring.next()?.item {
                return Some(item);
            }
        }
    })
}
