//! What the owner, the handles and the sleeps share.

use core::panic::Location;
use std::collections::VecDeque;
use std::task::Waker;
use std::thread::ThreadId;

use trunnion_core::panic::contain;
use trunnion_core::sync::atomic::{AtomicU64, Ordering};
use trunnion_core::sync::{Arc, Mutex};
use trunnion_core::wait::WaitQueue;
use trunnion_core::{Instant, RuntimeId};

use crate::LostWakers;
use crate::explore::FailureKind;
use crate::queue::{Cause, Key, Queue};
use crate::random::Random;
use crate::schedule::Ready;
use crate::signal::Raised;
use crate::task::{Body, Entry, NewEntry, Tasks};
use crate::timers::Timers;
use crate::trace::{Event, Recorder};

/// One simulator. No user code runs while `state` is locked.
pub(crate) struct Shared {
    pub(crate) id: RuntimeId,
    pub(crate) queue: Arc<Queue>,
    pub(crate) raised: Arc<WaitQueue<Raised>>,
    pub(crate) entropy: Random,
    // Written while `state` is locked.
    now: AtomicU64,
    pub(crate) state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) tasks: Tasks,
    pub(crate) ready: Ready,
    /// Runnable entries that the driver cannot run.
    pub(crate) stranded: Vec<Key>,
    pub(crate) timers: Timers,
    /// Those who wait until nothing else is runnable, oldest first.
    pub(crate) settlers: VecDeque<(u64, Waker)>,
    pub(crate) next_settler: u64,
    pub(crate) trace: Recorder,
    pub(crate) driver: Option<Driver>,
    pub(crate) drivers: u64,
    pub(crate) lost: LostWakers,
    pub(crate) closed: bool,
    /// What an exploration notes.
    pub(crate) watch: Option<Watch>,
}

/// What an exploration wants to know of a run.
#[derive(Default)]
pub(crate) struct Watch {
    /// Why the simulator ended it.
    pub(crate) ending: Option<FailureKind>,
    /// The first panic of a task that nobody can join: its message and its place.
    pub(crate) panic: Option<(String, Option<String>)>,
    /// Sleeps that were armed when all tasks were gone.
    pub(crate) timers: usize,
}

/// The timers that fire at one instant: their numbers, and what they wake.
pub(crate) type Due = Vec<(u64, Option<Waker>)>;

/// The innermost `block_on`.
#[derive(Clone, Copy)]
pub(crate) struct Driver {
    pub(crate) thread: ThreadId,
    pub(crate) depth: usize,
    /// A blocking closure runs now, so that another `block_on` may nest.
    pub(crate) in_job: bool,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            id: RuntimeId::unique("sim"),
            queue: Arc::new(Queue::new()),
            raised: Arc::new(WaitQueue::new(Raised::default())),
            entropy: Random::new(0),
            now: AtomicU64::new(0),
            state: Mutex::new(State {
                tasks: Tasks::default(),
                ready: Ready::new(),
                stranded: Vec::new(),
                timers: Timers::default(),
                settlers: VecDeque::new(),
                next_settler: 0,
                trace: Recorder::new(),
                driver: None,
                drivers: 0,
                lost: LostWakers::default(),
                closed: false,
                watch: None,
            }),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_nanos(self.now.load(Ordering::Acquire))
    }

    /// Adds what is runnable at once; gives it back when the simulator has ended.
    pub(crate) fn add(&self, new: NewEntry) -> Result<Key, NewEntry> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(new);
        }
        let key = state.insert(&self.queue, new);
        drop(state);
        self.queue.push(key, Cause::Started);
        Ok(key)
    }

    /// Moves the clock to the earliest deadline, if there is one, and takes out what is due.
    pub(crate) fn jump(&self, state: &mut State, event: fn(u64) -> Event, due: &mut Due) -> bool {
        let Some(deadline) = state.timers.next() else {
            return false;
        };
        self.move_to(state, deadline, event, due);
        true
    }

    /// Moves the clock to the earliest deadline or to `target`, whichever comes first; true once it is at `target`.
    pub(crate) fn step_toward(&self, target: Instant) -> bool {
        let mut state = self.state.lock();
        if self.now() >= target {
            return true;
        }
        let target = target.as_nanos();
        let next = state.timers.next().map_or(target, |next| next.min(target));
        let mut due = Due::new();
        self.move_to(&mut state, next, Event::Advance, &mut due);
        drop(state);
        wake_all(&mut due);
        next == target
    }

    fn move_to(&self, state: &mut State, at: u64, event: fn(u64) -> Event, due: &mut Due) {
        self.now.store(at, Ordering::Release);
        state.trace.add(event(at));
        due.extend(core::iter::from_fn(|| state.timers.pop_due(at)));
        state.ready.chooser.arrange(due);
        for (number, _) in due {
            state.trace.add(Event::TimerFired(*number));
        }
    }
}

impl State {
    pub(crate) fn insert(&mut self, queue: &Arc<Queue>, new: NewEntry) -> Key {
        let event: fn(u64, &'static Location<'static>) -> Event = match new.body {
            Body::Task | Body::Local(_) => Event::Spawn,
            Body::Root(_) => Event::Root,
            Body::Job(_) => Event::Job,
        };
        let (place, name) = (new.place, new.name.clone());
        let key = self.tasks.insert(queue, new);
        if let Some(name) = name {
            self.trace.name(key.number, &name);
        }
        self.trace.add(event(key.number, place));
        key
    }

    /// Makes entries runnable in the order in which they were woken; `own` is the one that has just run.
    pub(crate) fn admit(&mut self, woken: &mut Vec<(Key, Cause)>, own: Option<Key>) {
        for (key, cause) in woken.drain(..) {
            let Some(entry) = self.tasks.get(key).filter(|entry| !entry.queued) else {
                continue;
            };
            entry.queued = true;
            match cause {
                Cause::Started => {}
                Cause::Woken => self.trace.add(Event::Wake(key.number)),
            }
            if own == Some(key) {
                self.ready.push_last(key);
            } else {
                self.ready.push(key);
            }
        }
    }

    /// Notes why the run ends, if somebody wants to know.
    pub(crate) fn end_with(&mut self, kind: FailureKind) {
        if let Some(watch) = &mut self.watch {
            watch.ending.get_or_insert(kind);
        }
    }

    /// Takes an entry that has ended, or is dropped, out of the table.
    pub(crate) fn retire(&mut self, key: Key, event: fn(u64) -> Event) -> Option<Entry> {
        let entry = self.tasks.remove(key)?;
        self.trace.add(event(key.number));
        Some(entry)
    }
}

/// Wakes each; a waker that panics stops none.
pub(crate) fn wake_all(due: &mut Due) {
    for (_, waker) in due.drain(..) {
        if let Some(waker) = waker {
            contain(|| waker.wake());
        }
    }
}
