//! The model of a channel: everything is counted anew from what is there.

use std::collections::VecDeque;
use std::task::Poll;

use trunnion_patterns::flow::{FlowStats, ReserveError, SendError, Sent};

use super::{CAPACITY, Gave, Item, MAX_WEIGHT, merge, replace};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Wait,
    DropOldest,
    DropNewest,
    Reject,
    Conflate,
    Keyed,
}

impl Rule {
    pub(super) const ALL: [Self; 6] = [
        Self::Wait,
        Self::DropOldest,
        Self::DropNewest,
        Self::Reject,
        Self::Conflate,
        Self::Keyed,
    ];
}

/// How somebody stands who waited for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Waiting,
    Granted,
    Refused,
}

/// Somebody in the line; whoever is served stays until he is polled or dropped.
struct Waiter {
    id: u64,
    weight: usize,
    item: Option<Item>,
    wait: Wait,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Open,
    Closed,
    Cut,
}

/// What became of items so far.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) leftover: u64,
    sent: u64,
    delivered: u64,
    displaced: u64,
    conflated: u64,
    rejected: u64,
    peak: usize,
    peak_weight: usize,
}

/// The model.
pub(super) struct Book {
    rule: Rule,
    stage: Stage,
    items: VecDeque<Item>,
    line: VecDeque<Waiter>,
    // What the permits that are out may weigh.
    permits: Vec<usize>,
    pub(super) counts: Counts,
}

