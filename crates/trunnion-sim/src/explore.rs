//! Running a test under many schedules, and telling how it fails under one.

mod env;
mod failure;
mod hush;
mod once;
mod replay;
mod shrink;
mod table;

use core::fmt;
use core::future::Future;
use core::panic::Location;
use std::collections::HashSet;

use crate::choice::{Chooser, Follow, Search};
use crate::runtime::SimRuntime;
use crate::schedule::Schedule;

use env::Env;
pub use failure::{Failure, FailureKind};
use once::{Setup, Trouble, once};
pub use replay::{ParseReplayError, Replay};
use shrink::Found;

/// Runs a test under many schedules, each in a simulator of its own.
#[derive(Clone, Debug)]
#[must_use = "nothing runs before `run` or `check`"]
pub struct Explore {
    schedule: Schedule,
    seed: u64,
    runs: usize,
    leaks: bool,
    all: bool,
}

/// How many executions a search makes unless told.
const RUNS: usize = 1_000_000;

impl Explore {
    /// Prepares an exploration by `schedule`.
    pub const fn new(schedule: Schedule) -> Self {
        let runs = match schedule {
            Schedule::Fifo | Schedule::Lifo => 1,
            Schedule::Random | Schedule::Pct { .. } => 1_000,
            Schedule::Delay { .. } | Schedule::Dfs { .. } => RUNS,
        };
        Self {
            schedule,
            seed: 0,
            runs,
            leaks: false,
            all: false,
        }
    }

    /// Seeds the first execution; each one after it has the next seed, unless the schedules are gone through one by one.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Limits how many executions there are: 1,000 at random and 1,000,000 in a search unless told.
    pub const fn runs(mut self, runs: usize) -> Self {
        self.runs = runs;
        self
    }

    /// Allows tasks that have not ended when the test has.
    pub const fn leaks(mut self, allowed: bool) -> Self {
        self.leaks = allowed;
        self
    }

    /// Goes on after a failure, and collects those that differ in kind or place.
    pub const fn keep_going(mut self) -> Self {
        self.all = true;
        self
    }

    /// Explores, and tells what came of it.
    #[track_caller]
    pub fn run<F: Future>(&self, test: impl Fn(SimRuntime) -> F) -> Report {
        let mut report = Report::default();
        let mut digests = HashSet::new();
        let mut course = Course::new(self);
        let place = Location::caller();
        for execution in 1..=self.runs {
            let seed = course.seed;
            let ran = once(
                &test,
                self.setup(seed, place, &mut |chooser| course.prepare(chooser)),
            );
            report.executions = execution;
            report.deepest = report.deepest.max(ran.points);
            digests.insert(ran.digest);
            let more = course.turn(ran.chooser, ran.steps);
            let failed = ran.trouble.is_some();
            if let Some(trouble) = ran.trouble.filter(|trouble| !report.knows(trouble)) {
                let found = Found {
                    trouble,
                    picks: ran.picks,
                    seed,
                    execution,
                    place,
                };
                report.failures.push(self.shrink(&test, found));
            }
            if !more || (failed && !self.all) {
                report.complete = !more && course.search.is_some();
                break;
            }
        }
        report.distinct = digests.len();
        report
    }

    /// Runs `test` once more as `replay` says.
    #[track_caller]
    pub fn replay<F: Future>(&self, replay: &Replay, test: impl Fn(SimRuntime) -> F) -> Report {
        let mut report = Report {
            executions: 1,
            distinct: 1,
            ..Report::default()
        };
        let told = Follow::departures(replay.choices.clone());
        let (trouble, table) = self.follow(&test, replay.seed, Location::caller(), told);
        report
            .failures
            .extend(trouble.map(|trouble| Failure::new(trouble, 1, replay.clone(), table)));
        report
    }

    /// Explores, and panics when anything fails, or when a search was cut short.
    ///
    /// Environment variables come before what the test says:
    ///
    /// * `TRUNNION_SIM_REPLAY`: runs once as the line says that a failure printed;
    /// * `TRUNNION_SIM_STRATEGY`: explores by this schedule alone, see [`Schedule`]'s `FromStr`;
    /// * `TRUNNION_SIM_SEED`: seeds the first execution;
    /// * `TRUNNION_SIM_SEEDS`: limits how many executions there are.
    ///
    /// # Panics
    /// With the [`Failure`], for a variable that cannot be read, and when a replayed run does not fail.
    #[track_caller]
    pub fn check<F: Future>(&self, test: impl Fn(SimRuntime) -> F) {
        check_all(core::slice::from_ref(self), &test);
    }

    const fn is_search(&self) -> bool {
        matches!(self.schedule, Schedule::Delay { .. } | Schedule::Dfs { .. })
    }

    fn setup<'a>(
        &self,
        seed: u64,
        place: &'static Location<'static>,
        prepare: &'a mut dyn FnMut(&mut Chooser),
    ) -> Setup<'a> {
        Setup {
            seed,
            trace: 0,
            leaks: !self.leaks,
            place,
            prepare,
        }
    }
}

/// Where an exploration is.
struct Course {
    schedule: Schedule,
    search: Option<Search>,
    seed: u64,
    /// The most steps that a run has had.
    steps: usize,
}

