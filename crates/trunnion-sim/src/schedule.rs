//! Who runs next.

use std::collections::VecDeque;

use crate::queue::Key;
use crate::random::Random;

/// Says in which order runnable tasks run, equal deadlines fire, and equals are [chosen](trunnion_core::choose).
///
/// A correct program works under each of them; a program that depends on an order fails under one. A task that wakes
/// itself while it runs, as `yield_now` does, goes behind all others under each of them.
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
    /// The one that became runnable last. Two tasks that wake each other without end keep all others from running,
    /// until that is reported as a livelock.
    Lifo,
    /// Any of them, by the seed.
    Random,
}

/// The runnable entries.
#[derive(Debug)]
pub(crate) struct Ready {
    schedule: Schedule,
    random: Random,
    list: VecDeque<Key>,
}

impl Ready {
    pub(crate) fn new() -> Self {
        Self {
            schedule: Schedule::default(),
            random: Random::new(0),
            list: VecDeque::new(),
        }
    }

    pub(crate) fn set_schedule(&mut self, schedule: Schedule) {
        self.schedule = schedule;
    }

    pub(crate) fn reseed(&self, seed: u64) {
        self.random.reseed(seed);
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Adds an entry that somebody else made runnable.
    pub(crate) fn push(&mut self, key: Key) {
        self.list.push_back(key);
    }

    /// Adds an entry that runs after all that are there.
    pub(crate) fn push_last(&mut self, key: Key) {
        match self.schedule {
            Schedule::Lifo => self.list.push_front(key),
            Schedule::Fifo | Schedule::Random => self.list.push_back(key),
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Key> {
        match self.schedule {
            Schedule::Fifo => self.list.pop_front(),
            Schedule::Lifo => self.list.pop_back(),
            Schedule::Random if self.list.is_empty() => None,
            Schedule::Random => {
                let chosen = self.random.below(self.list.len());
                self.list.swap_remove_back(chosen)
            }
        }
    }

    /// Chooses one of `n` equals.
    pub(crate) fn choose(&self, n: usize) -> usize {
        match self.schedule {
            Schedule::Fifo => 0,
            Schedule::Lifo => n.saturating_sub(1),
            Schedule::Random => self.random.below(n),
        }
    }

    /// Puts what happens at one instant, oldest first, into the order in which it happens.
    pub(crate) fn arrange<T>(&self, items: &mut [T]) {
        match self.schedule {
            Schedule::Fifo => {}
            Schedule::Lifo => items.reverse(),
            Schedule::Random => {
                for end in (1..items.len()).rev() {
                    items.swap(end, self.random.below(end + 1));
                }
            }
        }
    }
}
