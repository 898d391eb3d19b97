//! The wakes that wait for the scheduler, and the place where its thread parks.
//!
//! It is the only part of the simulator that other threads reach while a task runs, and knows nothing of the rest, so that
//! a model can drive it. Wakes on the scheduler's own thread, which are most, go into a list of that thread and need no lock.
//!
//! * Q1: between two calls of [`Signal::accept`] a signal enters the inbox once; the call comes before the poll that
//!   answers it, so that a wake during the poll leads to another one.
//! * Q2: the thread parks only while a hold is alive and the inbox is empty; each push, poke and last release ends that.
//! * Q3: [`Queue::idle`] sees inbox and holds in one step: a wake that came before the last release is never overlooked.
//! * Q4: a thread's list belongs to the queue that the thread [attends](Queue::attend), and is empty whenever it attends none.

use core::cell::{Cell, RefCell};
use core::fmt;
use core::mem;
use core::ptr;
use core::time::Duration;
use std::task::Wake;
use std::thread::{self, ThreadId};

use trunnion_core::mutant;
use trunnion_core::sync::atomic::{AtomicBool, Ordering, fence};
use trunnion_core::sync::{Arc, Condvar, Mutex};

/// Names an entry of the task table: its slot, and a number that no other entry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The place in the table.
    pub slot: usize,
    /// The number that reports and traces show.
    pub number: u64,
}

/// Says why an entry is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is new.
    Started,
    /// A waker that its task gave away was woken.
    Woken,
    /// Either, on a thread on which it was not expected.
    Foreign,
}

/// Tells what the scheduler can do when nothing is runnable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Something came in the meantime.
    Busy,
    /// A hold is alive: park.
    Held,
    /// Nobody is expected to wake anything: time may pass.
    Free,
}

/// Collects wakes from all threads for the one that runs the scheduler.
#[derive(Debug)]
pub struct Queue {
    inbox: Mutex<Inbox>,
    changed: Condvar,
    /// There are wakes in the inbox; written while it is locked.
    filled: AtomicBool,
}

type Wakes = Vec<(Key, Cause)>;

std::thread_local! {
    static NEAR: Near = const { Near { queue: Cell::new(0), woken: RefCell::new(Vec::new()) } };
}

/// What a thread knows of the queue that it attends.
struct Near {
    /// The address of the queue; 0 for none.
    queue: Cell<usize>,
    /// What was woken for it on this thread.
    woken: RefCell<Wakes>,
}

/// Keeps the thread's own wakes out of the inbox; made by [`Queue::attend`].
#[derive(Debug)]
pub struct Attendance<'a> {
    queue: &'a Queue,
    outer: usize,
    /// What the thread has for the queue that it attended before.
    before: Wakes,
}

impl Drop for Attendance<'_> {
    fn drop(&mut self) {
        if self.outer == self.queue.address() {
            return;
        }
        let left = NEAR.try_with(|near| {
            near.queue.set(self.outer);
            near.woken.replace(mem::take(&mut self.before))
        });
        for (key, cause) in left.into_iter().flatten() {
            self.queue.deliver(key, cause);
        }
    }
}

#[derive(Debug, Default)]
struct Inbox {
    woken: Wakes,
    holds: usize,
    poked: bool,
    parked: bool,
    /// The thread on which wakes are expected, where that is watched, and whether one came on another.
    expected: Option<ThreadId>,
    elsewhere: bool,
}

impl Inbox {
    /// Tells whether the thread may park.
    fn is_quiet(&self) -> bool {
        self.holds > 0 && self.woken.is_empty() && !self.poked
    }

    fn wake_up(&mut self) {
        self.parked = false;
        self.poked = false;
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self::new()
    }
}