impl Course {
    fn new(explore: &Explore) -> Self {
        let search = match explore.schedule {
            Schedule::Delay { max } => Some(Search::delays(max)),
            Schedule::Dfs { preemptions } => Some(Search::preemptions(preemptions)),
            Schedule::Fifo | Schedule::Lifo | Schedule::Random | Schedule::Pct { .. } => None,
        };
        Self {
            schedule: explore.schedule,
            search,
            seed: explore.seed,
            steps: 0,
        }
    }

    fn prepare(&mut self, chooser: &mut Chooser) {
        chooser.record();
        if let Some(search) = self.search.take() {
            chooser.search(search);
            return;
        }
        chooser.set_schedule(self.schedule);
        if self.steps > 0 {
            chooser.expect_steps(self.steps);
        }
    }

    /// Turns to the next execution; false if there is none.
    fn turn(&mut self, mut chooser: Chooser, steps: usize) -> bool {
        self.steps = self.steps.max(steps);
        self.search = chooser.take_search();
        match (&mut self.search, self.schedule) {
            (Some(search), _) => search.advance(),
            (None, Schedule::Fifo | Schedule::Lifo) => false,
            (None, _) => {
                self.seed = self.seed.wrapping_add(1);
                true
            }
        }
    }
}

/// Tells what an exploration found.
#[derive(Clone, Debug, Default)]
#[must_use = "a report may hold failures: see `check`"]
pub struct Report {
    executions: usize,
    complete: bool,
    distinct: usize,
    deepest: usize,
    failures: Vec<Failure>,
}

impl Report {
    fn knows(&self, trouble: &Trouble) -> bool {
        self.failures
            .iter()
            .any(|failure| failure.trouble.is_like(trouble))
    }

    /// Counts the runs.
    #[must_use]
    pub fn executions(&self) -> usize {
        self.executions
    }

    /// Tells whether every schedule that the search allows was run.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Counts the runs in which not the same happened.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.distinct
    }

    /// Counts the choices of the run that had the most.
    #[must_use]
    pub fn deepest(&self) -> usize {
        self.deepest
    }

    /// Lists what failed.
    #[must_use]
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// Panics if anything failed.
    ///
    /// # Panics
    /// With the first failure.
    #[track_caller]
    #[expect(clippy::panic, reason = "the failure of a test")]
    pub fn expect_success(&self) -> &Self {
        if let Some(failure) = self.failures.first() {
            panic!("{failure}");
        }
        self
    }

    /// Panics unless every schedule was run and none failed.
    ///
    /// # Panics
    /// With the first failure, or saying after how many executions the search was cut short.
    #[track_caller]
    pub fn expect_complete(&self) -> &Self {
        self.expect_success();
        assert!(
            self.complete,
            "incomplete: the search was cut short after {} executions; raise `Explore::runs`, or bound the search by preemptions or delays",
            self.executions
        );
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.complete {
            "complete"
        } else {
            "incomplete"
        };
        write!(
            f,
            "{} executions, {whole}, {} distinct, at most {} choices, {} failures",
            self.executions,
            self.distinct,
            self.deepest,
            self.failures.len()
        )?;
        self.failures
            .iter()
            .try_for_each(|failure| write!(f, "\n\n{failure}"))
    }
}

/// Runs a test under many schedules, and panics with a report when it fails under one.
///
/// It is what a `#[test]` calls: first come, first served; the reverse; 128 schedules at random, and 64 each with priorities that change once and twice.
/// What the environment says comes first: see [`Explore::check`].
///
/// ```
/// use trunnion_core::Spawn;
///
/// trunnion_sim::check(|rt| async move {
///     let task = rt.spawn(async { 42 });
///     assert_eq!(task.await.unwrap(), 42);
/// });
/// ```
///
/// # Panics
/// With the [`Failure`].
#[track_caller]
pub fn check<F: Future>(test: impl Fn(SimRuntime) -> F) {
    let plan = [
        Explore::new(Schedule::Fifo),
        Explore::new(Schedule::Lifo),
        Explore::new(Schedule::Random).runs(128),
        Explore::new(Schedule::Pct { depth: 2 }).runs(64),
        Explore::new(Schedule::Pct { depth: 3 }).runs(64),
    ];
    check_all(&plan, &test);
}

/// Does what `plan` says, or the environment in its place.
#[track_caller]
#[expect(clippy::panic, reason = "the failure of a test")]
fn check_all<F: Future>(plan: &[Explore], test: &impl Fn(SimRuntime) -> F) {
    let env = Env::read().unwrap_or_else(|error| panic!("{error}"));
    if let Some(replay) = &env.replay {
        let explore = plan
            .first()
            .cloned()
            .unwrap_or(Explore::new(Schedule::Fifo));
        let report = explore.replay(replay, test);
        report.expect_success();
        panic!(
            "the replayed run passes: what failed is mended, or the line belongs to another test; unset TRUNNION_SIM_REPLAY"
        );
    }
    let told = env.strategy.map(Explore::new);
    let plan = told.as_ref().map_or(plan, core::slice::from_ref);
    for explore in plan {
        let mut explore = explore.clone();
        explore.seed = env.seed.unwrap_or(explore.seed);
        explore.runs = env.seeds.unwrap_or(explore.runs);
        let report = explore.run(test);
        if explore.is_search() {
            report.expect_complete();
        } else {
            report.expect_success();
        }
    }
}