impl Book {
    pub(super) fn new(rule: Rule) -> Self {
        Self {
            rule,
            stage: Stage::default(),
            items: VecDeque::new(),
            line: VecDeque::new(),
            permits: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// The weights of all places that are spoken for.
    fn reserved(&self) -> impl Iterator<Item = usize> {
        let granted = self.line.iter().filter(|one| one.wait == Wait::Granted);
        let granted = granted.map(|one| one.weight);
        self.permits.iter().copied().chain(granted)
    }

    fn weight(&self) -> usize {
        let items = self.items.iter().map(|item| item.weight);
        items.chain(self.reserved()).sum()
    }

    fn fits(&self, weight: usize) -> bool {
        self.items.len() + self.reserved().count() < CAPACITY
            && self.weight() + weight <= MAX_WEIGHT
    }

    pub(super) fn waits(&self) -> usize {
        let waits = |one: &&Waiter| one.wait == Wait::Waiting;
        self.line.iter().filter(waits).count()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.items.is_empty() && self.reserved().next().is_none()
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_idle() && self.stage != Stage::Open
    }

    fn note_peak(&mut self) {
        self.counts.peak = self.counts.peak.max(self.items.len());
        self.counts.peak_weight = self.counts.peak_weight.max(self.weight());
    }

    /// Serves the line from the front until one has to go on waiting.
    fn serve(&mut self) {
        self.note_peak();
        for at in 0..self.line.len() {
            if self.line[at].wait == Wait::Waiting {
                if self.stage == Stage::Open && !self.fits(self.line[at].weight) {
                    break;
                }
                self.line[at].wait = if self.stage == Stage::Open {
                    Wait::Granted
                } else {
                    Wait::Refused
                };
            }
        }
        self.note_peak();
    }

    /// Queues an item.
    fn push(&mut self, item: Item) -> Sent<Item> {
        self.items.push_back(item);
        self.counts.sent += 1;
        self.note_peak();
        Sent::Queued
    }

    /// Merges an item into the youngest of those that are `like` it.
    fn merge(&mut self, item: Item, like: impl Fn(&Item) -> bool) -> Option<Sent<Item>> {
        let old = self.items.iter_mut().rev().find(|old| like(old))?;
        if self.rule == Rule::Keyed {
            replace(old, item);
        } else {
            merge(old, item);
        }
        self.counts.sent += 1;
        self.counts.conflated += 1;
        self.note_peak();
        Some(Sent::Conflated)
    }

    /// Displaces what must go, one at least; nothing if that does not help.
    fn displace(&mut self, item: Item) -> Option<Sent<Item>> {
        let before = self.items.clone();
        let mut gone = VecDeque::new();
        while gone.is_empty() || !self.fits(item.weight) {
            let next = if self.rule == Rule::DropOldest {
                self.items.pop_front()
            } else {
                self.items.pop_back()
            };
            let Some(next) = next else {
                self.items = before;
                return None;
            };
            gone.push_back(next);
        }
        self.counts.displaced += gone.len() as u64;
        self.push(item);
        let item = gone.pop_front()?;
        let more = gone.into();
        Some(Sent::Displaced { item, more })
    }

    fn send(&mut self, item: Item, patient: bool) -> Result<Sent<Item>, SendError<Item>> {
        let (weight, max) = (item.weight, MAX_WEIGHT);
        if weight > max {
            return Err(SendError::TooHeavy { item, weight, max });
        }
        if self.stage != Stage::Open {
            return Err(SendError::Closed(item));
        }
        let free = self.waits() == 0 && self.fits(weight);
        let merged = match self.rule {
            Rule::Keyed => self.merge(item, |old| old.key == item.key),
            Rule::Conflate if !free => self.merge(item, |_| true),
            Rule::DropOldest | Rule::DropNewest if !free => self.displace(item),
            _ => None,
        };
        if let Some(sent) = merged {
            self.serve();
            return Ok(sent);
        }
        if free {
            return Ok(self.push(item));
        }
        self.counts.rejected += u64::from(!patient);
        Err(SendError::Full(item))
    }

    pub(super) fn try_send(&mut self, item: Item) -> Result<Sent<Item>, SendError<Item>> {
        self.send(item, false)
    }

    pub(super) fn try_reserve(&mut self, weight: usize) -> Result<(), ReserveError> {
        let max = MAX_WEIGHT;
        if weight > max {
            return Err(ReserveError::TooHeavy { weight, max });
        }
        if self.stage != Stage::Open {
            return Err(ReserveError::Closed);
        }
        if self.waits() > 0 || !self.fits(weight) {
            return Err(ReserveError::Full);
        }
        self.permits.push(weight);
        self.note_peak();
        Ok(())
    }

    /// What the first poll of somebody who wants room gives.
    pub(super) fn begin(&mut self, id: u64, weight: usize, item: Option<Item>) -> Poll<Gave> {
        let patient = matches!(self.rule, Rule::Wait | Rule::Keyed);
        let gave = match item {
            Some(item) => match self.send(item, patient) {
                Err(SendError::Full(_)) if patient => None,
                sent => Some(Gave::Sent(sent)),
            },
            None => match self.try_reserve(weight) {
                Err(ReserveError::Full) => None,
                reserved => Some(Gave::Reserved(reserved)),
            },
        };
        if let Some(gave) = gave {
            return Poll::Ready(gave);
        }
        let wait = Wait::Waiting;
        self.line.push_back(Waiter {
            id,
            weight,
            item,
            wait,
        });
        Poll::Pending
    }

    fn find(&self, id: u64) -> Option<&Waiter> {
        self.line.iter().find(|one| one.id == id)
    }

    pub(super) fn weight_of(&self, id: u64) -> usize {
        self.find(id).map_or(0, |one| one.weight)
    }

    pub(super) fn wait_of(&self, id: u64) -> Wait {
        self.find(id).map_or(Wait::Waiting, |one| one.wait)
    }

    fn remove(&mut self, id: u64) -> Option<Waiter> {
        let at = self.line.iter().position(|one| one.id == id)?;
        self.line.remove(at)
    }

    /// What a poll of somebody in the line gives.
    pub(super) fn poll(&mut self, id: u64) -> Poll<Gave> {
        if self.wait_of(id) == Wait::Waiting {
            return Poll::Pending;
        }
        let Some(one) = self.remove(id) else {
            return Poll::Pending;
        };
        Poll::Ready(match (one.wait, one.item) {
            (Wait::Granted, None) => {
                self.permits.push(one.weight);
                Gave::Reserved(Ok(()))
            }
            (Wait::Granted, Some(item)) => {
                self.permits.push(one.weight);
                Gave::Sent(self.use_permit(one.weight, item))
            }
            (_, None) => Gave::Reserved(Err(ReserveError::Closed)),
            (_, Some(item)) => Gave::Sent(Err(SendError::Closed(item))),
        })
    }

    /// Takes somebody out of the line; gives his item back.
    pub(super) fn cancel(&mut self, id: u64) -> Option<Item> {
        let one = self.remove(id);
        self.serve();
        one?.item
    }

    pub(super) fn use_permit(
        &mut self,
        max: usize,
        item: Item,
    ) -> Result<Sent<Item>, SendError<Item>> {
        let weight = item.weight;
        if weight > max {
            self.give_up(max);
            return Err(SendError::TooHeavy { item, weight, max });
        }
        if self.stage == Stage::Cut {
            self.give_up(max);
            return Err(SendError::Closed(item));
        }
        if self.rule == Rule::Keyed
            && let Some(sent) = self.merge(item, |old| old.key == item.key)
        {
            self.serve();
            self.give_up(max);
            return Ok(sent);
        }
        self.give_back(max);
        let sent = self.push(item);
        self.serve();
        Ok(sent)
    }

    fn give_back(&mut self, weight: usize) {
        let at = self.permits.iter().position(|other| *other == weight);
        self.permits.swap_remove(at.expect("it is out"));
    }

    pub(super) fn give_up(&mut self, weight: usize) {
        self.give_back(weight);
        self.serve();
    }

    /// Takes so many items out.
    pub(super) fn recv(&mut self, max: usize) -> Vec<Item> {
        let count = max.min(self.items.len());
        let taken: Vec<_> = self.items.drain(..count).collect();
        self.counts.delivered += count as u64;
        self.serve();
        taken
    }

    pub(super) fn close(&mut self) {
        self.stage = self.stage.max(Stage::Closed);
        self.serve();
    }

    pub(super) fn close_now(&mut self) -> Vec<Item> {
        self.stage = Stage::Cut;
        self.counts.leftover += self.items.len() as u64;
        let left = self.items.drain(..).collect();
        self.serve();
        left
    }

    /// Writes what is to be seen into `stats`.
    pub(super) fn stats(&self, mut stats: FlowStats) -> FlowStats {
        let granted = self.line.iter().filter(|one| one.wait == Wait::Granted);
        let counts = &self.counts;
        stats.capacity = CAPACITY;
        stats.len = self.items.len();
        stats.weight = self.weight();
        stats.reserved = self.reserved().count();
        stats.granted_unclaimed = granted.count();
        stats.waiting = self.waits();
        stats.peak = counts.peak;
        stats.peak_weight = counts.peak_weight;
        stats.sent = counts.sent;
        stats.delivered = counts.delivered;
        stats.displaced = counts.displaced;
        stats.conflated = counts.conflated;
        stats.leftover = counts.leftover;
        stats.rejected = counts.rejected;
        stats
    }
}
