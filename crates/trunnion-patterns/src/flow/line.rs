//! A channel's lock, those who wait for room, and whom each step wakes.
//!
//! Senders that wait lie in the wait queue; the receiver is one and leaves its waker beside the items. A place that becomes free
//! is given to the first of the line at once, so that nobody passes who waits; who was given one and is dropped gives it to the next.
//!
//! * G1: while somebody waits for room and there is enough for the first, it has been given to him.
//! * G2: while the receiver waits, the front is empty or being merged. Who changes that takes its waker, and wakes it without the lock.
//! * G3: who sees the last place go wakes those who wait for the channel to be drained.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use trunnion_core::mutant;
use trunnion_core::panic::contain;
use trunnion_core::wait::{Locked, Shared, WaitQueue, Waiter, Wakers};

use super::state::{Stage, State};

/// A channel's state and the line of those who wait for room.
pub(crate) type Line<T> = WaitQueue<State<T>>;

/// Waits for a channel to be drained, and looks at it again when it is woken.
pub(crate) struct Idle;

impl Shared for Idle {
    type Value = ();
    type Open = ();
    const PASSES_ON: bool = false;

    fn pass_on(_: &mut Locked<'_, Self>, (): (), _: &mut Wakers) {}
}

/// How much room somebody wants, and whether that was refused.
#[derive(Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) weight: usize,
    refused: bool,
}

impl Claim {
    pub(crate) const fn new(weight: usize) -> Self {
        let refused = false;
        Self { weight, refused }
    }
}

/// Says that the channel takes nothing any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused;

impl<T> Shared for State<T> {
    type Value = Claim;
    // Those who wait for the channel to be drained. Its lock is taken with the line's held, never the other way round.
    type Open = WaitQueue<Idle>;
    const SEES_LEAVING: bool = true;

    fn pass_on(queue: &mut Locked<'_, Self>, claim: Claim, wakers: &mut Wakers) {
        if claim.refused {
            return;
        }
        let state = queue.shared();
        state.unclaimed -= 1;
        let kept = mutant!("flow-keeps-a-cancelled-grant", false, true);
        if !kept {
            state.release(claim.weight);
        }
        hand_out(queue, wakers);
    }

    fn left(queue: &mut Locked<'_, Self>, _: Claim, wakers: &mut Wakers) {
        queue.shared().waiting -= 1;
        hand_out(queue, wakers);
    }

    fn serve(queue: &mut Locked<'_, Self>, wakers: &mut Wakers) {
        hand_out(queue, wakers);
    }
}

pub(crate) fn new<T>(capacity: usize, max_weight: usize) -> Line<T> {
    Line::with_open(State::new(capacity, max_weight), WaitQueue::new(Idle))
}

/// Reserves a place if there is room and nobody waits for it.
pub(crate) fn try_reserve<T>(line: &Line<T>, weight: usize) -> Option<Result<(), Refused>> {
    reserve(&mut line.lock(), weight)
}

fn reserve<T>(queue: &mut Locked<'_, State<T>>, weight: usize) -> Option<Result<(), Refused>> {
    let unqueued = queue.is_empty();
    let state = queue.shared();
    if state.stage != Stage::Open {
        return Some(Err(Refused));
    }
    let free = unqueued && state.has_room(weight);
    free.then(|| {
        state.reserve(weight);
        Ok(())
    })
}

/// Waits for a place that is reserved then; on the first poll at the end of the line.
pub(crate) fn poll_reserve<T>(
    mut waiter: Pin<&mut Waiter<&Line<T>>>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Refused>> {
    let weight = waiter.as_mut().value().map_or(0, |claim| claim.weight);
    let enter = |queue: &mut Locked<'_, State<T>>| {
        let answer = mutant!("flow-enters-unchecked", reserve(queue, weight), None);
        queue.shared().waiting += usize::from(answer.is_none());
        answer
    };
    waiter.poll_take(cx, enter, |queue, claim| {
        if claim.refused {
            return Err(Refused);
        }
        queue.shared().unclaimed -= 1;
        Ok(())
    })
}

/// Gives a reserved place back.
pub(crate) fn release<T>(line: &Line<T>, weight: usize) {
    let mut queue = line.lock();
    queue.shared().release(weight);
    mutant!("flow-release-unseen", settle(line, queue), drop(queue));
}

/// Waits for what `take` takes out; `None` when the channel is over.
#[inline]
pub(crate) fn poll_take<T, R>(
    line: &Line<T>,
    cx: &mut Context<'_>,
    mut take: impl FnMut(&mut State<T>) -> Option<R>,
) -> Poll<Option<R>> {
    let mut queue = line.lock();
    match take(queue.shared()) {
        Some(taken) => {
            finish(line, queue);
            Poll::Ready(Some(taken))
        }
        None => poll_park(line, queue, cx, take),
    }
}

/// The same where `take` has just found nothing under the lock.
#[cold]
fn poll_park<'a, T, R>(
    line: &'a Line<T>,
    mut queue: Locked<'a, State<T>>,
    cx: &mut Context<'_>,
    mut take: impl FnMut(&mut State<T>) -> Option<R>,
) -> Poll<Option<R>> {
    let state = queue.shared();
    if state.is_over() {
        return Poll::Ready(None);
    }
    let waker = cx.waker();
    let parked = state.receiver.as_ref();
    if parked.is_some_and(|parked| parked.will_wake(waker)) {
        return Poll::Pending;
    }
    // Cloning is user code, and so is dropping the old one: neither is done under the lock.
    drop(queue);
    let new = waker.clone();
    let mut queue = line.lock();
    let state = queue.shared();
    if mutant!("flow-recv-unchecked", true, false) {
        if let Some(taken) = take(state) {
            finish(line, queue);
            return Poll::Ready(Some(taken));
        }
        if state.is_over() {
            return Poll::Ready(None);
        }
    }
    let old = state.receiver.replace(new);
    drop(queue);
    contain(|| drop(old));
    Poll::Pending
}

