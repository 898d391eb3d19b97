//! The table of what can run: tasks, roots and blocking closures.

use core::panic::Location;
use std::task::{Wake, Waker};
use std::thread::ThreadId;

use trunnion_core::sync::Arc;
use trunnion_core::sync::atomic::{AtomicBool, Ordering};
use trunnion_core::task::Runner;

use crate::queue::{Key, Queue, Signal};

/// A closure for `spawn_blocking` whose result goes elsewhere.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// What an entry is.
pub(crate) enum Body {
    /// A task that any thread may poll.
    Task,
    /// A task that lives on one thread.
    Local(ThreadId),
    /// The future of a `block_on`, which only its own driver can poll.
    Root(u64),
    /// A blocking closure; empty once it has started.
    Job(Option<Job>),
}

/// What a driver takes out of the table to poll a task.
pub(crate) struct Run {
    pub(crate) key: Key,
    /// Empty for roots, whose future is on the driver's stack, and for local tasks.
    pub(crate) runner: Option<Runner>,
    pub(crate) signal: Arc<Signal>,
    pub(crate) waker: Waker,
    /// What the waker is made of, where each poll has one of its own.
    fresh: Option<Arc<Fresh>>,
    /// The references that are no sign of a waker given away.
    own: usize,
}

impl Run {
    fn new(queue: &Arc<Queue>, key: Key, runner: Option<Runner>, is_root: bool) -> Self {
        let signal = Arc::new(Signal::new(Arc::clone(queue), key));
        Self {
            key,
            runner,
            waker: Waker::from(Arc::clone(&signal)),
            // `signal`, or `fresh`, and `waker` here, and what the cell of a pending task keeps for aborts.
            own: if is_root { 2 } else { 3 },
            fresh: None,
            signal,
        }
    }

    /// Makes a waker that no earlier one of the task equals, and lets the one before do nothing any more.
    pub(crate) fn freshen(&mut self) {
        if let Some(before) = &self.fresh {
            before.stale.store(true, Ordering::Relaxed);
        }
        let fresh = Arc::new(Fresh {
            signal: Arc::clone(&self.signal),
            stale: AtomicBool::new(false),
        });
        self.waker = Waker::from(Arc::clone(&fresh));
        self.fresh = Some(fresh);
    }

    /// Tells whether anybody has a waker that the task gave away.
    pub(crate) fn is_awaited(&self) -> bool {
        match &self.fresh {
            None => Arc::strong_count(&self.signal) > self.own,
            Some(fresh) => Arc::strong_count(fresh) > self.own,
        }
    }
}

/// A waker for one poll; stale once the next has begun.
struct Fresh {
    signal: Arc<Signal>,
    stale: AtomicBool,
}

impl Wake for Fresh {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.stale.load(Ordering::Relaxed) {
            self.signal.wake_by_ref();
        }
    }
}

pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) body: Body,
    pub(crate) place: &'static Location<'static>,
    pub(crate) name: Option<Arc<str>>,
    /// Absent for jobs, and while the task is polled.
    pub(crate) run: Option<Box<Run>>,
    /// It is in the list of runnable entries, or stranded.
    pub(crate) queued: bool,
    /// Somebody kept a waker of the last poll.
    pub(crate) kept: bool,
    /// Its lost waker was reported.
    pub(crate) reported: bool,
    /// The timer of a closure that is slow to begin.
    pub(crate) slow: Option<usize>,
}

/// What is to be put into the table.
pub(crate) struct NewEntry {
    pub(crate) body: Body,
    pub(crate) place: &'static Location<'static>,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) runner: Option<Runner>,
}

/// The entries, found by slot; numbers are never used twice.
#[derive(Default)]
pub(crate) struct Tasks {
    slots: Vec<Option<Entry>>,
    free: Vec<usize>,
    next: u64,
    cursor: usize,
}

impl Tasks {
    pub(crate) fn insert(&mut self, queue: &Arc<Queue>, new: NewEntry) -> Key {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let key = Key {
            slot,
            number: self.next,
        };
        self.next += 1;
        let is_job = matches!(new.body, Body::Job(_));
        let is_root = matches!(new.body, Body::Root(_));
        self.slots[slot] = Some(Entry {
            key,
            body: new.body,
            place: new.place,
            name: new.name,
            run: (!is_job).then(|| Box::new(Run::new(queue, key, new.runner, is_root))),
            queued: false,
            kept: false,
            reported: false,
            slow: None,
        });
        key
    }

    pub(crate) fn get(&mut self, key: Key) -> Option<&mut Entry> {
        let entry = self.slots.get_mut(key.slot)?.as_mut();
        entry.filter(|entry| entry.key.number == key.number)
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<Entry> {
        self.get(key)?;
        self.free.push(key.slot);
        self.slots[key.slot].take()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.slots.iter().flatten()
    }

    /// Counts the most entries that there ever were at a time.
    pub(crate) fn places(&self) -> usize {
        self.slots.len()
    }

    /// Lists all entries, oldest first.
    pub(crate) fn keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.iter().map(|entry| entry.key).collect();
        keys.sort_unstable_by_key(|key| key.number);
        keys
    }

    /// Looks at up to `budget` entries, going on where the last search ended, for one that `found` accepts.
    pub(crate) fn search(&mut self, budget: usize, found: impl Fn(&Entry) -> bool) -> Option<Key> {
        for _ in 0..budget.min(self.slots.len()) {
            self.cursor = (self.cursor + 1) % self.slots.len();
            let entry = self.slots[self.cursor].as_ref();
            if let Some(entry) = entry.filter(|entry| found(entry)) {
                return Some(entry.key);
            }
        }
        None
    }
}
