//! Runs a program under each kind of schedule, and prints a row about it.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::task::{Context, Waker};
use std::time::Duration;

use trunnion_core::coop;
use trunnion_sim::{Explore, FailureKind, Faults, Replay, Report, Schedule, SimRuntime};

use crate::parts::MOMENT;

/// How much of the tree of schedules is gone through; in each case to its end.
#[derive(Clone, Copy)]
pub(crate) enum Space {
    /// All of it.
    All,
    /// Schedules that take at most so many tasks off that could go on.
    Preemptions(u32),
}

impl Space {
    const fn schedule(self) -> Schedule {
        match self {
            Self::All => Schedule::Dfs { preemptions: None },
            Self::Preemptions(most) => Schedule::Dfs {
                preemptions: Some(most),
            },
        }
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Preemptions(most) => write!(f, "preemptions <= {most}"),
        }
    }
}

/// What may happen anywhere and must change nothing that a program sees.
pub(crate) const WAKES: Faults = Faults::new().fresh_wakers().spurious_wakes();

/// The same, and time that does not keep to the clock.
pub(crate) const LATE: Faults = WAKES
    .late_timers(MOMENT)
    .clock_jitter(Duration::from_micros(100));

/// A runtime that ends takes no more tasks.
pub(crate) const REFUSED: Faults = WAKES.refused_spawns();

/// More than any search here needs: one that grows beyond is to be bounded.
const MOST: usize = 50_000;

/// How far the search goes that also tries one fault at each place; it need not come to its end.
const MOST_WITH_FAULT: usize = 4_000;

/// Runs `program` at random, with changing priorities, with `faults`, and through `space`.
///
/// The program is named after the test that calls this.
#[track_caller]
pub(crate) fn explore<F: Future>(space: Space, faults: Faults, program: impl Fn(SimRuntime) -> F) {
    let place = Location::caller();
    let plain = Explore::new(Schedule::Random);
    let disturbed = plain.clone().runs(300).faults(faults);
    let tired = |rt: SimRuntime| {
        tire(&rt);
        program(rt)
    };
    if let Ok(line) = std::env::var("TRUNNION_SIM_REPLAY") {
        let line: Replay = line.parse().unwrap();
        let reports = [
            plain.replay(&line, &program),
            disturbed.replay(&line, &program),
        ];
        return judge(&[reports.as_slice(), &[plain.replay(&line, tired)]].concat());
    }
    let pct = |depth| Explore::new(Schedule::Pct { depth }).runs(500);
    let samples = [plain.runs(1_000), pct(2), pct(3), disturbed];
    let mut row = Row::default();
    for sample in samples {
        row.add(sample.run(&program).expect_success());
    }
    let tired = Explore::new(Schedule::Random).runs(300).run(tired);
    row.add(tired.expect_success());
    let search = Explore::new(space.schedule()).runs(MOST);
    let searched = search.run(&program);
    row.add(searched.expect_complete());
    let one = Explore::new(space.schedule()).faults(faults.at_most(1));
    let one = one.runs(MOST_WITH_FAULT).run(&program);
    row.add(one.expect_success());
    row.print(place, space, [&searched, &one]);
}

/// Lets what gives way now and then do so soon.
fn tire(rt: &SimRuntime) {
    let left = rt.choose(12, "ready results before one gives way");
    let mut cx = Context::from_waker(Waker::noop());
    for _ in left..128 {
        assert!(coop::poll_proceed(&mut cx).is_ready());
    }
}

/// Fails with what a replay line led to: it does not say whether there were faults.
fn judge(reports: &[Report]) {
    let is_stale = |report: &&Report| {
        let mut failures = report.failures().iter();
        failures.any(|failure| failure.kind() == FailureKind::Stale)
    };
    for report in reports.iter().filter(|report| !is_stale(report)) {
        let _passed = report.expect_success();
    }
}

/// Numbers of all explorations of a program.
#[derive(Default)]
struct Row {
    executions: usize,
    deepest: usize,
}

impl Row {
    fn add(&mut self, report: &Report) {
        self.executions += report.executions();
        self.deepest = self.deepest.max(report.deepest());
    }

    #[expect(clippy::print_stdout, reason = "the table is part of the purpose")]
    fn print(&self, place: &Location<'_>, space: Space, [plain, with_fault]: [&Report; 2]) {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or_else(|| place.file());
        let cut = if with_fault.is_complete() {
            "complete"
        } else {
            "cut short"
        };
        println!(
            "{name:<92} {:>6} executions, at most {:>3} choices; {space}: {} schedules, {} distinct; with one fault: {}, {cut}",
            self.executions,
            self.deepest,
            plain.executions(),
            plain.distinct(),
            with_fault.executions(),
        );
    }
}