impl Queue {
    /// Makes an empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self {
            inbox: Mutex::default(),
            changed: Condvar::default(),
            filled: AtomicBool::new(false),
        }
    }

    /// Expects all wakes on this thread from now on.
    pub fn watch_threads(&self) {
        self.inbox.lock().expected = Some(thread::current().id());
    }

    /// Tells whether one came on another thread.
    #[must_use]
    pub fn was_woken_elsewhere(&self) -> bool {
        self.inbox.lock().elsewhere
    }

    fn address(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    /// Collects the wakes of this thread without a lock until the attendance is dropped.
    ///
    /// Only the thread that drains may, and whoever drains later must not start before.
    #[must_use]
    pub fn attend(&self) -> Attendance<'_> {
        let enter = |near: &Near| {
            let outer = near.queue.replace(self.address());
            let is_same = outer == self.address();
            let before = if is_same {
                Wakes::new()
            } else {
                near.woken.take()
            };
            (outer, before)
        };
        let (outer, before) = NEAR.try_with(enter).unwrap_or_default();
        Attendance {
            queue: self,
            outer,
            before,
        }
    }

    /// Adds a wake.
    pub fn push(&self, key: Key, cause: Cause) {
        let pushed = self.near(|woken| woken.push((key, cause)));
        if pushed.is_none() {
            self.deliver(key, cause);
        }
    }

    /// Calls `f` with the list of this thread, if it attends this queue.
    #[inline]
    fn near<R>(&self, f: impl FnOnce(&mut Wakes) -> R) -> Option<R> {
        let its = |near: &Near| {
            (near.queue.get() == self.address()).then(|| f(&mut near.woken.borrow_mut()))
        };
        // While the thread's locals are destroyed it attends nothing.
        NEAR.try_with(its).ok().flatten()
    }

    fn deliver(&self, key: Key, cause: Cause) {
        self.change(|inbox| {
            let expected = inbox.expected;
            let elsewhere = expected.is_some_and(|expected| expected != thread::current().id());
            inbox.elsewhere |= elsewhere;
            let cause = if elsewhere { Cause::Foreign } else { cause };
            inbox.woken.push((key, cause));
            let filled = mutant!("sim-push-unflagged", true, false);
            self.filled.store(filled, Ordering::Release);
        });
    }

    /// Ends the parking although nothing is to run.
    pub fn poke(&self) {
        self.change(|inbox| inbox.poked = true);
    }

    /// Adds a hold: a promise that somebody will push, poke or release.
    pub fn hold(&self) {
        self.change(|inbox| inbox.holds = inbox.holds.saturating_add(1));
    }

    /// Takes a hold back.
    pub fn release(&self) {
        self.change(|inbox| inbox.holds = inbox.holds.saturating_sub(1));
    }

    fn change(&self, f: impl FnOnce(&mut Inbox)) {
        let mut inbox = self.inbox.lock();
        f(&mut inbox);
        let wake = mutant!("sim-push-without-notify", inbox.parked, false);
        drop(inbox);
        if wake {
            self.changed.notify_one();
        }
    }

    /// Moves all wakes behind those in `woken`: those of this thread, and then the others, oldest first.
    ///
    /// A wake on another thread is among them if its waker was dropped there and the drop has been seen, by whatever means.
    pub fn drain(&self, woken: &mut Wakes) {
        self.near(|near| {
            if woken.is_empty() {
                mem::swap(near, woken);
            } else {
                woken.append(near);
            }
        });
        // Pairs with the release of the waker's reference, which comes after the push.
        fence(Ordering::Acquire);
        if self.filled.load(Ordering::Relaxed) {
            self.take(&mut self.inbox.lock(), woken);
        }
    }

    fn take(&self, inbox: &mut Inbox, woken: &mut Wakes) {
        self.filled.store(false, Ordering::Relaxed);
        woken.append(&mut inbox.woken);
    }

    /// Moves all wakes into `woken`, or tells what can be done now that there is none.
    pub fn idle(&self, woken: &mut Wakes) -> Idle {
        let before = woken.len();
        self.near(|near| woken.append(near));
        let mut inbox = self.inbox.lock();
        if mutant!("sim-idle-overlooks-wakes", true, false) {
            self.take(&mut inbox, woken);
        }
        if woken.len() > before {
            return Idle::Busy;
        }
        if inbox.holds > 0 {
            Idle::Held
        } else {
            Idle::Free
        }
    }

    /// Waits until there is a wake, a poke, or no hold.
    pub fn park(&self) {
        let mut inbox = self.inbox.lock();
        inbox.parked = true;
        while inbox.is_quiet() {
            inbox = self.changed.wait(inbox);
        }
        inbox.wake_up();
    }

    /// Waits in the same way, at most about so long; false if nothing came.
    pub fn park_for(&self, most: Duration) -> bool {
        let mut inbox = self.inbox.lock();
        inbox.parked = true;
        inbox = self
            .changed
            .wait_while_for(inbox, most, |inbox| inbox.is_quiet());
        let came = !inbox.is_quiet();
        inbox.wake_up();
        came
    }
}

