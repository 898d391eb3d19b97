//! Exploring a program in each way, and what came of it.

use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::Mutex;
use std::thread;

use trunnion_sim::{Explore, Failure, FailureKind, Report, Schedule};

use crate::program::Program;

/// Random and PCT have so many executions to find a bug.
const RUNS: usize = 1_000;

/// The share of a rare bug is measured over so many schedules; that of another until it was met a few times.
const MEASURED: usize = 10_000;
const MET: usize = 20;

/// The rare bugs whose depth is held to: all who take part have their priority from the start. Each new task draws one of its own, which is one more order
/// that the depth does not count.
const DEEP: [&str; 8] = [
    "node_comes_back",
    "generation_wraps",
    "all_rings_before_the_wait",
    "ring_overrun",
    "reaped_while_taken",
    "freed_two_epochs_later",
    "worker_that_registers_late",
    "two_leaders",
];

/// Of one order alone fewer than one in so many runs may make a rare bug that is said to need more.
const FLUKES: usize = 100;

/// A search fits when it ends within so many executions.
const SEARCH: usize = 200_000;

/// A shrunk schedule departs at most so much more often than the bug is deep. While one task stands still, each step of the others departs.
const SLACK: usize = 3;
const STANDING: usize = 12;

/// What exploring a program came to.
pub(crate) struct Row {
    program: &'static Program,
    /// The execution that met the bug.
    pub(crate) random: Option<usize>,
    pct: Option<usize>,
    /// That, and how many there were in all, if the search fits.
    searched: Option<(usize, usize)>,
    /// How many of the random schedules fail, and how many there were.
    share: (usize, usize),
    departures: Option<usize>,
    pub(crate) complaints: Vec<String>,
}

impl Row {
    pub(crate) const HEAD: &'static str = "program                          depth  kind         random    pct    dfs of all    share %  departures";

    /// Tells whether it needs more than one order, and random schedules hardly meet it.
    pub(crate) fn is_hard(&self) -> bool {
        DEEP.contains(&self.program.name) && self.is_rare()
    }

    fn is_rare(&self) -> bool {
        self.share.1 >= MEASURED && self.share.0 * 100 < self.share.1
    }

    fn percent(&self) -> f64 {
        let (met, runs) = (u32::try_from(self.share.0), u32::try_from(self.share.1));
        100.0 * f64::from(met.unwrap_or(0)) / f64::from(runs.unwrap_or(1).max(1))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |count: Option<usize>| count.map_or("-".to_owned(), |count| count.to_string());
        let Program {
            name, depth, kind, ..
        } = self.program;
        let (dfs, all) = self.searched.unzip();
        write!(
            f,
            "{name:<32} {depth:>5}  {:<11} {:>7} {:>6} {:>6} {:>6} {:>10.2} {:>11}",
            kind.to_string(),
            text(self.random),
            text(self.pct),
            text(dfs),
            text(all),
            self.percent(),
            text(self.departures),
        )
    }
}

/// Explores all, two at a time.
pub(crate) fn tally(programs: &[&'static Program]) -> Vec<Row> {
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(program) = programs.get(next.fetch_add(1, Relaxed)) {
            let row = explore(program);
            rows.lock().map(|mut rows| rows.push(row)).ok();
        }
    };
    thread::scope(|scope| {
        scope.spawn(work);
        work();
    });
    let mut rows = rows.into_inner().unwrap_or_default();
    rows.sort_by_key(|row: &Row| programs.iter().position(|p| p.name == row.program.name));
    rows
}

fn explore(program: &'static Program) -> Row {
    let mut exploring = Exploring {
        program,
        row: Row {
            program,
            random: None,
            pct: None,
            searched: None,
            share: (0, 0),
            departures: None,
            complaints: Vec::new(),
        },
    };
    exploring.buggy();
    exploring.mended();
    exploring.row
}

struct Exploring {
    program: &'static Program,
    row: Row,
}

impl Exploring {
    fn explore(&self, schedule: Schedule) -> Explore {
        Explore::new(schedule).leaks(self.program.leaks)
    }

    fn run(&self, explore: &Explore, bug: bool) -> Report {
        explore.run(|rt| (self.program.run)(rt, bug))
    }

