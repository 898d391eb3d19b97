//! What the owner, the handles and the sleeps share.

use core::panic::Location;
use core::time::Duration;
use std::collections::VecDeque;
use std::task::Waker;
use std::thread::ThreadId;
use std::time::SystemTime;

use trunnion_core::panic::contain;
use trunnion_core::sync::atomic::{AtomicU64, Ordering};
use trunnion_core::sync::{Arc, Mutex};
use trunnion_core::wait::WaitQueue;
use trunnion_core::{Instant, RuntimeId};

use crate::LostWakers;
use crate::explore::FailureKind;
use crate::faults::Faults;
use crate::queue::{Cause, Key, Queue, Signal};
use crate::random::SharedRandom;
use crate::report;
use crate::schedule::Ready;
use crate::signal::Raised;
use crate::task::{Body, Entry, NewEntry, Tasks};
use crate::timers::Timers;
use crate::trace::{Event, Recorder};
use crate::wall;

/// The last point that the clock reaches: the far future is never.
pub(crate) const LAST: Instant = Instant::from_nanos(u64::MAX - 1);

/// One simulator. No user code runs while `state` is locked.
pub(crate) struct Shared {
    pub(crate) id: RuntimeId,
    pub(crate) queue: Arc<Queue>,
    pub(crate) raised: Arc<WaitQueue<Raised>>,
    pub(crate) entropy: SharedRandom,
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
    pub(crate) faults: Faults,
    /// What the wall showed when it was set, and when that was.
    pub(crate) wall: (SystemTime, Instant),
    /// What an exploration notes.
    pub(crate) watch: Option<Watch>,
}

/// What an exploration wants to know of a run.
#[derive(Default)]
pub(crate) struct Watch {
    /// How many steps it may take.
    pub(crate) most_steps: usize,
    /// Why the simulator ended it.
    pub(crate) ending: Option<FailureKind>,
    /// The first panic of a task that nobody can join: its message and its place.
    pub(crate) panic: Option<(String, Option<String>)>,
    /// The first task that was woken from elsewhere.
    pub(crate) foreign: Option<String>,
    /// Where the real clock was read first.
    pub(crate) real_clock: Option<&'static Location<'static>>,
    /// The run ended under a hold that nobody inside let go of.
    pub(crate) held: bool,
    /// Sleeps that were armed when all tasks were gone.
    pub(crate) timers: usize,
}

/// The timers that fire at one instant: their numbers, and what they wake.
pub(crate) type Due = Vec<(u64, Option<Waker>)>;

