//! Sending through the rule of a channel: what is merged, is merged here, without the lock.

use trunnion_core::panic::contain;
use trunnion_core::wait::Locked;

use super::chan::Chan;
use super::error::SendError;
use super::line::Line;
use super::put::{self, Fill, Put, Way};
use super::sender::Sent;
use super::state::{Excess, Hole, Parcel, Rule, State};

/// What came of an attempt that does not wait.
pub(super) enum Tried<T> {
    Sent(Sent<T>),
    Full(Parcel<T>),
    Failed(SendError<T>),
}

/// Where an item is to go.
#[derive(Clone, Copy)]
enum Into {
    /// Where there is room; who finds none waits for it, if true.
    Room { patient: bool },
    /// The place that was reserved with this weight.
    Reserved(usize),
}

/// Sends where [`put_free`](put::put_free) found no room: `queue` is its lock.
#[cold]
pub(super) fn send_full<'a, T>(
    chan: &'a Chan<T>,
    queue: Locked<'a, State<T>>,
    parcel: Parcel<T>,
    patient: bool,
) -> Tried<T> {
    let (weight, max) = (parcel.weight, chan.rules.max_weight);
    if weight > max {
        let item = parcel.item;
        return Tried::Failed(SendError::TooHeavy { item, weight, max });
    }
    let into = Into::Room { patient };
    let put = put::put_full(&chan.line, queue, way(chan, into, None), parcel);
    send_on(chan, into, put)
}

/// Sends into the place that was reserved with `weight`. It is used if the item was queued, and stays reserved otherwise.
pub(super) fn send_reserved<T>(chan: &Chan<T>, weight: usize, parcel: Parcel<T>) -> Tried<T> {
    let into = Into::Reserved(weight);
    send_on(chan, into, put(chan, into, parcel, None))
}

const fn way<T>(chan: &Chan<T>, into: Into, below: Option<u64>) -> Way {
    Way {
        rule: chan.rules.rule,
        patient: matches!(into, Into::Room { patient: true }),
        below,
    }
}

fn put<T>(chan: &Chan<T>, into: Into, parcel: Parcel<T>, below: Option<u64>) -> Put<T> {
    let way = way(chan, into, below);
    match into {
        Into::Room { .. } => put::put(&chan.line, way, parcel),
        Into::Reserved(weight) => put::put_reserved(&chan.line, way, weight, parcel),
    }
}

fn send_on<T>(chan: &Chan<T>, into: Into, mut so_far: Put<T>) -> Tried<T> {
    loop {
        let (hole, parcel) = match so_far {
            Put::Queued => return Tried::Sent(Sent::Queued),
            Put::Displaced(item, more) => return Tried::Sent(Sent::Displaced { item, more }),
            Put::Full(parcel) => return Tried::Full(parcel),
            Put::Closed(item) => return Tried::Failed(SendError::Closed(item)),
            Put::Merge(hole, parcel) => (hole, parcel),
        };
        let place = hole.place;
        let taken = Taken::new(&chan.line, hole);
        if chan.rules.rule == Rule::Conflate || taken.is_like(chan, &parcel.item) {
            return taken.merge(chan, parcel.item);
        }
        // Two keys with one hash: the search goes on before this place.
        drop(taken);
        so_far = put(chan, into, parcel, Some(place));
    }
}

/// An item that was taken out to be merged; it is put back wherever this is dropped.
struct Taken<'a, T> {
    line: &'a Line<T>,
    hole: Option<Hole<T>>,
    // How many new items went into it.
    merged: u64,
}

impl<'a, T> Taken<'a, T> {
    fn new(line: &'a Line<T>, hole: Hole<T>) -> Self {
        let (hole, merged) = (Some(hole), 0);
        Self { line, hole, merged }
    }

    fn is_like(&self, chan: &Chan<T>, item: &T) -> bool {
        let hole = self.hole.as_ref();
        hole.is_some_and(|hole| chan.rules.same_key(&hole.item, item))
    }

    /// Merges `new` into it and puts it back.
    fn merge(mut self, chan: &Chan<T>, new: T) -> Tried<T> {
        self.merged = 1;
        let mut next = new;
        while let Some(mut hole) = self.merge_one(chan, next) {
            hole.weight = chan.rules.weigh(&hole.item);
            match put::fill(self.line, hole, 1) {
                Fill::Done => break,
                Fill::Cut(item) => return Tried::Failed(SendError::Closed(item)),
                Fill::More(hole, Excess::Behind(item)) => {
                    self.hole = Some(hole);
                    next = item;
                }
                Fill::More(hole, Excess::Before(earlier)) => {
                    next = hole.item;
                    self.hole = Some(earlier);
                }
            }
        }
        Tried::Sent(Sent::Conflated)
    }

    /// Merges one item; while the user's code runs it lies here, so that a panic puts it back.
    fn merge_one(&mut self, chan: &Chan<T>, next: T) -> Option<Hole<T>> {
        if let Some(hole) = &mut self.hole {
            chan.rules.merge(&mut hole.item, next);
        }
        self.hole.take()
    }
}

impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        if let Some(hole) = self.hole.take() {
            let homeless = put::restore(self.line, hole, self.merged);
            contain(|| drop(homeless));
        }
    }
}