/// Takes what `take` takes out now; the channel may be over (`Err`).
pub(crate) fn try_take<T, R>(
    line: &Line<T>,
    take: impl FnOnce(&mut State<T>) -> Option<R>,
) -> Result<Option<R>, Refused> {
    let mut queue = line.lock();
    let state = queue.shared();
    let Some(taken) = take(state) else {
        return if state.is_over() {
            Err(Refused)
        } else {
            Ok(None)
        };
    };
    finish(line, queue);
    Ok(Some(taken))
}

/// Closes: who waits for room is refused, and so is whoever comes.
pub(crate) fn close<T>(line: &Line<T>) {
    let mut queue = line.lock();
    let state = queue.shared();
    state.stage = state.stage.max(Stage::Closed);
    settle(line, queue);
}

/// Closes and takes out all that is there.
pub(crate) fn cut<T>(line: &Line<T>) -> impl Iterator<Item = T> + use<T> {
    let mut queue = line.lock();
    let items = queue.shared().cut();
    settle(line, queue);
    items
}

pub(crate) fn is_closed<T>(line: &Line<T>) -> bool {
    line.lock().shared().stage != Stage::Open
}

/// Looks at how it stands.
pub(crate) fn look<T, R>(line: &Line<T>, f: impl FnOnce(&State<T>) -> R) -> R {
    f(line.lock().shared())
}

pub(crate) fn add_sender<T>(line: &Line<T>) {
    line.lock().shared().senders += 1;
}

pub(crate) fn remove_sender<T>(line: &Line<T>) {
    let mut queue = line.lock();
    let state = queue.shared();
    state.senders -= 1;
    if mutant!("flow-last-sender-unseen", state.senders == 0, false) {
        settle(line, queue);
    }
}

/// Gives room to those who wait for it, from the front; true if the batch is too small for all.
fn hand_out<T>(queue: &mut Locked<'_, State<T>>, wakers: &mut Wakers) -> bool {
    while let Some(mut claim) = queue.front() {
        if wakers.is_full() {
            return true;
        }
        let state = queue.shared();
        claim.refused = state.stage != Stage::Open;
        if !claim.refused {
            if !state.has_room(claim.weight) {
                break;
            }
            state.reserve(claim.weight);
            state.unclaimed += 1;
        }
        state.waiting -= 1;
        queue.set_front(claim);
        queue.wake_front(wakers);
    }
    tell_end(queue, wakers);
    false
}

/// Wakes the receiver if it has seen all, and those who wait for the channel to be drained.
fn tell_end<T>(queue: &mut Locked<'_, State<T>>, wakers: &mut Wakers) {
    let idle = queue.open();
    let state = queue.shared();
    if state.is_over() {
        if let Some(receiver) = state.receiver.take() {
            wakers.push(receiver);
        }
    }
    if state.awaited && state.is_idle() {
        state.awaited = false;
        let mut idle = idle.lock();
        while idle.wake_front(wakers) {}
    }
}

/// Gives the lock back, once those are served whom what was done concerns.
#[inline]
pub(crate) fn finish<'a, T>(line: &'a Line<T>, mut queue: Locked<'a, State<T>>) {
    if !queue.is_empty() || queue.shared().awaited {
        settle(line, queue);
    }
}

/// Serves the line in batches, between which the lock is free, and wakes whom it served.
#[cold]
fn settle<'a, T>(line: &'a Line<T>, mut queue: Locked<'a, State<T>>) {
    let mut wakers = Wakers::new();
    loop {
        let more = hand_out(&mut queue, &mut wakers);
        drop(queue);
        contain(|| drop(wakers.wake()));
        if !more {
            return;
        }
        queue = line.lock();
    }
}

/// Wakes the receiver, if it waits; no lock is held.
#[inline]
pub(crate) fn wake(receiver: Option<Waker>) {
    if let Some(receiver) = receiver {
        wake_one(receiver);
    }
}

#[cold]
fn wake_one(receiver: Waker) {
    contain(|| receiver.wake());
}

/// Waits until the channel is empty and no place is reserved: that is so when a poll sees it.
pub(crate) fn poll_idle<T>(
    line: &Line<T>,
    mut waiter: Pin<&mut Waiter<&WaitQueue<Idle>>>,
    cx: &mut Context<'_>,
) -> Poll<u64> {
    loop {
        // First among those who wait, then the look: who takes the last item out after it finds the waiter.
        let notified = waiter.as_mut().poll_wait(cx, |_| false).is_ready();
        let mut queue = line.lock();
        let state = queue.shared();
        let leftover = state.counts.leftover;
        let idle = mutant!("flow-idle-unchecked", state.is_idle(), false);
        state.awaited |= !idle;
        drop(queue);
        if idle {
            waiter.leave();
            return Poll::Ready(leftover);
        }
        if !notified {
            return Poll::Pending;
        }
    }
}
