//! The processes that measure: each has one scenario on one runtime, and says what it found in JSON on standard output.

mod count;
mod instructions;
mod rounds;
mod serve;

use std::io::{self, Write as _};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::host::{Host, Started};
use crate::problem::{Problem, Result};
use crate::record::Lane;
use crate::scenario::{self, Scenario};
use crate::subject::{Side, Subject, Work};

pub use count::{Allocations, Counted};
pub use instructions::{REGION, counted_operations};
pub use rounds::order;
use rounds::{Line, Sampler};
pub use serve::Ask;

/// What the programs of two revisions say to each other; a change counts it up.
pub const PROTOCOL: u32 = 2;

/// What a process finds in its scenario.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    /// [`PROTOCOL`] of the program.
    pub protocol: u32,
    /// The subjects, in the order of the rows.
    pub heads: Vec<Head>,
    /// The row that the ratios refer to.
    pub reference: usize,
}

/// One subject, without its work.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    /// What the row is called.
    pub name: String,
    /// Whose code it is.
    pub side: Side,
    /// How its semantics differ.
    pub note: String,
    /// Why it cannot do the work.
    pub missing: Option<String>,
    /// The size of the future of one operation.
    pub future_bytes: Option<usize>,
}

/// What a process that measured rounds says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// What there is.
    pub found: Found,
    /// The lanes of each round.
    pub rounds: Vec<Vec<Lane>>,
}

/// What a worker is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Measure rounds.
    Rounds,
    /// Count allocations.
    Count,
    /// Run each subject in the region in which callgrind counts.
    Instructions,
    /// Take samples as standard input asks for them.
    Serve,
}

impl Mode {
    /// Gives the name on the command line.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Rounds => "rounds",
            Self::Count => "count",
            Self::Instructions => "instructions",
            Self::Serve => "serve",
        }
    }

    fn find(id: &str) -> Option<Self> {
        let all = [Self::Rounds, Self::Count, Self::Instructions, Self::Serve];
        all.into_iter().find(|mode| mode.id() == id)
    }
}

/// Does what the arguments say: the mode, the scenario, the runtime, the milliseconds, the seed, and the rows if not all.
///
/// # Errors
/// When the arguments name nothing, or the runtime does not start.
pub fn run(arguments: &[String], allocations: Option<Allocations>) -> Result<()> {
    work(arguments, allocations).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => Problem::usage(error.to_string()),
        _ => Problem::new(error.to_string()),
    })
}

fn work(arguments: &[String], allocations: Option<Allocations>) -> io::Result<()> {
    let [mode, scenario, host, millis, seed, rows @ ..] = arguments else {
        return Err(wrong(
            "a worker takes: mode scenario runtime milliseconds seed [row ..]",
        ));
    };
    let mode = Mode::find(mode).ok_or_else(|| wrong("unknown mode"))?;
    let scenario = scenario::find(scenario).ok_or_else(|| wrong("unknown scenario"))?;
    let host = Host::find(host).ok_or_else(|| wrong("unknown runtime"))?;
    let millis = millis
        .parse()
        .map_err(|_| wrong("no number of milliseconds"))?;
    let seed = seed.parse().map_err(|_| wrong("no seed"))?;
    let bench = Bench::new(scenario, host, rows)?;
    match mode {
        Mode::Rounds => print(&bench.rounds(millis, seed)),
        Mode::Count => print(&count::run(
            bench,
            allocations.ok_or_else(|| wrong("this program does not count"))?,
        )),
        Mode::Instructions => {
            instructions::run(&bench);
            Ok(())
        }
        Mode::Serve => serve::run(bench),
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

fn print(value: &impl Serialize) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, value)?;
    writeln!(stdout)
}

/// A scenario on a runtime that runs.
pub(crate) struct Bench {
    scenario: &'static Scenario,
    host: Host,
    started: Started,
    found: Found,
    /// The work of each row that was asked for and that can do it.
    works: Vec<(usize, Work)>,
}

impl Bench {
    fn new(scenario: &'static Scenario, host: Host, rows: &[String]) -> io::Result<Self> {
        let started = host.start()?;
        let subjects = (scenario.subjects)(host, &started);
        let reference = subjects.iter().position(|subject| subject.work.is_ok());
        let reference = reference.ok_or_else(|| wrong("nobody can do it"))?;
        let found = Found {
            protocol: PROTOCOL,
            heads: subjects.iter().map(head).collect(),
            reference,
        };
        let works = subjects.into_iter().enumerate().filter(|(row, subject)| {
            rows.is_empty() || *row == reference || rows.iter().any(|name| name == subject.name)
        });
        let works = works.filter_map(|(row, subject)| Some((row, subject.work.ok()?)));
        Ok(Self {
            scenario,
            host,
            works: works.collect(),
            started,
            found,
        })
    }

    fn clock(&self) -> Clock {
        if self.scenario.is_threaded(self.host) {
            Clock::Wall
        } else {
            Clock::Thread
        }
    }

    /// The rows that have work, and what samples it.
    fn split(self) -> (Vec<usize>, Sampler, Started, Found) {
        let clock = self.clock();
        let (rows, works): (Vec<usize>, Vec<Work>) = self.works.into_iter().unzip();
        let sampler = Sampler {
            works,
            expected: self.scenario.expected,
            operations: self.scenario.operations,
            clock,
            pause: Box::new(self.started.pause()),
        };
        (rows, sampler, self.started, self.found)
    }

    fn rounds(self, millis: u32, seed: u64) -> Measured {
        let (rows, sampler, started, found) = self.split();
        let reference = found.reference;
        let rounds = started.run(async move {
            let lines = lines(&sampler, &rows, reference).await;
            sampler.rounds(&lines, millis, seed).await
        });
        Measured { found, rounds }
    }
}

/// A line for each row; the reference comes once more, as its own control.
async fn lines(sampler: &Sampler, rows: &[usize], reference: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (work, row) in rows.iter().enumerate() {
        lines.push(Line {
            work,
            row: Some(*row),
            iterations: sampler.calibrate(work).await,
        });
    }
    let control = lines.iter().find(|line| line.row == Some(reference));
    lines.extend(control.map(|line| Line { row: None, ..*line }));
    lines
}

fn head(subject: &Subject) -> Head {
    Head {
        name: subject.name.to_owned(),
        side: subject.side,
        note: subject.note.to_owned(),
        missing: subject
            .work
            .as_ref()
            .err()
            .map(|reason| (*reason).to_owned()),
        future_bytes: subject.future_bytes,
    }
}
