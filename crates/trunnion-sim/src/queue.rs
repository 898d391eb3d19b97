//! The wakes that wait for the scheduler, and the place where its thread parks.
//!
//! It is the only part of the simulator that other threads reach while a task runs, and knows nothing of the rest, so that
//! a model can drive it:
//!
//! * Q1: between two calls of [`Signal::accept`] a signal enters the inbox once; the call comes before the poll that
//!   answers it, so that a wake during the poll leads to another one.
//! * Q2: the thread parks only while a hold is alive and the inbox is empty; each push, poke and last release ends that.
//! * Q3: [`Queue::idle`] sees inbox and holds in one step: a wake that came before the last release is never overlooked.

use core::fmt;
use core::mem;
use std::task::Wake;
use std::thread::{self, ThreadId};

use trunnion_core::mutant;
use trunnion_core::sync::atomic::{AtomicBool, Ordering};
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
#[derive(Debug, Default)]
pub struct Queue {
    inbox: Mutex<Inbox>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inbox {
    woken: Vec<(Key, Cause)>,
    holds: usize,
    poked: bool,
    parked: bool,
    /// The thread on which wakes are expected, where that is watched, and whether one came on another.
    expected: Option<ThreadId>,
    elsewhere: bool,
}

impl Queue {
    /// Makes an empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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

    /// Adds a wake.
    pub fn push(&self, key: Key, cause: Cause) {
        self.change(|inbox| {
            let expected = inbox.expected;
            let elsewhere = expected.is_some_and(|expected| expected != thread::current().id());
            inbox.elsewhere |= elsewhere;
            let cause = if elsewhere { Cause::Foreign } else { cause };
            inbox.woken.push((key, cause));
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

    /// Moves all wakes behind those in `woken`, oldest first.
    pub fn drain(&self, woken: &mut Vec<(Key, Cause)>) {
        let mut inbox = self.inbox.lock();
        if woken.is_empty() {
            mem::swap(&mut inbox.woken, woken);
        } else {
            woken.append(&mut inbox.woken);
        }
    }

    /// Moves all wakes into `woken`, or tells what can be done now that there is none.
    pub fn idle(&self, woken: &mut Vec<(Key, Cause)>) -> Idle {
        let mut inbox = self.inbox.lock();
        let busy = mutant!("sim-idle-overlooks-wakes", !inbox.woken.is_empty(), false);
        if busy {
            woken.append(&mut inbox.woken);
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
        while inbox.holds > 0 && inbox.woken.is_empty() && !inbox.poked {
            inbox = self.changed.wait(inbox);
        }
        inbox.parked = false;
        inbox.poked = false;
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
