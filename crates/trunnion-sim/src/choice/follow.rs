//! Making the choices of a run that was.

use core::fmt;
use std::collections::{BTreeMap, VecDeque};

use super::Pick;
use crate::explore::FailureKind;
use crate::queue::Key;

/// Follows a run: at the points that it names, its choices; at all others the first, as the schedule FIFO.
#[derive(Debug)]
pub(crate) struct Follow {
    way: Way,
    /// Choices that cannot be made are passed over.
    lenient: bool,
    /// Where the choice was not the first.
    departures: BTreeMap<usize, Pick>,
    misfit: Option<Misfit>,
}

#[derive(Debug)]
enum Way {
    /// The choice at every point.
    Whole(Vec<Pick>),
    /// Those that are not the first.
    Departures(BTreeMap<usize, Pick>),
}

/// Says where a run could not be led as it was to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// What was to be chosen was not there.
    Absent { point: usize, pick: Pick },
    /// There were not as many to choose from as in the run before.
    Unrepeatable {
        point: usize,
        before: usize,
        now: usize,
    },
}

impl Follow {
    /// Repeats a run choice by choice.
    pub(crate) fn whole(picks: Vec<Pick>) -> Self {
        Self::new(Way::Whole(picks), false)
    }

    /// Departs from FIFO where it is told.
    pub(crate) fn departures(departures: BTreeMap<usize, Pick>) -> Self {
        Self::new(Way::Departures(departures), false)
    }

    /// Passes over what cannot be chosen.
    pub(crate) fn lenient(mut self) -> Self {
        self.lenient = true;
        self
    }

    fn new(way: Way, lenient: bool) -> Self {
        let departures = BTreeMap::new();
        Self {
            way,
            lenient,
            departures,
            misfit: None,
        }
    }

    pub(crate) fn misfit(&self) -> Option<&Misfit> {
        self.misfit.as_ref()
    }

    /// Gives the choices that were not the first, by the points at which they were made.
    pub(crate) fn into_departures(self) -> BTreeMap<usize, Pick> {
        self.departures
    }

    /// Names the first point that was told and has not come yet, if the run has gone `points`.
    pub(crate) fn missed(&self, points: usize) -> Option<usize> {
        match &self.way {
            Way::Whole(picks) => (points < picks.len()).then_some(points),
            Way::Departures(told) => told.range(points..).next().map(|(at, _)| *at),
        }
    }

    fn told(&self, point: usize) -> Option<Pick> {
        match &self.way {
            Way::Whole(picks) => picks.get(point).copied(),
            Way::Departures(told) => told.get(&point).copied(),
        }
    }

    pub(super) fn task(&mut self, point: usize, list: &VecDeque<Key>) -> usize {
        let at = |number| list.iter().position(|key| key.number == number);
        self.choose(point, |pick| match pick {
            Pick::Task(number) => at(number),
            Pick::Nth(_) => None,
        })
    }

    pub(super) fn nth(&mut self, point: usize, n: usize) -> usize {
        self.choose(point, |pick| match pick {
            Pick::Nth(nth) => (nth < n).then_some(nth),
            Pick::Task(_) => None,
        })
    }

    fn choose(&mut self, point: usize, find: impl FnOnce(Pick) -> Option<usize>) -> usize {
        let Some(pick) = self.told(point) else {
            return 0;
        };
        match find(pick) {
            Some(0) => 0,
            Some(at) => {
                self.departures.insert(point, pick);
                at
            }
            None => {
                if !self.lenient && self.misfit.is_none() {
                    self.misfit = Some(Misfit::Absent { point, pick });
                }
                0
            }
        }
    }
}

impl Misfit {
    pub(crate) fn kind(&self) -> FailureKind {
        match self {
            Self::Absent { .. } => FailureKind::Stale,
            Self::Unrepeatable { .. } => FailureKind::Nondeterminism,
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent {
                point,
                pick: Pick::Task(number),
            } => {
                write!(
                    f,
                    "at choice {point} task {number} was to run, and it is not runnable"
                )
            }
            Self::Absent {
                point,
                pick: Pick::Nth(nth),
            } => {
                write!(
                    f,
                    "at choice {point} number {nth} of equals was to be chosen, and there is none"
                )
            }
            Self::Unrepeatable { point, before, now } => {
                write!(
                    f,
                    "choice {point} was among {before} in one run and among {now} in the next, after the same choices"
                )
            }
        }
    }
}