/// Is what a task's wakers share: it enters the queue once, however often it is woken.
pub struct Signal {
    queue: Arc<Queue>,
    key: Key,
    notified: AtomicBool,
}

impl Signal {
    /// Makes the signal of an entry.
    #[must_use]
    pub fn new(queue: Arc<Queue>, key: Key) -> Self {
        Self {
            queue,
            key,
            notified: AtomicBool::new(false),
        }
    }

    /// Takes the wake, just before the poll that answers it; later wakes count anew.
    pub fn accept(&self) {
        // Acquire: the poll sees what the wakers wrote, also those who found the flag set.
        let order = mutant!("sim-accept-relaxed", Ordering::AcqRel, Ordering::Relaxed);
        self.notified
            .swap(mutant!("sim-accept-keeps-flag", false, true), order);
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let order = mutant!("sim-wake-unreleased", Ordering::AcqRel, Ordering::Acquire);
        if !self.notified.swap(true, order) {
            self.queue.push(self.key, Cause::Woken);
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(trunnion_loom)))]
mod tests {
    use super::*;

    fn key(number: u64) -> Key {
        Key { slot: 0, number }
    }

    fn push(queue: &Queue, number: u64) {
        queue.push(key(number), Cause::Woken);
    }

    fn drain(queue: &Queue) -> Vec<u64> {
        let mut woken = Vec::new();
        queue.drain(&mut woken);
        woken.iter().map(|(key, _)| key.number).collect()
    }

    #[test]
    fn wakes_of_the_thread_that_attends_come_before_those_of_others() {
        let queue = Queue::new();
        let attendance = queue.attend();
        thread::scope(|s| {
            s.spawn(|| push(&queue, 1));
        });
        push(&queue, 2);
        assert_eq!(queue.inbox.lock().woken.len(), 1, "one needed the lock");
        assert_eq!(drain(&queue), [2, 1]);
        push(&queue, 3);
        assert_eq!(queue.idle(&mut Vec::new()), Idle::Busy);
        drop(attendance);
        assert_eq!(queue.idle(&mut Vec::new()), Idle::Free);
    }

    #[test]
    fn what_is_left_when_the_thread_leaves_is_there_for_the_next() {
        let queue = Queue::new();
        let attendance = queue.attend();
        push(&queue, 1);
        drop(attendance);
        push(&queue, 2);
        let next = thread::scope(|s| s.spawn(|| drain(&queue)).join());
        assert_eq!(next.ok(), Some(vec![1, 2]));
    }

    #[test]
    fn a_queue_that_is_attended_meanwhile_takes_nothing_from_the_one_before() {
        let (outer, inner) = (Queue::new(), Queue::new());
        let attendance = outer.attend();
        push(&outer, 1);
        let within = inner.attend();
        push(&outer, 2);
        push(&inner, 3);
        assert_eq!(drain(&inner), [3]);
        push(&inner, 4);
        drop(within);
        assert_eq!(drain(&outer), [1, 2]);
        push(&outer, 5);
        assert_eq!(outer.inbox.lock().woken.len(), 0, "it is attended again");
        drop(attendance);
        assert_eq!((drain(&outer), drain(&inner)), (vec![5], vec![4]));
    }

    #[test]
    fn attended_twice_it_hands_out_what_came_before() {
        let queue = Queue::new();
        let outer = queue.attend();
        push(&queue, 1);
        let inner = queue.attend();
        push(&queue, 2);
        assert_eq!(drain(&queue), [1, 2]);
        push(&queue, 3);
        drop(inner);
        assert_eq!(drain(&queue), [3]);
        drop(outer);
    }
}