    fn complain(&mut self, text: impl fmt::Display) {
        let name = self.program.name;
        self.row.complaints.push(format!("{name}: {text}"));
    }

    fn buggy(&mut self) {
        self.random();
        let pct = Schedule::Pct {
            depth: self.program.depth,
        };
        let report = self.run(&self.explore(pct).runs(RUNS), true);
        self.row.pct = self.found(&report);
        self.one_order();
        if self.row.pct.is_none() {
            self.complain(format!("{pct:?} does not find it: {report}"));
        }
        let search = self.explore(SEARCH_ALL).runs(SEARCH).keep_going();
        let report = self.run(&search, true);
        let first = self.found(&report);
        if report.is_complete() {
            self.row.searched = first.map(|first| (first, report.executions()));
        }
        if self.row.searched.is_none() {
            self.complain(format!("no complete search finds it: {report}"));
        }
    }

    /// A bug that needs more than one order is not found by one.
    fn one_order(&mut self) {
        if !DEEP.contains(&self.program.name) {
            return;
        }
        let one = self.explore(Schedule::Pct { depth: 1 });
        let report = self.run(&one.runs(RUNS).keep_going(), true);
        if report.failed() * FLUKES >= RUNS {
            self.complain(format!("one order is enough: {report}"));
        }
    }

    /// Counts the random schedules that fail; the first failure counts if it comes soon enough.
    fn random(&mut self) {
        let enough = match self.program.kind {
            // Each takes a hundred thousand steps.
            FailureKind::Livelock => 1,
            _ if self.program.rare => usize::MAX,
            _ => MET,
        };
        let (mut met, mut runs) = (0, 0);
        while met < enough && runs < MEASURED {
            let explore = self.explore(Schedule::Random);
            let explore = explore.seed(runs as u64).runs(MEASURED - runs);
            let report = self.run(&explore, true);
            let first = self.found(&report);
            runs += report.executions();
            met += usize::from(first.is_some());
            if met == 1 {
                self.row.random = self.row.random.or(first.filter(|_| runs <= RUNS));
            }
        }
        self.row.share = (met, runs);
        if self.program.rare != self.row.is_rare() {
            self.complain(format!("fails {met} times of {runs} at random"));
        }
    }

    /// Gives the execution of the first failure, after a look at all of them.
    fn found(&mut self, report: &Report) -> Option<usize> {
        for failure in report.failures() {
            self.look_at(failure);
        }
        report.failures().first().map(Failure::execution)
    }

    fn look_at(&mut self, failure: &Failure) {
        if failure.kind() != self.program.kind {
            self.complain(failure);
        }
        let departures = failure.replay().departures();
        self.row.departures = self.row.departures.max(Some(departures));
        let slack = if self.program.rare { STANDING } else { SLACK };
        if departures > self.program.depth as usize + slack {
            self.complain(failure);
        }
        let line = failure.replay().to_string();
        let Ok(replay) = line.parse() else {
            return self.complain(format!("cannot be read: {line}"));
        };
        let explore = self.explore(Schedule::Fifo);
        let again = explore.replay(&replay, |rt| (self.program.run)(rt, true));
        let alike =
            |again: &Failure| again.kind() == failure.kind() && tells(again) == tells(failure);
        if !again.failures().iter().any(alike) {
            self.complain(format!("{line} leads elsewhere: {again}"));
        }
    }

    fn mended(&mut self) {
        let pct = Schedule::Pct {
            depth: self.program.depth,
        };
        for (schedule, runs) in [(Schedule::Random, RUNS), (pct, RUNS), (SEARCH_ALL, SEARCH)] {
            let report = self.run(&self.explore(schedule).runs(runs), false);
            if let Some(failure) = report.failures().first() {
                self.complain(format!("mended, {schedule:?}: {failure}"));
            }
            if schedule == SEARCH_ALL && !report.is_complete() {
                self.complain(format!("mended, it does not fit: {report}"));
            }
        }
    }
}

/// What a failure says, but for where the test was run from.
fn tells(failure: &Failure) -> Vec<&str> {
    let lines = failure.message().lines();
    lines.filter(|line| !line.contains("entered at")).collect()
}

const SEARCH_ALL: Schedule = Schedule::Dfs { preemptions: None };
