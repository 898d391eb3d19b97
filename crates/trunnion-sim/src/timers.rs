//! The deadlines that tasks wait for: a heap in which each timer knows its place.

use std::task::Waker;

const UNARMED: usize = usize::MAX;

/// The armed timers, earliest first and oldest first among equals. Nothing is allocated for one that takes a freed slot.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: Vec<Node>,
    slots: Vec<Slot>,
    free: Vec<usize>,
    armed: u64,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    deadline: u64,
    // Counts armings: it breaks ties, and names the timer in traces.
    number: u64,
    slot: usize,
}

#[derive(Debug)]
struct Slot {
    position: usize,
    waker: Option<Waker>,
}

impl Node {
    fn rank(&self) -> (u64, u64) {
        (self.deadline, self.number)
    }
}

impl Timers {
    /// Takes a slot for one sleep.
    pub(crate) fn reserve(&mut self) -> usize {
        let slot = Slot {
            position: UNARMED,
            waker: None,
        };
        if let Some(free) = self.free.pop() {
            self.slots[free] = slot;
            return free;
        }
        self.slots.push(slot);
        self.slots.len() - 1
    }

    /// Gives the slot of a disarmed timer back.
    pub(crate) fn release(&mut self, slot: usize) {
        self.free.push(slot);
    }

    pub(crate) fn waker(&self, slot: usize) -> Option<&Waker> {
        self.slots[slot].waker.as_ref()
    }

    /// Sets what the timer wakes; the caller drops the waker before.
    pub(crate) fn set_waker(&mut self, slot: usize, waker: Waker) -> Option<Waker> {
        self.slots[slot].waker.replace(waker)
    }

    pub(crate) fn is_armed(&self, slot: usize) -> bool {
        self.slots[slot].position != UNARMED
    }

    /// Lets the timer fire at `deadline`, whenever it was to fire before; gives its new number.
    pub(crate) fn arm(&mut self, slot: usize, deadline: u64) -> u64 {
        let number = self.armed;
        self.armed += 1;
        self.take_out(slot);
        let node = Node {
            deadline,
            number,
            slot,
        };
        self.heap.push(node);
        self.rise(self.heap.len() - 1);
        number
    }

    /// Keeps the timer from firing; gives its number, if it was armed, and its waker.
    pub(crate) fn disarm(&mut self, slot: usize) -> (Option<u64>, Option<Waker>) {
        (self.take_out(slot), self.slots[slot].waker.take())
    }

    /// Names the earliest deadline that the clock can reach.
    pub(crate) fn next(&self) -> Option<u64> {
        let first = self.heap.first()?;
        (first.deadline != u64::MAX).then_some(first.deadline)
    }

    /// Takes the earliest timer if it is due: its number and its waker.
    pub(crate) fn pop_due(&mut self, now: u64) -> Option<(u64, Option<Waker>)> {
        let first = *self.heap.first().filter(|node| node.deadline <= now)?;
        self.take_out(first.slot);
        Some((first.number, self.slots[first.slot].waker.take()))
    }

    /// Tells what the timer of `waker` waits for, if there is one.
    pub(crate) fn deadline_of(&self, waker: &Waker) -> Option<u64> {
        let is_its = |node: &&Node| self.waker(node.slot).is_some_and(|w| w.will_wake(waker));
        Some(
            self.heap
                .iter()
                .filter(is_its)
                .min_by_key(|n| n.rank())?
                .deadline,
        )
    }

    /// Disarms all; the caller drops the wakers. The slots stay with their sleeps.
    pub(crate) fn clear(&mut self) -> Vec<Waker> {
        self.heap.clear();
        let slots = self.slots.iter_mut();
        slots
            .filter_map(|slot| {
                slot.position = UNARMED;
                slot.waker.take()
            })
            .collect()
    }

    fn take_out(&mut self, slot: usize) -> Option<u64> {
        let position = self.slots[slot].position;
        if position == UNARMED {
            return None;
        }
        let number = self.heap[position].number;
        self.heap.swap_remove(position);
        self.slots[slot].position = UNARMED;
        if position < self.heap.len() {
            self.rise(position);
            self.sink(position);
        }
        Some(number)
    }

    fn rise(&mut self, mut at: usize) {
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.heap[parent].rank() <= self.heap[at].rank() {
                break;
            }
            self.heap.swap(parent, at);
            self.place(at);
            at = parent;
        }
        self.place(at);
    }

    fn sink(&mut self, mut at: usize) {
        loop {
            let children = (2 * at + 1)..(2 * at + 3).min(self.heap.len());
            let Some(child) = children.min_by_key(|child| self.heap[*child].rank()) else {
                break;
            };
            if self.heap[at].rank() <= self.heap[child].rank() {
                break;
            }
            self.heap.swap(at, child);
            self.place(at);
            at = child;
        }
        self.place(at);
    }

    fn place(&mut self, at: usize) {
        self.slots[self.heap[at].slot].position = at;
    }
}
