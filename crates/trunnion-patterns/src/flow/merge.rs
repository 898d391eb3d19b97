//! Sending through the rule of a channel: what is merged, is merged here, without the lock.

use trunnion_core::panic::contain;
use trunnion_core::wait::Locked;

use super::chan::Chan;
use super::error::SendError;
use super::put::{self, Fill, Put, Way};
use super::sender::Sent;
use super::state::{Hole, Parcel, Rule, State};

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
pub(super) fn send_reserved<T>(
    chan: &Chan<T>,
    weight: usize,
    parcel: Parcel<T>,
) -> Result<Sent<T>, SendError<T>> {
    let into = Into::Reserved(weight);
    match send_on(chan, into, put(chan, into, parcel, None)) {
        Tried::Sent(sent) => Ok(sent),
        Tried::Failed(error) => Err(error),
        Tried::Full(parcel) => Err(SendError::Full(parcel.item)),
    }
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
            Put::Late => return Tried::Sent(Sent::Conflated),
            Put::Full(parcel) => return Tried::Full(parcel),
            Put::Closed(item) => return Tried::Failed(SendError::Closed(item)),
            Put::Merge(hole, parcel) => (hole, parcel),
        };
        let place = hole.place;
        let taken = Taken::new(chan, hole);
        if chan.rules.rule == Rule::Conflate || taken.is_like(&parcel.item) {
            return taken.merge(parcel.item);
        }
        // Two keys with one hash: the search goes on before this place.
        drop(taken);
        so_far = put(chan, into, parcel, Some(place));
    }
}

/// An item that was taken out to be merged; it is put back wherever this is dropped.
struct Taken<'a, T> {
    chan: &'a Chan<T>,
    // It lies here while the user's code runs, so that a panic puts it back.
    hole: Option<Hole<T>>,
    // Whether a new item went into it.
    merged: bool,
}

impl<'a, T> Taken<'a, T> {
    fn new(chan: &'a Chan<T>, hole: Hole<T>) -> Self {
        let (hole, merged) = (Some(hole), false);
        Self { chan, hole, merged }
    }

    fn is_like(&self, item: &T) -> bool {
        let hole = self.hole.as_ref();
        hole.is_some_and(|hole| self.chan.rules.same_key(&hole.item, item))
    }

    /// Merges `new` into it, and what comes meanwhile, and puts it back.
    fn merge(mut self, new: T) -> Tried<T> {
        self.merged = true;
        let mut next = new;
        loop {
            self.merge_one(next);
            match self.fill() {
                Fill::Done => return Tried::Sent(Sent::Conflated),
                Fill::Cut(item) => return Tried::Failed(SendError::Closed(item)),
                Fill::Late(item) => next = item,
            }
        }
    }

    fn merge_one(&mut self, next: T) {
        if let Some(hole) = &mut self.hole {
            let rules = &self.chan.rules;
            rules.merge(&mut hole.item, next);
            hole.weight = rules.weigh(&hole.item);
        }
    }

    fn fill(&mut self) -> Fill<T> {
        put::fill(&self.chan.line, &mut self.hole, self.merged)
    }
}

impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        while self.hole.is_some() {
            match self.fill() {
                Fill::Done => {}
                // After a panic too those that were told that they are merged are.
                Fill::Late(item) => contain(|| self.merge_one(item)),
                Fill::Cut(item) => contain(|| drop(item)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::{self, Line};
    use super::*;

    const WAY: Way = Way {
        rule: Rule::Conflate,
        patient: false,
        below: None,
    };

    fn put(line: &Line<u32>, item: u32) -> Put<u32> {
        let (weight, mark) = (0, 0);
        put::put(line, WAY, Parcel { item, weight, mark })
    }

    fn full() -> (Line<u32>, Option<Hole<u32>>) {
        let line = line::new(2, usize::MAX);
        for item in [1, 2] {
            assert!(matches!(put(&line, item), Put::Queued));
        }
        let Put::Merge(hole, _) = put(&line, 4) else {
            unreachable!("it is full")
        };
        (line, Some(hole))
    }

    fn late(line: &Line<u32>, hole: &mut Option<Hole<u32>>) -> Option<u32> {
        match put::fill(line, hole, true) {
            Fill::Late(item) => Some(item),
            Fill::Done => None,
            Fill::Cut(_) => unreachable!("it is open"),
        }
    }

    fn take(line: &Line<u32>) -> Option<u32> {
        line::try_take(line, State::pop).unwrap_or(None)
    }

    #[test]
    fn two_that_come_late_go_into_the_hole_in_their_order() {
        let (line, mut hole) = full();
        assert!(matches!(put(&line, 8), Put::Late));
        assert!(matches!(put(&line, 16), Put::Late));
        assert_eq!(late(&line, &mut hole), Some(8));
        assert_eq!(late(&line, &mut hole), Some(16));
        assert_eq!(late(&line, &mut hole), None);
        assert_eq!((take(&line), take(&line)), (Some(1), Some(2)));
        assert!(line::look(&line, State::is_idle));
    }

    #[test]
    fn a_hole_keeps_its_place_while_others_go_and_come() {
        let (line, mut hole) = full();
        assert!(matches!(put(&line, 8), Put::Late));
        assert_eq!(take(&line), Some(1));
        assert!(matches!(put(&line, 32), Put::Queued));
        let Put::Merge(second, _) = put(&line, 64) else {
            unreachable!("it is full")
        };
        let mut second = Some(second);
        assert!(matches!(put(&line, 128), Put::Late));
        assert_eq!(take(&line), None, "the first is being merged");
        assert_eq!(late(&line, &mut second), Some(128));
        assert_eq!(late(&line, &mut second), None);
        assert_eq!(late(&line, &mut hole), Some(8));
        assert_eq!(late(&line, &mut hole), None);
        assert_eq!((take(&line), take(&line)), (Some(2), Some(32)));
        assert!(line::look(&line, State::is_idle));
    }
}