/// The innermost `block_on`.
#[derive(Clone, Copy)]
pub(crate) struct Driver {
    pub(crate) thread: ThreadId,
    /// Tells its root from those around it.
    pub(crate) number: u64,
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
            entropy: SharedRandom::new(0),
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
                faults: Faults::new(),
                wall: wall::start(),
                watch: None,
            }),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_nanos(self.now.load(Ordering::Acquire))
    }

    /// Draws a number below `n`: by the seed, and where schedules are explored it is one of their choices.
    pub(crate) fn draw(&self, n: usize) -> usize {
        let mut state = self.state.lock();
        let nth = if state.watch.is_some() {
            state.ready.chooser.draw(n)
        } else {
            self.entropy.below(n)
        };
        state.trace.add(Event::Choice("drawn", nth));
        nth
    }

    /// Adds what is runnable at once; gives it back when the simulator has ended.
    pub(crate) fn add(&self, new: NewEntry) -> Result<Key, NewEntry> {
        let mut state = self.state.lock();
        if state.closed || state.refuses(&new.body) {
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

    /// Moves the clock on by `duration`; what becomes due on the way fires.
    pub(crate) fn pass(&self, duration: Duration) {
        if duration.is_zero() {
            return;
        }
        let target = (self.now() + duration).min(LAST);
        while !self.step_toward(target) {}
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

    /// Decides whether what is to be added is refused.
    fn refuses(&mut self, body: &Body) -> bool {
        let may = match body {
            Body::Task | Body::Local(_) => self.faults.refused_spawns,
            Body::Job(_) => self.faults.failing_jobs,
            Body::Root(_) => false,
        };
        may && self.fault("spawn is refused")
    }

    /// Decides whether a task becomes runnable that nobody woke.
    #[cold]
    pub(crate) fn wake_spuriously(&mut self, key: Key) {
        if !self.ready.chooser.fault() {
            return;
        }
        let Some(entry) = self.tasks.get(key) else {
            return;
        };
        entry.queued = true;
        self.trace.add(Event::Spurious(key.number));
        self.ready.push(key);
    }

    /// Decides whether one of the tasks that wait becomes runnable although nobody woke it, as it may at any instant.
    #[cold]
    pub(crate) fn wake_one_spuriously(&mut self) {
        let idle = |entry: &&Entry| entry.run.is_some() && !entry.queued;
        let idle = self.tasks.iter().filter(idle).map(|entry| entry.key);
        let mut idle: Vec<Key> = idle.collect();
        if self.closed || idle.is_empty() || !self.ready.chooser.fault() {
            return;
        }
        idle.sort_unstable_by_key(|key| key.number);
        let key = idle[self.ready.chooser.choose(idle.len())];
        if let Some(entry) = self.tasks.get(key) {
            entry.queued = true;
            self.trace.add(Event::Spurious(key.number));
            self.ready.push(key);
        }
    }

    /// Decides whether something goes wrong, and notes it.
    pub(crate) fn fault(&mut self, what: &'static str) -> bool {
        let goes_wrong = self.ready.chooser.fault();
        if goes_wrong {
            self.trace.add(Event::Fault(what, 0));
        }
        goes_wrong
    }

    /// Decides whether something takes longer than it must, and notes it.
    pub(crate) fn delay(&mut self, what: &'static str, most: Duration) -> Duration {
        let delay = self.ready.chooser.delay(most);
        if !delay.is_zero() {
            let nanos = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
            self.trace.add(Event::Fault(what, nanos));
        }
        delay
    }

    /// Decides whether a closure is slow, which is decided once; one that is becomes runnable again when its time has passed.
    pub(crate) fn postpones(&mut self, queue: &Arc<Queue>, now: Instant, key: Key) -> bool {
        if self.faults.slow_jobs.is_zero() || self.wakes_up(key) {
            return false;
        }
        let late = self.delay("the closure is slow", self.faults.slow_jobs);
        let Some(entry) = self.tasks.get(key).filter(|_| !late.is_zero()) else {
            return false;
        };
        let slot = self.timers.reserve();
        entry.slow = Some(slot);
        let waker = Arc::new(Signal::new(Arc::clone(queue), key));
        self.timers.set_waker(slot, Waker::from(waker));
        let at = (now + late).min(LAST).as_nanos();
        let number = self.timers.arm(slot, at);
        self.trace.add(Event::TimerSet(number, at));
        true
    }

    /// Takes the timer of a slow closure; false if there is none.
    fn wakes_up(&mut self, key: Key) -> bool {
        let slot = self.tasks.get(key).and_then(|entry| entry.slow.take());
        slot.inspect(|slot| self.drop_timer(*slot)).is_some()
    }

    fn drop_timer(&mut self, slot: usize) {
        self.timers.disarm(slot);
        self.timers.release(slot);
    }

    /// Makes entries runnable in the order in which they were woken; `own` is the one that has just run.
    pub(crate) fn admit(&mut self, woken: &mut Vec<(Key, Cause)>, own: Option<Key>) {
        for &(key, cause) in woken.iter() {
            if cause == Cause::Foreign {
                self.note_foreign(key);
            }
            let Some(entry) = self.tasks.get(key).filter(|entry| !entry.queued) else {
                continue;
            };
            entry.queued = true;
            let key = entry.key;
            match cause {
                Cause::Started => {}
                Cause::Woken | Cause::Foreign => self.trace.woke(key.number),
            }
            if own == Some(key) {
                self.ready.push_last(key);
            } else {
                self.ready.push(key);
            }
        }
        woken.clear();
    }

    /// Notes the first task that was woken from elsewhere, while it is known.
    #[cold]
    pub(crate) fn note_foreign(&mut self, key: Key) {
        let head = self.tasks.get(key).map(|entry| report::head(entry));
        if let Some((watch, head)) = self.watch.as_mut().zip(head) {
            watch.foreign.get_or_insert(head);
        }
    }

    /// Tells whether an exploration has waited long enough for the end of the run.
    pub(crate) fn is_endless(&self) -> bool {
        let steps = self.ready.chooser.steps();
        let watch = self.watch.as_ref();
        watch.is_some_and(|watch| steps >= watch.most_steps)
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
        if let Some(slot) = entry.slow {
            self.drop_timer(slot);
        }
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
