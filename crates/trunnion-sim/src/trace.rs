//! What happened, in order: the same text for the same seed, in any process.

use core::fmt;
use core::panic::Location;
use std::collections::{BTreeMap, VecDeque};

use trunnion_core::sync::Arc;

/// One event. Numbers count from 0 in each simulator; nothing here depends on the process.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Spawn(u64, &'static Location<'static>),
    Root(u64, &'static Location<'static>),
    Job(u64, &'static Location<'static>),
    Poll(u64),
    Wake(u64),
    Done(u64),
    Drop(u64),
    TimerSet(u64, u64),
    TimerFired(u64),
    TimerGone(u64),
    Jump(u64),
    Advance(u64),
    Spin(u64),
    Settled,
    Hold,
    Release,
    Shutdown,
    /// What went wrong because the simulator chose so, and by how many nanoseconds.
    Fault(&'static str, u64),
    /// What was chosen for a label.
    Choice(&'static str, usize),
    /// A wake that nobody asked for.
    Spurious(u64),
    Burn(u64),
    Wall,
}

/// How the digest tells the two events of which there are the most.
const POLL: u64 = 3;
const WAKE: u64 = 4;

impl Event {
    /// Gives the numbers that tell this event from others.
    fn words(&self) -> (u64, u64) {
        match *self {
            Self::Spawn(n, at) => (0, n ^ place(at)),
            Self::Root(n, at) => (1, n ^ place(at)),
            Self::Job(n, at) => (2, n ^ place(at)),
            Self::Poll(n) => (POLL, n),
            Self::Wake(n) => (WAKE, n),
            Self::Done(n) => (5, n),
            Self::Drop(n) => (6, n),
            Self::TimerSet(n, at) => (7, n.rotate_left(32) ^ at),
            Self::TimerFired(n) => (8, n),
            Self::TimerGone(n) => (9, n),
            Self::Jump(at) => (10, at),
            Self::Advance(at) => (11, at),
            Self::Spin(at) => (12, at),
            Self::Settled => (13, 0),
            Self::Hold => (14, 0),
            Self::Release => (15, 0),
            Self::Shutdown => (16, 0),
            Self::Fault(what, by) => (17, hash(what) ^ by),
            Self::Choice(label, nth) => (18, hash(label) ^ nth as u64),
            Self::Spurious(n) => (19, n),
            Self::Burn(nanos) => (20, nanos),
            Self::Wall => (21, 0),
        }
    }
}

/// Hashes a place in the source by what does not depend on where the program is loaded.
fn place(at: &Location<'_>) -> u64 {
    let start = (u64::from(at.line()) << 32) | u64::from(at.column());
    stir(start, hash(at.file()))
}

fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0, |hash, byte| stir(hash, u64::from(byte)))
}

fn stir(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(5) ^ word).wrapping_mul(0x517C_C1B7_2722_0A95)
}

