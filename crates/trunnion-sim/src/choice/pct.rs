//! Priorities that change at few random steps: finds a bug that needs `depth` orders with a probability that can be told.

use std::collections::VecDeque;

use crate::queue::Key;
use crate::random::Random;

/// The steps that a run is taken to have when nobody knows better.
const STEPS: usize = 256;

/// Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, 2010).
///
/// The runnable task with the highest priority runs. Priorities are random, and at `depth - 1` random steps the task that runs falls
/// below all others. So does one that gives way twice in a row, or a task that yields in a loop would keep what it waits for from running; one that gives way
/// once may go on before the others, as it may anywhere.
#[derive(Debug)]
pub(super) struct Pct {
    depth: u32,
    expected: usize,
    /// The steps at which a priority changes; drawn at the first step.
    changes: Option<Vec<usize>>,
    steps: usize,
    /// By the number of the task; what falls gets smaller and smaller ones.
    priorities: Vec<Option<u64>>,
    lowest: u64,
    /// The task that gave way in the last step.
    gave: Option<u64>,
}

impl Pct {
    pub(super) fn new(depth: u32) -> Self {
        Self {
            depth,
            expected: STEPS,
            changes: None,
            steps: 0,
            priorities: Vec::new(),
            lowest: 1 << 32,
            gave: None,
        }
    }

    pub(super) fn expect_steps(&mut self, steps: usize) {
        self.expected = steps.max(1);
    }

    /// Finds the place in `list` of the task with the highest priority.
    pub(super) fn highest(&mut self, list: &VecDeque<Key>, random: &mut Random) -> usize {
        let numbers = list.iter().map(|key| key.number).enumerate();
        let best = numbers.max_by_key(|(_, number)| self.priority(*number, random));
        best.map_or(0, |(at, _)| at)
    }

    fn priority(&mut self, number: u64, random: &mut Random) -> u64 {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        if self.priorities.len() <= at {
            self.priorities.resize(at.saturating_add(1), None);
        }
        *self.priorities[at].get_or_insert_with(|| random.next() | 1 << 63)
    }

    /// Counts a step of `number`, which falls if it is one of those.
    pub(super) fn stepped(&mut self, number: u64, random: &mut Random) {
        let (depth, expected) = (self.depth, self.expected);
        let changes = self.changes.get_or_insert_with(|| {
            // More changes than steps are no more than one at each.
            let drawn = (1..depth).take(expected).map(|_| random.below(expected));
            drawn.collect()
        });
        let falls = changes.contains(&self.steps);
        self.gave = self.gave.filter(|gave| *gave == number);
        self.steps += 1;
        if falls {
            self.priority(number, random);
            self.lower(number);
        }
    }

    /// Notes that a task gave way, and lets it fall if it did so in its last step too and nobody ran in between.
    #[inline(never)]
    pub(super) fn gave_way(&mut self, number: u64) {
        if self.gave.replace(number) == Some(number) {
            self.lower(number);
        }
    }

    /// Lets a task fall below all others; kept apart, as no other rule does it.
    #[inline(never)]
    pub(super) fn lower(&mut self, number: u64) {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        if self.priorities.len() <= at {
            self.priorities.resize(at.saturating_add(1), None);
        }
        self.lowest -= 1;
        self.priorities[at] = Some(self.lowest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_depth_beyond_all_steps_draws_no_more_than_there_are() {
        let mut pct = Pct::new(u32::MAX);
        pct.stepped(0, &mut Random::new(0));
        assert_eq!(pct.changes.map_or(0, |changes| changes.len()), STEPS);
    }
}
