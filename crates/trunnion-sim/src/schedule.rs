//! Who runs next.

use core::fmt;
use core::str::FromStr;
use std::collections::VecDeque;

use crate::choice::Chooser;
use crate::queue::Key;

/// Says in which order runnable tasks run, equal deadlines fire, and equals are [chosen](trunnion_core::choose).
///
/// A correct program works under each of them; a program that depends on an order fails under one.
///
/// A task that wakes itself while it runs, as `yield_now` does, gives way. Under FIFO, LIFO and `Delay` it goes behind all that are runnable then, and under
/// `Pct` its priority falls below all others once it does so twice in a row. `Random` takes it as soon as any other, and `Dfs` tries that too: unbounded it begins with those to which
/// the task gave way, and bounded by preemptions with the task itself.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use trunnion_core::{BlockOn, Spawn};
/// use trunnion_sim::{Schedule, Sim};
///
/// let order = |schedule| {
///     let order = Arc::new(Mutex::new(String::new()));
///     let sim = Sim::new().schedule(schedule);
///     let rt = sim.handle();
///     for name in ["a", "b", "c"] {
///         let order = Arc::clone(&order);
///         rt.spawn_detached(async move { order.lock().unwrap().push_str(name) });
///     }
///     sim.block_on(rt.settle());
///     order.lock().unwrap().clone()
/// };
/// assert_eq!(order(Schedule::Fifo), "abc");
/// assert_eq!(order(Schedule::Lifo), "cba");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Schedule {
    /// The one that has waited longest.
    #[default]
    Fifo,
    /// The one that became runnable last. Two tasks that wake each other without end keep all others from running, but not for ever:
    /// one in a thousand choices of a task goes by turns.
    Lifo,
    /// Any of them, by the seed.
    Random,
    /// The one with the highest priority. Priorities are drawn by the seed, and at `depth - 1` random steps the task that runs gets the lowest: a
    /// bug that needs `depth` steps in an order is found in one of about `tasks * steps ^ (depth - 1)` runs, whatever else runs.
    /// One in a thousand choices of a task goes by turns, as under `Lifo`.
    Pct {
        /// How many orders the bug needs; 0 counts as 1.
        depth: u32,
    },
    /// All schedules that pass over those that have waited longer at most `max` times, counted for each; in a single run the first, which is FIFO.
    ///
    /// Where there are equals or faults to choose from, each one passed over counts too.
    Delay {
        /// How often in a run.
        max: u32,
    },
    /// All schedules, or those that at most so often leave a task that could go on; in a single run the first, which is FIFO without a limit.
    ///
    /// All means: in which no task is passed over more than 100 times in a row. A loop that yields until something happens has no end otherwise. It still has
    /// a hundred ways for each step of those for whom it waits, so that three steps are a million: bound such a test by preemptions, or use `Delay`, under
    /// which the loop gives way each time.
    Dfs {
        /// How often in a run; `None` for no limit.
        preemptions: Option<u32>,
    },
}

/// Reads `fifo`, `lifo`, `random`, `pct:DEPTH`, `delay:MAX`, `dfs` and `dfs:PREEMPTIONS`.
impl FromStr for Schedule {
    type Err = ParseScheduleError;

    fn from_str(text: &str) -> Result<Self, ParseScheduleError> {
        let (name, number) = match text.split_once(':') {
            Some((name, number)) => (name, Some(number)),
            None => (text, None),
        };
        let number = number.map(str::parse).transpose();
        match (name, number) {
            ("fifo", Ok(None)) => Ok(Self::Fifo),
            ("lifo", Ok(None)) => Ok(Self::Lifo),
            ("random", Ok(None)) => Ok(Self::Random),
            ("pct", Ok(Some(depth @ 1..))) => Ok(Self::Pct { depth }),
            ("delay", Ok(Some(max))) => Ok(Self::Delay { max }),
            ("dfs", Ok(preemptions)) => Ok(Self::Dfs { preemptions }),
            _ => Err(ParseScheduleError(text.to_owned())),
        }
    }
}

/// Says that a text names no schedule, and which texts do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseScheduleError(String);

impl fmt::Display for ParseScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no schedule is called `{}`; use fifo, lifo, random, pct:DEPTH (from 1), delay:MAX, dfs or dfs:PREEMPTIONS",
            self.0
        )
    }
}

impl core::error::Error for ParseScheduleError {}

/// The runnable entries, in the order in which they became runnable.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) chooser: Chooser,
    list: VecDeque<Key>,
}

impl Ready {
    pub(crate) fn new() -> Self {
        Self {
            chooser: Chooser::new(),
            list: VecDeque::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Adds an entry that somebody else made runnable.
    pub(crate) fn push(&mut self, key: Key) {
        self.list.push_back(key);
    }

    /// Adds an entry that gave way to all that are there.
    pub(crate) fn push_last(&mut self, key: Key) {
        self.chooser.gave_way(key.number);
        if self.chooser.takes_last() {
            self.list.push_front(key);
        } else {
            self.list.push_back(key);
        }
    }

    /// Takes the one that runs next.
    pub(crate) fn pop(&mut self) -> Option<Key> {
        self.chooser.take(&mut self.list)
    }
}
