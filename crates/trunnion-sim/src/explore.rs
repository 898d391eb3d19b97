//! Running a test under many schedules, and telling how it fails under one.

mod check;
mod course;
mod env;
mod failure;
mod hush;
mod once;
mod repeat;
mod replay;
mod report;
mod shrink;
mod table;
mod tag;

use core::future::Future;
use core::panic::Location;
use std::collections::HashSet;

use crate::LostWakers;
use crate::choice::{Chooser, Follow};
use crate::faults::Faults;
use crate::runtime::SimRuntime;
use crate::schedule::Schedule;

pub use check::check;
use check::check_all;
use course::Course;
pub use failure::{Failure, FailureKind};
pub(crate) use hush::{hush, last_place};
pub(crate) use once::{MOST_STEPS, end, watch};
use once::{Setup, once};
pub use replay::{ParseReplayError, Replay};
pub use report::Report;
use shrink::Found;

/// Runs a test under many schedules, each in a simulator of its own.
///
/// The test is a function that makes the future: whatever it shares it makes anew each time. A run ends when the future has, and nothing is runnable at
/// that instant. It fails when the future panics, when a task does that nobody joins, when nothing can ever run again, when a task can never be
/// woken, when tasks run on and on at one instant, and when something is left: a task, an armed sleep, a waker.
///
/// The first failure ends the exploration. It is repeated and shortened, in up to 200 runs, to a schedule that departs from first come, first served as
/// seldom as possible; the [`Failure`] has that as a table, and as a line that replays it.
///
/// * [`Schedule::Random`] and [`Schedule::Pct`] make as many runs as they are told, each with the next seed.
/// * [`Schedule::Delay`] and [`Schedule::Dfs`] go through all schedules that they allow; the report says whether they came to the end. A loop that yields until
///   something happens makes that many: bound the search by preemptions or delays.
/// * Steps are polls. What happens inside one poll is not interleaved: model checking with loom is for that.
/// * The first execution is run twice. Where the two differ, something outside the simulator decides, and nothing else can be trusted.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
/// use trunnion_core::{Spawn, YieldNow};
/// use trunnion_sim::{Explore, Schedule, SimRuntime};
///
/// async fn increment(rt: SimRuntime, count: Arc<AtomicU32>) {
///     let seen = count.load(Relaxed);
///     rt.yield_now().await; // another task may write here
///     count.store(seen + 1, Relaxed);
/// }
///
/// let report = Explore::new(Schedule::Dfs { preemptions: None }).run(|rt| async move {
///     let count = Arc::new(AtomicU32::new(0));
///     let tasks = [(); 2].map(|()| rt.spawn(increment(rt.clone(), Arc::clone(&count))));
///     for task in tasks {
///         task.await.unwrap();
///     }
///     assert_eq!(count.load(Relaxed), 2, "an update was lost");
/// });
/// let failure = &report.failures()[0];
/// assert!(failure.message().contains("an update was lost"));
/// assert!(failure.to_string().contains("replay with TRUNNION_SIM_REPLAY="));
/// ```
///
/// A run is a livelock when it takes 100,000 steps at one instant, and 100 more for each task, and there is no deadline to which time could pass: a tenth
/// of the patience of [`Sim`](crate::Sim), for an exploration meets the same livelock again and again.
#[derive(Clone, Debug)]
#[must_use = "nothing runs before `run` or `check`"]
pub struct Explore {
    schedule: Schedule,
    seed: u64,
    runs: usize,
    steps: usize,
    leaks: bool,
    all: bool,
    faults: Faults,
    lost: LostWakers,
}

/// How many executions there are unless told.
const fn runs(schedule: Schedule) -> usize {
    match schedule {
        Schedule::Fifo | Schedule::Lifo => 1,
        Schedule::Random | Schedule::Pct { .. } => 1_000,
        Schedule::Delay { .. } | Schedule::Dfs { .. } => 1_000_000,
    }
}

impl Explore {
    /// Prepares an exploration by `schedule`.
    pub const fn new(schedule: Schedule) -> Self {
        Self {
            schedule,
            seed: 0,
            runs: runs(schedule),
            steps: MOST_STEPS,
            leaks: false,
            all: false,
            faults: Faults::new(),
            lost: LostWakers::Certain,
        }
    }

    /// Explores by another schedule, as often as that needs.
    const fn by(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self.runs = runs(schedule);
        self
    }

    /// Seeds the first execution; each one after it has the next seed, unless the schedules are gone through one by one.
    ///
    /// Under [`Schedule::Pct`] the steps at which priorities change are spread over the longest run so far, so that the seed alone does not repeat the
    /// execution of an exploration: the line of a failure does.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Limits how many executions there are: 1,000 at random and 1,000,000 in a search unless told.
    pub const fn runs(mut self, runs: usize) -> Self {
        self.runs = runs;
        self
    }