/// Keeps the newest events, and a digest of all.
#[derive(Debug)]
pub(crate) struct Recorder {
    limit: usize,
    events: VecDeque<Event>,
    /// The beginnings that are no longer kept, of tasks that are still in the events or may come.
    begun: BTreeMap<u64, Event>,
    names: BTreeMap<u64, Arc<str>>,
    total: u64,
    digest: u64,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self {
            limit: 1 << 16,
            events: VecDeque::new(),
            begun: BTreeMap::new(),
            names: BTreeMap::new(),
            total: 0,
            digest: 0,
        }
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
        while self.events.len() > limit {
            self.forget_oldest();
        }
    }

    pub(crate) fn add(&mut self, event: Event) {
        let (kind, number) = event.words();
        self.keep(kind, number, event);
    }

    /// Adds an `Event::Poll`.
    pub(crate) fn polled(&mut self, number: u64) {
        self.keep(POLL, number, Event::Poll(number));
    }

    /// Adds an `Event::Wake`.
    pub(crate) fn woke(&mut self, number: u64) {
        self.keep(WAKE, number, Event::Wake(number));
    }

    #[inline]
    fn keep(&mut self, kind: u64, number: u64, event: Event) {
        self.total += 1;
        self.digest = stir(stir(self.digest, kind), number);
        if self.events.len() >= self.limit {
            self.forget_oldest();
        }
        if self.limit > 0 {
            self.events.push_back(event);
        }
    }

    pub(crate) fn name(&mut self, number: u64, name: &Arc<str>) {
        let bytes = name.bytes().map(u64::from);
        self.digest = bytes.fold(self.digest, stir);
        if self.limit > 0 {
            self.names.insert(number, Arc::clone(name));
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    fn forget_oldest(&mut self) {
        match self.events.pop_front() {
            Some(
                event @ (Event::Spawn(number, _) | Event::Root(number, _) | Event::Job(number, _)),
            ) => {
                self.begun.insert(number, event);
            }
            Some(Event::Done(number) | Event::Drop(number)) => {
                self.begun.remove(&number);
                self.names.remove(&number);
            }
            _ => {}
        }
    }

    pub(crate) fn snapshot(&self) -> Trace {
        Trace {
            events: self.events.iter().copied().collect(),
            begun: self.begun.values().copied().collect(),
            names: self.names.clone(),
            total: self.total,
            digest: self.digest,
        }
    }
}

/// Tells what happened in a simulator, one event a line; made by [`SimRuntime::trace`](crate::SimRuntime::trace).
///
/// The first line counts the events and has a digest of all of them, also of those that are no longer kept. Its text holds
/// no addresses, no real time and no numbers of the process: the same program, seed and schedule give the same bytes.
///
/// ```
/// use trunnion_core::{BlockOn, Spawn};
/// use trunnion_sim::{Schedule, Sim};
///
/// let run = |seed| {
///     let sim = Sim::new().schedule(Schedule::Random).seed(seed);
///     let rt = sim.handle();
///     sim.block_on(async {
///         let tasks = [0; 8].map(|_| rt.spawn(async {}));
///         for task in tasks {
///             task.await.unwrap();
///         }
///     });
///     rt.trace().to_string()
/// };
/// assert_eq!(run(7), run(7));
/// assert_ne!(run(7), run(8));
/// ```
#[derive(Clone)]
pub struct Trace {
    events: Vec<Event>,
    begun: Vec<Event>,
    names: BTreeMap<u64, Arc<str>>,
    total: u64,
    digest: u64,
}

impl Trace {
    /// Counts all events, also those that are no longer kept.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Gives a hash of all events: different digests mean different traces.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// Gives the beginnings of tasks, also those that are no longer kept, as far as the tasks may be in the events.
    pub(crate) fn begun(&self) -> impl Iterator<Item = &Event> {
        self.begun.iter().chain(&self.events)
    }

    pub(crate) fn name(&self, number: u64) -> Option<&str> {
        self.names.get(&number).map(|name| &**name)
    }

    fn write_new(
        &self,
        verb: &str,
        number: u64,
        at: &Location<'_>,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        match self.names.get(&number) {
            Some(name) => writeln!(f, "{verb} {number} `{name}` at {at}"),
            None => writeln!(f, "{verb} {number} at {at}"),
        }
    }

    fn write(&self, event: Event, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match event {
            Event::Spawn(n, at) => self.write_new("spawn", n, at, f),
            Event::Root(n, at) => writeln!(f, "block_on {n} at {at}"),
            Event::Job(n, at) => self.write_new("spawn_blocking", n, at, f),
            Event::Poll(n) => writeln!(f, "run {n}"),
            Event::Wake(n) => writeln!(f, "wake {n}"),
            Event::Done(n) => writeln!(f, "done {n}"),
            Event::Drop(n) => writeln!(f, "drop {n}"),
            Event::TimerSet(n, at) => writeln!(f, "timer {n} set for {at} ns"),
            Event::TimerFired(n) => writeln!(f, "timer {n} fires"),
            Event::TimerGone(n) => writeln!(f, "timer {n} removed"),
            Event::Jump(at) => writeln!(f, "jump to {at} ns"),
            Event::Advance(at) => writeln!(f, "advance to {at} ns"),
            Event::Spin(at) => writeln!(f, "jump to {at} ns although tasks spin"),
            Event::Settled => writeln!(f, "settled"),
            Event::Hold => writeln!(f, "hold"),
            Event::Release => writeln!(f, "release"),
            Event::Shutdown => writeln!(f, "shutdown"),
            Event::Fault(what, 0) => writeln!(f, "fault: {what}"),
            Event::Fault(what, by) => writeln!(f, "fault: {what} by {by} ns"),
            Event::Choice(label, nth) => writeln!(f, "choose {nth} for {label}"),
            Event::Spurious(n) => writeln!(f, "fault: wake {n}"),
            Event::Burn(nanos) => writeln!(f, "burn {nanos} ns"),
            Event::Wall => writeln!(f, "the wall clock jumps"),
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (total, kept) = (self.total, self.events.len());
        writeln!(
            f,
            "{total} events, last {kept} kept, digest {:016x}",
            self.digest
        )?;
        self.events
            .iter()
            .try_for_each(|event| self.write(*event, f))
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("total", &self.total)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}
