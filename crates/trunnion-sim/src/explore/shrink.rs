//! Making a failing schedule short: delta debugging towards first come, first served.

use core::future::Future;
use core::panic::Location;
use std::collections::BTreeMap;

use super::failure::{Failure, FailureKind};
use super::once::{Ran, Trouble, once};
use super::replay::Replay;
use super::{Explore, table};
use crate::choice::{Follow, Pick};
use crate::runtime::SimRuntime;

/// How many runs it may take.
const TRIES: usize = 200;

/// How many events the table of a failure is made of.
const EVENTS: usize = 1 << 12;

/// A failing run as the exploration made it.
pub(super) struct Found {
    pub(super) trouble: Trouble,
    pub(super) picks: Vec<Pick>,
    pub(super) seed: u64,
    pub(super) execution: usize,
    pub(super) place: Place,
}

type Place = &'static Location<'static>;

type Departures = BTreeMap<usize, Pick>;

impl Explore {
    /// Finds a short schedule that fails like `found`.
    pub(super) fn shrink<F: Future>(
        &self,
        test: &impl Fn(SimRuntime) -> F,
        found: Found,
    ) -> Failure {
        let Found {
            trouble,
            picks,
            seed,
            execution,
            place,
        } = found;
        let at = (seed, place);
        let unrepeatable = |trouble| {
            let choices = Departures::new();
            Failure::new(trouble, execution, Replay { seed, choices }, String::new())
        };
        if let FailureKind::Foreign | FailureKind::Nondeterminism = trouble.kind {
            return unrepeatable(trouble);
        }
        let (again, whole) = self.lead(test, at, Follow::whole(picks.clone()));
        if !again.is_some_and(|again| again.is_like(&trouble)) {
            return unrepeatable(self.difference(test, at, &picks));
        }
        let mut shrinking = Shrinking {
            explore: self,
            test,
            trouble: &trouble,
            at,
            tries: 0,
        };
        let choices = shrinking.reduce(whole);
        let told = Follow::departures(choices.clone());
        let (last, table) = self.follow(test, seed, place, told);
        let replay = Replay { seed, choices };
        Failure::new(last.unwrap_or(trouble), execution, replay, table)
    }

    /// Runs `test` once as `follow` leads it, and gives the departures that it took.
    fn lead<F: Future>(
        &self,
        test: &impl Fn(SimRuntime) -> F,
        at: (u64, Place),
        follow: Follow,
    ) -> (Option<Trouble>, Departures) {
        let (ran, follow) = self.led(test, at, 0, follow);
        (
            ran.trouble,
            follow.map(Follow::into_departures).unwrap_or_default(),
        )
    }

    pub(super) fn led<F: Future>(
        &self,
        test: &impl Fn(SimRuntime) -> F,
        (seed, place): (u64, Place),
        trace: usize,
        follow: Follow,
    ) -> (Ran, Option<Follow>) {
        let mut follow = Some(follow);
        let mut prepare = |chooser: &mut crate::choice::Chooser| {
            if let Some(follow) = follow.take() {
                chooser.follow(follow);
            }
        };
        let mut setup = self.setup(seed, place, &mut prepare);
        setup.trace = trace;
        let mut ran = once(test, &mut setup);
        let follow = ran.chooser.take_follow();
        (ran, follow)
    }

    /// Runs `test` once more with a table of what happens; a point that never comes is told.
    pub(super) fn follow<F: Future>(
        &self,
        test: &impl Fn(SimRuntime) -> F,
        seed: u64,
        place: Place,
        told: Follow,
    ) -> (Option<Trouble>, String) {
        let (ran, follow) = self.led(test, (seed, place), EVENTS, told);
        let missed = follow.and_then(|follow| follow.missed(ran.points));
        let stale = |point| Trouble {
            kind: FailureKind::Stale,
            message: format!(
                "the choices do not fit: the run ended after {} of them, and choice {point} was to come",
                ran.points
            ),
            place: None,
        };
        let trouble = ran
            .trouble
            .or_else(|| missed.map(|(point, _)| stale(point)));
        (trouble, table::table(&ran.sim.trace()))
    }
}

struct Shrinking<'a, T> {
    explore: &'a Explore,
    test: &'a T,
    trouble: &'a Trouble,
    at: (u64, Place),
    tries: usize,
}

impl<T> Shrinking<'_, T> {
    /// Takes departures out while the run fails alike: first halves, then smaller parts (Zeller and Hildebrandt, 2002).
    fn reduce<F: Future>(&mut self, mut departures: Departures) -> Departures
    where
        T: Fn(SimRuntime) -> F,
    {
        let mut parts = 1;
        while !departures.is_empty() && self.tries < TRIES {
            let size = departures.len().div_ceil(parts);
            let found = (0..parts).find_map(|part| self.attempt(&departures, part * size, size));
            match found {
                Some(fewer) => {
                    departures = fewer;
                    parts = parts.saturating_sub(1).max(1);
                }
                None if size <= 1 => break,
                None => parts = (parts * 2).min(departures.len()),
            }
        }
        departures
    }

    /// Runs without the departures from `start` on; those that were taken, if it fails alike and they are fewer.
    fn attempt<F: Future>(
        &mut self,
        departures: &Departures,
        start: usize,
        size: usize,
    ) -> Option<Departures>
    where
        T: Fn(SimRuntime) -> F,
    {
        if self.tries >= TRIES || start >= departures.len() {
            return None;
        }
        self.tries += 1;
        let kept = departures.iter().enumerate();
        let kept = kept.filter(|(at, _)| *at < start || *at >= start + size);
        let told = kept.map(|(_, (point, pick))| (*point, *pick)).collect();
        let told = Follow::departures(told).lenient();
        let (trouble, taken) = self.explore.lead(self.test, self.at, told);
        let alike = trouble.is_some_and(|trouble| trouble.is_like(self.trouble));
        (alike && taken.len() < departures.len()).then_some(taken)
    }
}