    /// Limits how many steps a run may take before time passes again: 1,000,000 unless told, which is eleven days of ticks of a second.
    ///
    /// A run that takes more fails as [`FailureKind::Endless`]: what ticks for ever keeps a test that waits for something else from a deadlock.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trunnion_core::{Spawn, Timer};
    /// use trunnion_sim::{Explore, FailureKind, Schedule};
    ///
    /// let report = Explore::new(Schedule::Fifo).steps(1_000).run(|rt| async move {
    ///     let ticks = rt.clone();
    ///     rt.spawn_detached(async move {
    ///         loop {
    ///             ticks.sleep(Duration::from_secs(1)).await;
    ///         }
    ///     });
    ///     drop(rt.spawn(std::future::pending::<()>()).await);
    /// });
    /// assert_eq!(report.failures()[0].kind(), FailureKind::Endless);
    /// ```
    pub const fn steps(mut self, most: usize) -> Self {
        self.steps = most;
        self
    }

    /// Allows tasks that have not ended when the test has; nothing of them may outlive the simulator.
    pub const fn leaks(mut self, allowed: bool) -> Self {
        self.leaks = allowed;
        self
    }

    /// Puts faults into the runs; see [`Faults`].
    pub const fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Chooses when a task that can never be woken fails a run, as [`Sim::lost_wakers`](crate::Sim::lost_wakers) does.
    ///
    /// ```
    /// use std::future::pending;
    /// use trunnion_core::{Spawn, TaskHandle};
    /// use trunnion_sim::{Explore, FailureKind, LostWakers, Schedule, SimRuntime};
    ///
    /// async fn waits_for_its_abort(rt: SimRuntime) {
    ///     let task = rt.spawn(pending::<()>());
    ///     rt.settle().await;
    ///     assert!(task.cancel().await.is_err());
    /// }
    ///
    /// let explore = Explore::new(Schedule::Fifo);
    /// explore.run(waits_for_its_abort).expect_success();
    /// let report = explore.lost_wakers(LostWakers::Strict).run(waits_for_its_abort);
    /// assert_eq!(report.failures()[0].kind(), FailureKind::LostWaker);
    /// ```
    pub const fn lost_wakers(mut self, when: LostWakers) -> Self {
        self.lost = when;
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
        self.run_as(tag::next(&test), &test)
    }

    #[track_caller]
    fn run_as<F: Future>(&self, tag: u16, test: &impl Fn(SimRuntime) -> F) -> Report {
        let mut report = Report::default();
        let mut digests = HashSet::new();
        let mut course = Course::new(self);
        let place = Location::caller();
        for execution in 1..=self.runs {
            let seed = course.seed;
            let mut prepare = |chooser: &mut Chooser| course.prepare(chooser);
            let ran = once(test, &mut self.setup(seed, place, &mut prepare));
            report.executions = execution;
            report.deepest = report.deepest.max(ran.points);
            digests.insert(ran.digest);
            let more = course.turn(ran.chooser, ran.steps);
            let mut trouble = ran.trouble;
            if execution == 1 && trouble.is_none() {
                trouble = self.repeat(test, (seed, place), &ran.picks, ran.digest);
            }
            let failed = trouble.is_some();
            report.failed += usize::from(failed);
            if let Some(trouble) = trouble.filter(|trouble| !report.knows(trouble)) {
                let found = Found {
                    trouble,
                    picks: ran.picks,
                    seed,
                    tag,
                    execution,
                    place,
                };
                report.failures.push(self.shrink(test, found));
            }
            if !more || (failed && !self.all) {
                report.complete = !more && self.is_search();
                break;
            }
        }
        report.gaps = course.gaps().unwrap_or_default();
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
        let (trouble, shown) = self.follow(&test, replay.seed, Location::caller(), told);
        report.failed = usize::from(trouble.is_some());
        report
            .failures
            .extend(trouble.map(|trouble| Failure::new(trouble, 1, replay.clone(), shown)));
        report
    }

    /// Explores, and panics when anything fails, or when a search was cut short.
    ///
    /// Environment variables come before what the test says:
    ///
    /// * `TRUNNION_SIM_REPLAY`: runs once as the line says that a failure printed, if the failure came from this call; a test that calls it more than once,
    ///   or in a loop, explores the others as usual;
    /// * `TRUNNION_SIM_STRATEGY`: explores by this schedule alone, see [`Schedule`]'s `FromStr`; faults and leaks are as the test says;
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
            steps: self.steps,
            faults: self.faults,
            lost: self.lost,
            place,
            prepare,
        }
    }
}
