//! The program: from the command line to the exit code.

use std::env;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use trunnion_core::{CancelKind, CancelToken, Runtime, SpawnBlocking};
use trunnion_patterns::Shutdown;

use super::cli::{self, Command, Settings};
use super::net::{Listener, Net};
use super::runtime::{self, Job, Kind};
use super::screen::{Screen, print, say};
use super::server::{Faults, serve};
use super::table::{Row, table};
use super::target::Target;
use super::{Ended, Request, Sink, fetch};
use crate::stop::{self, INTERRUPTED};

const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// How long the embedded server may delay the end.
const GRACE: Duration = Duration::from_millis(500);

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let code = match cli::parse(env::args_os().skip(1)) {
        Ok(Command::Help) => print(cli::HELP).map_or(FAILED, |()| 0),
        Ok(Command::Fetch(settings)) => run(&settings),
        Err(error) => {
            say(error);
            USAGE
        }
    };
    ExitCode::from(code)
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
    let mut rows = Vec::new();
    for kind in &settings.runtimes {
        let sink = Screen::new(kind.name());
        match run_one(*kind, settings, &stop, &sink) {
            Ok(Ok(done)) => rows.push(done.row),
            Ok(Err(ended)) => return tell_end(*kind, &ended),
            Err(error) => {
                let name = kind.name();
                say(format_args!("{name}: cannot start the runtime: {error}"));
                return FAILED;
            }
        }
    }
    let clean = rows.iter().all(|row| row.summary.failed == 0);
    match print(&table(&rows)) {
        Ok(()) if clean => 0,
        Ok(()) => FAILED,
        Err(error) => tell_output(&error),
    }
}

/// Holds what one runtime has done.
#[derive(Debug)]
pub struct Done {
    /// The line of the table.
    pub row: Row,
    /// How many answers of the embedded server went wrong.
    pub faults: u64,
}

/// Runs on one runtime, with the embedded server where there are no URLs.
///
/// # Errors
/// The outer one when the runtime cannot start; [`Ended`] when the fetch ended early.
pub fn run_one(
    kind: Kind,
    settings: &Settings,
    stop: &CancelToken,
    sink: &impl Sink,
) -> io::Result<Result<Done, Ended>> {
    let job = OneRuntime {
        kind,
        settings,
        stop,
        sink,
    };
    runtime::run_on(kind, settings.seed, job)
}

struct OneRuntime<'a, S> {
    kind: Kind,
    settings: &'a Settings,
    stop: &'a CancelToken,
    sink: &'a S,
}

impl<S: Sink> Job for OneRuntime<'_, S> {
    type Output = Result<Done, Ended>;

    async fn run<R: Runtime + SpawnBlocking, N: Net>(self, rt: &R, net: &N) -> Self::Output {
        let shutdown = Shutdown::builder(rt).phase("server", GRACE).build();
        let faults = Arc::new(Faults::new(self.settings.seed, self.settings.faults));
        let ended = self.fetch(rt, net, &shutdown, &faults).await;
        shutdown.request(CancelKind::Satisfied);
        if !shutdown.run().await.is_clean() {
            say("the server hangs and is not waited for");
        }
        let row = ended?;
        let faults = faults.count();
        Ok(Done { row, faults })
    }
}

impl<S: Sink> OneRuntime<'_, S> {
    async fn fetch<R: Runtime + SpawnBlocking, N: Net>(
        &self,
        rt: &R,
        net: &N,
        shutdown: &Shutdown<R>,
        faults: &Arc<Faults>,
    ) -> Result<Row, Ended> {
        let mut targets = self.settings.targets.clone();
        if targets.is_empty() {
            let listener = net.listen().await.map_err(Ended::Listen)?;
            let address = listener.address().map_err(Ended::Listen)?;
            let pages = 1..=self.settings.requests.get();
            targets.extend(pages.map(|number| Target::embedded(address, number)));
            let part = |stop| serve(rt.clone(), listener, Arc::clone(faults), stop);
            let started = shutdown.register("server", "listener", part);
            started.map_err(|_| Ended::Stopped)?;
        }
        let request = Request {
            targets,
            limit: self.settings.limit,
            attempts: self.settings.attempts,
            timeout: self.settings.timeout,
            stop: self.stop.clone(),
        };
        let start = rt.now();
        let summary = fetch(rt, net, &request, self.sink).await?;
        Ok(Row {
            runtime: self.kind.name(),
            summary,
            time: rt.now() - start,
        })
    }
}

fn tell_end(kind: Kind, ended: &Ended) -> u8 {
    let name = kind.name();
    match ended {
        Ended::Stopped => {
            say(format_args!("{name}: interrupted"));
            INTERRUPTED
        }
        Ended::Output(error) => tell_output(error),
        Ended::Listen(error) => {
            say(format_args!(
                "{name}: the embedded server cannot listen: {error}"
            ));
            FAILED
        }
    }
}

/// Whoever reads the output may have had enough, as with `| head`.
fn tell_output(error: &io::Error) -> u8 {
    if error.kind() != io::ErrorKind::BrokenPipe {
        say(format_args!("standard output: {error}"));
    }
    FAILED
}
