//! Going through all choices, one run after another: a depth-first search of the tree of choices.

use std::collections::VecDeque;

use super::follow::Misfit;
use crate::queue::Key;

/// The way to the run that is under way, and from it to the next.
///
/// A run makes the choices of the path, and the first of each point behind it. [`advance`](Self::advance) turns to the next choice at the last
/// point that has one.
#[derive(Debug)]
pub(crate) struct Search {
    bound: Bound,
    path: Vec<Branch>,
    /// How much of the path the run has gone.
    at: usize,
    /// What its choices have cost.
    spent: u32,
    /// The task that waits longest, and how often in a row it was passed over.
    head: Option<u64>,
    passed: u32,
    misfit: Option<Misfit>,
    gaps: Gaps,
}

/// What a search leaves out though it comes to its end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gaps {
    /// A run has had a misfit, so that not all runs are known.
    pub(crate) strayed: bool,
    /// A task was passed over so often that it had to run.
    pub(crate) unfair: bool,
    /// A draw was among more than are tried.
    pub(crate) sampled: bool,
}

/// A task is passed over at most so many times in a row, for nothing that others do may go on for ever: fairness (Musuvathi and Qadeer, 2008).
const PATIENCE: u32 = 100;

/// What makes a choice cost something, and how much may be spent in a run.
#[derive(Clone, Copy, Debug)]
enum Bound {
    /// Delay-bounded scheduling (Emmi, Qadeer and Rakamarić, 2011): passing over one that comes first costs one.
    Delays(u32),
    /// Context bounding (Musuvathi and Qadeer, 2007): leaving a task that could go on costs one.
    Preemptions(u32),
}

#[derive(Debug)]
struct Branch {
    nth: usize,
    /// How many choices there are, and how many of them the bound allows.
    of: usize,
    allowed: usize,
}

impl Search {
    pub(crate) fn delays(max: u32) -> Self {
        Self::new(Bound::Delays(max))
    }

    pub(crate) fn preemptions(max: Option<u32>) -> Self {
        Self::new(Bound::Preemptions(max.unwrap_or(u32::MAX)))
    }

    fn new(bound: Bound) -> Self {
        Self {
            bound,
            path: Vec::new(),
            at: 0,
            spent: 0,
            head: None,
            passed: 0,
            misfit: None,
            gaps: Gaps::default(),
        }
    }

    /// Turns to the next run; false if there is none.
    pub(crate) fn advance(&mut self) -> bool {
        // What lies behind a misfit belongs to another run.
        self.path.truncate(self.at);
        self.gaps.strayed |= self.misfit.take().is_some();
        (self.at, self.spent) = (0, 0);
        (self.head, self.passed) = (None, 0);
        while let Some(branch) = self.path.last_mut() {
            branch.nth += 1;
            if branch.nth < branch.allowed {
                return true;
            }
            self.path.pop();
        }
        false
    }

    /// Tells what the runs so far left out.
    pub(crate) fn gaps(&self) -> Gaps {
        self.gaps
    }

    pub(crate) fn misfit(&self) -> Option<&Misfit> {
        self.misfit.as_ref()
    }

    /// Chooses a place of `list`; `before` took the last step.
    pub(super) fn task(&mut self, list: &VecDeque<Key>, before: Option<u64>) -> usize {
        let head = list.front().map(|key| key.number);
        if self.head != head {
            (self.head, self.passed) = (head, 0);
        }
        if self.passed >= PATIENCE {
            self.gaps.unfair = true;
            self.passed = 0;
            return self.branch(1, false);
        }
        let nth = self.any_task(list, before);
        self.passed = if nth > 0 { self.passed + 1 } else { 0 };
        nth
    }

    /// Notes that the only runnable task runs: it passes over nobody.
    pub(super) fn alone(&mut self) {
        self.passed = 0;
    }

