//! The program: from the command line to the exit code.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use trunnion_core::{CancelKind, CancelToken, Clock, RealClock, Runtime, SpawnBlocking};
use trunnion_patterns::Shutdown;

use super::cli::{self, Command, Settings};
use super::problem::shown;
use super::runtime::{self, Job, Kind};
use super::screen::{Results, Screen, say};
use super::table::{Row, table};
use super::{Ended, Request, Summary, digest, line};
use crate::stop::{self, INTERRUPTED};

const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// How long readers that hang may delay the end of the program.
const GRACE: Duration = Duration::from_millis(500);

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let code = match cli::parse(env::args_os().skip(1)) {
        Ok(Command::Help) => help(),
        Ok(Command::Digest(settings)) => run(&settings),
        Err(error) => {
            say(error);
            USAGE
        }
    };
    ExitCode::from(code)
}

fn help() -> u8 {
    match io::stdout().write_all(cli::HELP.as_bytes()) {
        Ok(()) => 0,
        Err(_) => FAILED,
    }
}

/// Runs on each runtime in turn, and gives the exit code.
fn run(settings: &Settings) -> u8 {
    let stop = match stop::on_signals() {
        Ok(stop) => stop,
        Err(error) => {
            say(format_args!("cannot listen for Ctrl-C: {error}"));
            return FAILED;
        }
    };
    let mut runs = Vec::new();
    for kind in &settings.runtimes {
        match run_one(*kind, settings, &stop, runs.is_empty()) {
            Ok(run) => runs.push(run),
            Err(failure) => return tell_failure(*kind, &failure),
        }
    }
    let identical = tell_differences(&runs);
    let rows: Vec<Row> = runs.into_iter().map(|run| run.row).collect();
    let _closed = io::stderr().write_all(table(&rows).as_bytes());
    let clean = rows.iter().all(|row| row.summary.problems == 0);
    if clean && identical { 0 } else { FAILED }
}

/// What one runtime has done.
struct Run {
    row: Row,
    results: Results,
}

struct OneRuntime {
    request: Request,
    screen: Screen,
}

impl Job for OneRuntime {
    type Output = Result<(Summary, Results), Ended>;

    async fn run<R: Runtime + SpawnBlocking>(mut self, rt: &R) -> Self::Output {
        let shutdown = Shutdown::builder(rt).phase("readers", GRACE).build();
        self.request.hold = shutdown.guard("readers").ok().map(Arc::new);
        let ended = digest(rt, &self.request, &mut self.screen).await;
        // Whatever still reads holds it too.
        self.request.hold = None;
        shutdown.request(CancelKind::Satisfied);
        if !shutdown.run().await.is_clean() {
            say("a reader hangs and is not waited for");
        }
        Ok((ended?, self.screen.take_results()))
    }
}

/// Why a runtime has no results.
enum Failure {
    Start(io::Error),
    Ended(Ended),
}

fn run_one(
    kind: Kind,
    settings: &Settings,
    stop: &CancelToken,
    prints: bool,
) -> Result<Run, Failure> {
    let screen = Screen::new(kind.name(), prints);
    let request = Request {
        root: line::unambiguous(&settings.path).to_owned(),
        limit: settings.limit,
        timeout: settings.timeout,
        stop: stop.clone(),
        hold: None,
        meter: Arc::new(screen.bar()),
    };
    let start = RealClock.now();
    let ended = runtime::run_on(kind, OneRuntime { request, screen }).map_err(Failure::Start)?;
    let (summary, results) = ended.map_err(Failure::Ended)?;
    let wall = RealClock.now() - start;
    let row = Row {
        runtime: kind.name(),
        summary,
        wall,
    };
    Ok(Run { row, results })
}

fn tell_failure(kind: Kind, failure: &Failure) -> u8 {
    let name = kind.name();
    match failure {
        Failure::Ended(Ended::Stopped) => {
            say(format_args!("{name}: interrupted"));
            return INTERRUPTED;
        }
        // Whoever reads the output has had enough, as with `| head`.
        Failure::Ended(Ended::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Failure::Ended(Ended::Output(error)) => say(format_args!("standard output: {error}")),
        Failure::Ended(Ended::Walk(error)) => {
            say(format_args!("{name}: cannot walk the tree: {error}"));
        }
        Failure::Start(error) => say(format_args!("{name}: cannot start the runtime: {error}")),
    }
    FAILED
}

/// Tells each path that came to something else on a later runtime than on the first; true if there is none.
fn tell_differences(runs: &[Run]) -> bool {
    let Some((first, others)) = runs.split_first() else {
        return true;
    };
    let mut identical = true;
    for other in others {
        let paths = first.results.keys().chain(other.results.keys());
        let paths: std::collections::BTreeSet<_> = paths.collect();
        for path in paths {
            let (a, b) = (first.results.get(path), other.results.get(path));
            if a != b {
                identical = false;
                let (from, to) = (first.row.runtime, other.row.runtime);
                let (a, b) = (outcome(a), outcome(b));
                let path = shown(path);
                say(format_args!("{path}: differs: {from}: {a}; {to}: {b}"));
            }
        }
    }
    identical
}

fn outcome(result: Option<&Vec<u8>>) -> String {
    match result {
        Some(result) => String::from_utf8_lossy(result).trim_end().to_owned(),
        None => "nothing".to_owned(),
    }
}
