//! Making a failing schedule short: delta debugging towards first come, first served, and a search from there.

use core::future::Future;
use core::panic::Location;
use std::collections::BTreeMap;

use super::failure::{Failure, FailureKind, Shown};
use super::once::{Ran, Trouble, once};
use super::replay::Replay;
use super::{Explore, table};
use crate::choice::{Chooser, Follow, Pick, Search};
use crate::runtime::SimRuntime;

/// How many runs it may take, ...
const TRIES: usize = 200;

/// ... and after how many steps it begins no further one: a livelock takes a hundred thousand each time.
const STEPS: usize = 4_000_000;

/// How many events the table of a failure is made of.
const EVENTS: usize = 1 << 12;

/// A failing run as the exploration made it.
pub(super) struct Found {
    pub(super) trouble: Trouble,
    pub(super) picks: Vec<Pick>,
    pub(super) seed: u64,
    pub(super) tag: u16,
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
            tag,
            execution,
            place,
        } = found;
        let at = (seed, place);
        let replay = |choices| Replay { seed, tag, choices };
        let unrepeatable = |trouble| {
            let choices = Departures::new();
            let replay = replay(choices);
            Failure::new(trouble, execution, replay, Shown::default())
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
            steps: 0,
        };
        let reduced = shrinking.reduce(whole);
        let choices = shrinking.search(reduced);
        let told = Follow::departures(choices.clone());
        let (last, shown) = self.follow(test, seed, place, told);
        match last {
            Some(last) => Failure::new(last, execution, replay(choices), shown),
            // A run that failed each time passes at last.
            None => unrepeatable(self.difference(test, at, &picks)),
        }
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
        let mut prepare = |chooser: &mut Chooser| {
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
    ) -> (Option<Trouble>, Shown) {
        let (ran, follow) = self.led(test, (seed, place), EVENTS, told);
        let missed = follow.and_then(|follow| follow.missed(ran.points));
        let trouble = match missed {
            Some(point) => Some(Trouble::stale(point, ran.points, ran.trouble)),
            None => ran.trouble,
        };
        let table = table::table(&ran.sim.trace());
        // The other reports list the tasks themselves.
        let panicked = |trouble: &Trouble| trouble.kind == FailureKind::Panic;
        let dump = if trouble.as_ref().is_some_and(panicked) {
            ran.dump
        } else {
            String::new()
        };
        (trouble, Shown { table, dump })
    }
}

struct Shrinking<'a, T> {
    explore: &'a Explore,
    test: &'a T,
    trouble: &'a Trouble,
    at: (u64, Place),
    tries: usize,
    steps: usize,
}

impl<T> Shrinking<'_, T> {
    fn is_spent(&self) -> bool {
        self.tries >= TRIES || self.steps >= STEPS
    }

    /// Counts a run, and tells whether it fails like the one that is to be shortened.
    fn is_alike(&mut self, ran: &Ran) -> bool {
        self.tries += 1;
        // Under a hold each run waits in real time.
        let waited = if ran.held { STEPS / 8 } else { 0 };
        self.steps = self.steps.saturating_add(ran.steps).saturating_add(waited);
        let trouble = ran.trouble.as_ref();
        trouble.is_some_and(|trouble| trouble.is_like(self.trouble))
    }

    /// Takes departures out while the run fails alike: first halves, then smaller parts (Zeller and Hildebrandt, 2002).
    fn reduce<F: Future>(&mut self, mut departures: Departures) -> Departures
    where
        T: Fn(SimRuntime) -> F,
    {
        let mut parts = 1;
        while !departures.is_empty() && !self.is_spent() {
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
        if self.is_spent() || start >= departures.len() {
            return None;
        }
        let kept = departures.iter().enumerate();
        let kept = kept.filter(|(at, _)| *at < start || *at >= start + size);
        let told = kept.map(|(_, (point, pick))| (*point, *pick)).collect();
        let told = Follow::departures(told).lenient();
        let (ran, follow) = self.explore.led(self.test, self.at, 0, told);
        let taken = follow.map(Follow::into_departures).unwrap_or_default();
        (self.is_alike(&ran) && taken.len() < departures.len()).then_some(taken)
    }

    /// Looks for a run with one departure, then for one with two: what keeps a task back step by step may have a shorter way.
    fn search<F: Future>(&mut self, departures: Departures) -> Departures
    where
        T: Fn(SimRuntime) -> F,
    {
        let fewer = departures.len().min(3);
        let found = (1..fewer).find_map(|delays| self.delay(delays));
        let found = found.filter(|found| found.len() < departures.len());
        found.unwrap_or(departures)
    }

    /// Runs with up to so many delays, one after the other, until one fails alike; gives its departures.
    fn delay<F: Future>(&mut self, delays: usize) -> Option<Departures>
    where
        T: Fn(SimRuntime) -> F,
    {
        let mut search = Some(Search::delays(u32::try_from(delays).ok()?));
        while !self.is_spent() {
            let mut prepare = |chooser: &mut Chooser| {
                chooser.record();
                if let Some(search) = search.take() {
                    chooser.search(search);
                }
            };
            let (seed, place) = self.at;
            let mut ran = once(
                self.test,
                &mut self.explore.setup(seed, place, &mut prepare),
            );
            if self.is_alike(&ran) {
                let (_, taken) = self
                    .explore
                    .lead(self.test, self.at, Follow::whole(ran.picks));
                return Some(taken);
            }
            search = ran.chooser.take_search();
            if !search.as_mut()?.advance() {
                return None;
            }
        }
        None
    }
}
