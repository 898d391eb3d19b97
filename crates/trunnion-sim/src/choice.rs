//! Every choice that a simulator makes, behind one door: which task runs, which of equal timers fires, where a race begins.

mod follow;
mod pct;
mod search;

use core::time::Duration;
use std::collections::VecDeque;

use crate::queue::Key;
use crate::random::Random;
use crate::schedule::Schedule;

pub(crate) use follow::{Follow, Misfit};
use pct::Pct;
pub(crate) use search::{Gaps, Search};

/// What was chosen at a point where there was a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pick {
    /// The task with this number.
    Task(u64),
    /// One of equals, counted from 0.
    Nth(usize),
}

/// Decides.
#[derive(Debug)]
pub(crate) struct Chooser {
    rule: Rule,
    random: Random,
    /// The choices so far, where somebody wants to know them.
    record: Option<Vec<Pick>>,
    /// Steps so far, and points at which there was a choice.
    steps: usize,
    points: usize,
    /// The task that took the last step.
    last: Option<u64>,
    /// The run is over, and what is left has no choice.
    over: bool,
    /// How many faults there may be still.
    faults: u32,
    /// Choices of a task so far, and the task that ran last because it was its turn.
    turns: usize,
    turn: Option<u64>,
}

/// A rule that could keep a task from running for ever is left at one in so many choices of a task.
const FAIR: usize = 1_000;

/// One in so many random decisions is a fault.
const RARE: usize = 16;

#[derive(Debug)]
enum Rule {
    Fifo,
    Lifo,
    Random,
    Pct(Pct),
    Search(Search),
    Follow(Follow),
}

impl Chooser {
    pub(crate) fn new() -> Self {
        Self {
            rule: Rule::Fifo,
            random: Random::new(0),
            record: None,
            steps: 0,
            points: 0,
            last: None,
            over: false,
            faults: 0,
            turns: 0,
            turn: None,
        }
    }

    pub(crate) fn reseed(&mut self, seed: u64) {
        self.random = Random::new(seed);
    }

    pub(crate) fn set_schedule(&mut self, schedule: Schedule) {
        self.rule = match schedule {
            Schedule::Fifo => Rule::Fifo,
            Schedule::Lifo => Rule::Lifo,
            Schedule::Random => Rule::Random,
            Schedule::Pct { depth } => Rule::Pct(Pct::new(depth)),
            Schedule::Delay { max } => Rule::Search(Search::delays(max)),
            Schedule::Dfs { preemptions } => Rule::Search(Search::preemptions(preemptions)),
        };
    }

    /// Says how many steps a run is expected to take, for a rule that spreads its choices over them.
    pub(crate) fn expect_steps(&mut self, steps: usize) {
        if let Rule::Pct(pct) = &mut self.rule {
            pct.expect_steps(steps);
        }
    }

    pub(crate) fn search(&mut self, search: Search) {
        self.rule = Rule::Search(search);
    }

    pub(crate) fn take_search(&mut self) -> Option<Search> {
        match core::mem::replace(&mut self.rule, Rule::Fifo) {
            Rule::Search(search) => Some(search),
            _ => None,
        }
    }

    pub(crate) fn follow(&mut self, follow: Follow) {
        self.rule = Rule::Follow(follow);
    }

    pub(crate) fn take_follow(&mut self) -> Option<Follow> {
        match core::mem::replace(&mut self.rule, Rule::Fifo) {
            Rule::Follow(follow) => Some(follow),
            _ => None,
        }
    }

    pub(crate) fn set_faults(&mut self, most: u32) {
        self.faults = most;
    }

    /// Keeps the choices from now on.
    pub(crate) fn record(&mut self) {
        self.record = Some(Vec::new());
    }

    pub(crate) fn take_record(&mut self) -> Vec<Pick> {
        self.record.take().unwrap_or_default()
    }

    /// Lets what is left happen in the order in which it comes.
    pub(crate) fn finish(&mut self) {
        self.over = true;
    }

    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Counts the points at which there was a choice.
    pub(crate) fn points(&self) -> usize {
        self.points
    }

    /// Tells where the run left the way that it was to follow.
    pub(crate) fn misfit(&self) -> Option<&Misfit> {
        match &self.rule {
            Rule::Follow(follow) => follow.misfit(),
            Rule::Search(search) => search.misfit(),
            _ => None,
        }
    }

    /// Tells whether what wakes itself is to go to the front of the list, because the last is taken first.
    pub(crate) fn takes_last(&self) -> bool {
        matches!(self.rule, Rule::Lifo)
    }

    /// Notes that a task gave way to the others.
    pub(crate) fn gave_way(&mut self, number: u64) {
        if let Rule::Pct(pct) = &mut self.rule {
            pct.gave_way(number);
        }
    }

    /// Takes the next to run out of `list`, which is in the order in which they became runnable.
    pub(crate) fn take(&mut self, list: &mut VecDeque<Key>) -> Option<Key> {
        let key = match list.len() {
            0 => return None,
            1 => self.take_only(list),
            _ => self.take_one(list),
        }?;
        self.steps += 1;
        self.last = Some(key.number);
        if let Rule::Pct(pct) = &mut self.rule {
            pct.stepped(key.number, &mut self.random);
        }
        Some(key)
    }