    fn any_task(&mut self, list: &VecDeque<Key>, before: Option<u64>) -> usize {
        let going_on = match self.bound {
            Bound::Delays(_) | Bound::Preemptions(u32::MAX) => None,
            Bound::Preemptions(_) => list.iter().position(|key| Some(key.number) == before),
        };
        let Some(first) = going_on else {
            return self.branch(list.len(), matches!(self.bound, Bound::Delays(_)));
        };
        match self.branch(list.len(), true) {
            0 => first,
            nth if nth <= first => nth - 1,
            nth => nth,
        }
    }

    /// Chooses one of `n` equals.
    pub(super) fn nth(&mut self, n: usize) -> usize {
        self.branch(n, matches!(self.bound, Bound::Delays(_)))
    }

    /// Draws a number below `n`: the first, the middle and the last are tried.
    pub(super) fn draw(&mut self, n: usize) -> usize {
        if n < 3 {
            return self.nth(n);
        }
        self.gaps.sampled |= n > 3;
        [0, n / 2, n - 1][self.nth(3)]
    }

    fn branch(&mut self, of: usize, costs: bool) -> usize {
        let Some(branch) = self.path.get(self.at) else {
            let allowed = if costs { self.allowed(of) } else { of };
            self.path.push(Branch {
                nth: 0,
                of,
                allowed,
            });
            self.at += 1;
            return 0;
        };
        if branch.of != of && self.misfit.is_none() {
            self.misfit = Some(Misfit::Unrepeatable {
                point: self.at,
                before: branch.of,
                now: of,
            });
        }
        let nth = branch.nth.min(of - 1);
        self.at += 1;
        if costs {
            self.spent += self.cost(nth);
        }
        nth
    }

    fn cost(&self, nth: usize) -> u32 {
        match self.bound {
            Bound::Delays(_) => u32::try_from(nth).unwrap_or(u32::MAX),
            Bound::Preemptions(_) => u32::from(nth > 0),
        }
    }

    /// Counts the choices that what is left pays for; the first is free.
    fn allowed(&self, of: usize) -> usize {
        match self.bound {
            Bound::Delays(max) => {
                let left = usize::try_from(max.saturating_sub(self.spent)).unwrap_or(usize::MAX);
                of.min(left.saturating_add(1))
            }
            Bound::Preemptions(max) if self.spent < max => of,
            Bound::Preemptions(_) => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(numbers: &[u64]) -> VecDeque<Key> {
        let key = |number: &u64| Key {
            slot: 0,
            number: *number,
        };
        numbers.iter().map(key).collect()
    }

    /// Goes to the run that takes the second of two each time, and lets it make `steps` steps in which task 7 is at the head.
    fn passing(search: &mut Search, steps: u32, mut between: impl FnMut(&mut Search)) {
        let (two, mut more) = (list(&[7, 8]), true);
        while more {
            let taken = (0..steps).filter(|_| {
                let nth = search.task(&two, None);
                between(search);
                nth > 0
            });
            if taken.count() == usize::try_from(steps).unwrap_or(0) {
                return;
            }
            more = search.advance();
        }
    }

    #[test]
    fn a_head_that_has_run_in_between_was_not_passed_over_in_a_row() {
        let mut search = Search::preemptions(None);
        passing(&mut search, 3, Search::alone);
        assert_eq!(search.passed, 0);
        let mut search = Search::preemptions(None);
        passing(&mut search, 3, |_| {});
        assert_eq!(search.passed, 3);
        assert_eq!(search.task(&list(&[7, 8]), None), 0, "a new point");
        assert_eq!(search.passed, 0);
    }

    #[test]
    fn a_head_that_must_run_and_a_draw_of_many_are_gaps() {
        let mut search = Search::preemptions(None);
        search.draw(3);
        assert!(!search.gaps().sampled);
        search.draw(4);
        assert!(search.gaps().sampled && !search.gaps().unfair);
        search.passed = PATIENCE;
        search.head = Some(7);
        search.task(&list(&[7, 8]), None);
        assert!(search.gaps().unfair);
        assert!(!search.gaps().strayed);
    }
}
