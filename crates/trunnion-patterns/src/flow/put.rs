//! How items go into a channel, and back into the holes that they were merged in.

use trunnion_core::mutant;
use trunnion_core::wait::Locked;

use super::line::{Line, finish, wake};
use super::state::{Hole, Parcel, Rule, Stage, State};

/// What became of an item that was to go in.
pub(crate) enum Put<T> {
    Queued,
    Displaced(T, Vec<T>),
    /// The two are to be merged, which the caller does without the lock.
    Merge(Hole<T>, Parcel<T>),
    /// Whoever merges the youngest at that moment takes it in.
    Late,
    Full(Parcel<T>),
    Closed(T),
}

/// How an item is to go in.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    pub(crate) rule: Rule,
    /// Who finds no room waits for it, so that nothing is refused.
    pub(crate) patient: bool,
    /// Of the items with its mark only those before this place are looked at.
    pub(crate) below: Option<u64>,
}

/// Puts an item in if there is room and nobody waits for it, or does what the rule says.
pub(crate) fn put<T>(line: &Line<T>, way: Way, parcel: Parcel<T>) -> Put<T> {
    let mut parcel = Some(parcel);
    match (put_free(line, way.rule, &mut parcel), parcel) {
        (Some(queue), Some(parcel)) => put_full(line, queue, way, parcel),
        _ => Put::Queued,
    }
}

/// Puts an item in if there is room and nobody waits for it. Where that is not so, or keys are to be compared, the item stays where it
/// is and the lock is given to the caller, who goes on with [`put_full`]: most sends end here, and move their item once.
#[inline]
pub(crate) fn put_free<'a, T>(
    line: &'a Line<T>,
    rule: Rule,
    parcel: &mut Option<Parcel<T>>,
) -> Option<Locked<'a, State<T>>> {
    let mut queue = line.lock();
    let weight = parcel.as_ref().map_or(0, |parcel| parcel.weight);
    if rule == Rule::Keyed || !is_free(&mut queue, weight) {
        return Some(queue);
    }
    let state = queue.shared();
    if let Some(parcel) = parcel.take() {
        state.push(parcel);
    }
    let receiver = state.receiver.take();
    drop(queue);
    wake(receiver);
    None
}

/// Tells whether something with this weight may go in and passes nobody.
#[inline]
fn is_free<T>(queue: &mut Locked<'_, State<T>>, weight: usize) -> bool {
    let unqueued = queue.is_empty();
    let state = queue.shared();
    unqueued && state.stage == Stage::Open && state.has_room(weight)
}

/// Puts an item in where it is closed or there is no room, or where keys are compared.
pub(crate) fn put_full<T>(
    line: &Line<T>,
    mut queue: Locked<'_, State<T>>,
    way: Way,
    parcel: Parcel<T>,
) -> Put<T> {
    let free = is_free(&mut queue, parcel.weight);
    let state = queue.shared();
    if state.stage != Stage::Open {
        return Put::Closed(parcel.item);
    }
    let mut displaced = None;
    let placed = match way.rule {
        Rule::Keyed => match state.take_marked(parcel.mark, way.below) {
            Some(hole) => return Put::Merge(hole, parcel),
            None => free,
        },
        Rule::Conflate => match state.take_youngest() {
            Some(Ok(hole)) => return Put::Merge(hole, parcel),
            Some(Err(())) => {
                state.push_late(parcel.item);
                return Put::Late;
            }
            None => false,
        },
        Rule::DropOldest | Rule::DropNewest => {
            displaced = state.displace(parcel.weight, way.rule == Rule::DropOldest);
            displaced.is_some()
        }
        Rule::Wait | Rule::Reject => false,
    };
    if !placed {
        state.counts.rejected += u64::from(!way.patient);
        return Put::Full(parcel);
    }
    state.push(parcel);
    let receiver = state.receiver.take();
    finish(line, queue);
    wake(receiver);
    displaced.map_or(Put::Queued, |(first, more)| Put::Displaced(first, more))
}

/// Puts an item into the place that was reserved with `weight`. Where it is to be merged or the channel was cut, the place stays
/// reserved.
pub(crate) fn put_reserved<T>(
    line: &Line<T>,
    way: Way,
    weight: usize,
    parcel: Parcel<T>,
) -> Put<T> {
    let mut queue = line.lock();
    let state = queue.shared();
    if state.stage == Stage::Cut {
        return Put::Closed(parcel.item);
    }
    if way.rule == Rule::Keyed {
        if let Some(hole) = state.take_marked(parcel.mark, way.below) {
            return Put::Merge(hole, parcel);
        }
    }
    state.release(weight);
    state.push(parcel);
    let receiver = state.receiver.take();
    finish(line, queue);
    wake(receiver);
    Put::Queued
}

/// What is to be done with a merged item.
pub(crate) enum Fill<T> {
    /// It is back in its place.
    Done,
    /// This one came meanwhile and is to be merged with it too.
    Late(T),
    /// The channel was cut meanwhile.
    Cut(T),
}

/// Puts an item back that was taken out to be merged, unless there is another one to be merged with it, for which it stays where it is.
/// `merged` says whether a new item went into it.
pub(crate) fn fill<T>(line: &Line<T>, hole: &mut Option<Hole<T>>, merged: bool) -> Fill<T> {
    let mut queue = line.lock();
    let state = queue.shared();
    let late = hole.as_ref().and_then(|hole| state.pop_late(hole.place));
    if let Some(item) = mutant!("flow-leaves-the-late", late, None) {
        return Fill::Late(item);
    }
    let Some(hole) = hole.take() else {
        return Fill::Done;
    };
    let front = match state.put_back(hole) {
        Ok(front) => front,
        Err(item) => return Fill::Cut(item),
    };
    state.counts.sent += u64::from(merged);
    state.counts.conflated += u64::from(merged);
    let front = mutant!("flow-filled-unseen", front, false);
    let receiver = if front { state.receiver.take() } else { None };
    finish(line, queue);
    wake(receiver);
    Fill::Done
}