    fn take_only(&mut self, list: &mut VecDeque<Key>) -> Option<Key> {
        if let Rule::Search(search) = &mut self.rule {
            search.alone();
        }
        list.pop_front()
    }

    fn take_one(&mut self, list: &mut VecDeque<Key>) -> Option<Key> {
        self.turns += 1;
        let key = match &self.rule {
            Rule::Fifo => list.pop_front(),
            Rule::Random => swap_remove(list, self.random.below(list.len())),
            _ => self.take_by_rule(list),
        }?;
        self.note(Pick::Task(key.number));
        Some(key)
    }

    /// Does what takes more than a look at the list; kept apart, so that the rules that need no more are quick.
    #[inline(never)]
    fn take_by_rule(&mut self, list: &mut VecDeque<Key>) -> Option<Key> {
        match &mut self.rule {
            Rule::Lifo | Rule::Pct(_) if self.turns % FAIR == 0 => list.remove(self.fair(list)),
            Rule::Fifo | Rule::Random => None,
            Rule::Lifo => list.pop_back(),
            Rule::Pct(pct) => list.remove(pct.highest(list, &mut self.random)),
            Rule::Search(search) => list.remove(search.task(list, self.last)),
            Rule::Follow(follow) => list.remove(follow.task(self.points, list)),
        }
    }

    /// Finds the place of the one whose turn it is: each comes in turn, by its number.
    fn fair(&mut self, list: &VecDeque<Key>) -> usize {
        let numbers = list.iter().map(|key| Some(key.number)).enumerate();
        let next = numbers.min_by_key(|(_, number)| (*number <= self.turn, *number));
        let (at, number) = next.unwrap_or_default();
        self.turn = number;
        at
    }

    /// Chooses one of `n` equals.
    pub(crate) fn choose(&mut self, n: usize) -> usize {
        if n < 2 || self.over {
            return 0;
        }
        let nth = match &mut self.rule {
            Rule::Fifo => 0,
            Rule::Lifo => n - 1,
            Rule::Random | Rule::Pct(_) => self.random.below(n),
            Rule::Search(search) => search.nth(n),
            Rule::Follow(follow) => follow.nth(self.points, n),
        };
        self.note(Pick::Nth(nth));
        nth
    }

    fn note(&mut self, pick: Pick) {
        self.points += 1;
        if let Some(record) = &mut self.record {
            record.push(pick);
        }
    }

    /// Draws a number below `n`; a search tries the first, the middle and the last of them.
    pub(crate) fn draw(&mut self, n: usize) -> usize {
        if n < 2 || self.over {
            return 0;
        }
        let nth = match &mut self.rule {
            Rule::Fifo | Rule::Lifo | Rule::Random | Rule::Pct(_) => self.random.below(n),
            Rule::Search(search) => search.draw(n),
            Rule::Follow(follow) => follow.nth(self.points, n),
        };
        self.note(Pick::Nth(nth));
        nth
    }

    /// Decides whether something goes wrong.
    pub(crate) fn fault(&mut self) -> bool {
        if self.faults == 0 || self.over {
            return false;
        }
        let goes_wrong = match &mut self.rule {
            Rule::Fifo | Rule::Lifo => false,
            Rule::Random | Rule::Pct(_) => self.random.below(RARE) == 0,
            Rule::Search(search) => search.nth(2) == 1,
            Rule::Follow(follow) => follow.nth(self.points, 2) == 1,
        };
        self.note(Pick::Nth(usize::from(goes_wrong)));
        self.faults -= u32::from(goes_wrong);
        goes_wrong
    }

    /// Decides whether something takes longer, and how long: up to `most`.
    pub(crate) fn delay(&mut self, most: Duration) -> Duration {
        if most.is_zero() || !self.fault() {
            return Duration::ZERO;
        }
        let quarters = 4 - self.choose(4);
        most / 4 * u32::try_from(quarters).unwrap_or(4)
    }

    /// Puts what happens at one instant, oldest first, into the order in which it happens.
    pub(crate) fn arrange<T>(&mut self, items: &mut [T]) {
        let len = items.len();
        for start in 0..len.saturating_sub(1) {
            let nth = match self.rule {
                Rule::Fifo if self.record.is_none() => return,
                _ if self.over => return,
                // By swaps alone this turns the order round.
                Rule::Lifo => {
                    let nth = (len - 1).saturating_sub(2 * start);
                    self.note(Pick::Nth(nth));
                    nth
                }
                _ => self.choose(len - start),
            };
            items.swap(start, start + nth);
        }
    }
}

/// Takes one out, and puts the last into its place.
fn swap_remove(list: &mut VecDeque<Key>, at: usize) -> Option<Key> {
    let newest = list.pop_back()?;
    Some(match list.get_mut(at) {
        Some(place) => core::mem::replace(place, newest),
        None => newest,
    })
}
