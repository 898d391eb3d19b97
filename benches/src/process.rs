//! Starting the processes that measure.

mod callgrind;
mod server;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fastrand::Rng;
use serde::de::DeserializeOwned;

use crate::host::Host;
use crate::problem::{Problem, Result};
use crate::scenario::Scenario;
use crate::worker::{Counted, Found, Head, Measured, Mode, PROTOCOL};

pub use server::Server;

/// The most bytes that the environment of a process is padded with.
pub const PADDING: usize = 4_096;

/// The two programs of one revision.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The one that is timed.
    pub timed: PathBuf,
    /// The one that counts allocations.
    pub counting: PathBuf,
}

/// What is measured: a scenario on a runtime, and the rows of it that are wanted beside the reference; all if none.
#[derive(Clone, Debug)]
pub struct Target {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// The runtime.
    pub host: Host,
    /// The names of the rows.
    pub rows: Vec<String>,
}

impl Programs {
    /// Takes the program at `timed` and its sibling.
    #[must_use]
    pub fn beside(timed: &Path) -> Self {
        let name = format!("trunnion-count{}", std::env::consts::EXE_SUFFIX);
        Self {
            timed: timed.to_owned(),
            counting: timed.with_file_name(name),
        }
    }

    /// Measures rounds in a fresh process.
    ///
    /// # Errors
    /// When the process fails, for example because a checksum was wrong.
    pub fn rounds(&self, target: &Target, millis: u32, rng: &mut Rng) -> Result<Measured> {
        let mut command = Command::new(&self.timed);
        target.arguments(&mut command, Mode::Rounds, millis, rng.u64(..));
        pad(&mut command, rng.usize(..PADDING));
        let measured: Measured = target.json(command)?;
        compatible(&measured.found)?;
        Ok(measured)
    }

    /// Counts what each row allocates.
    ///
    /// # Errors
    /// When the process fails.
    pub fn count(&self, target: &Target) -> Result<Vec<Option<Counted>>> {
        target.json(target.command(&self.counting, Mode::Count))
    }

    /// Counts the instructions of each subject, with callgrind's files in `scratch`; nothing for one that is not measured.
    ///
    /// # Errors
    /// When valgrind or the process fails.
    pub fn instructions(
        &self,
        target: &Target,
        found: &Found,
        scratch: &Path,
    ) -> Result<Vec<Option<f64>>> {
        let out = scratch.join("callgrind");
        let mut command = callgrind::command(&self.timed, &out);
        target.arguments(&mut command, Mode::Instructions, 0, 0);
        target.output(command)?;
        let mut each = callgrind::read(&out, target.scenario.operations)?.into_iter();
        let working = (0..found.heads.len()).map(|index| target.measures(found, index));
        let counts: Vec<_> = working
            .map(|works| if works { each.next() } else { None })
            .collect();
        let all =
            (0..counts.len()).all(|index| counts[index].is_some() == target.measures(found, index));
        if all && each.next().is_none() {
            return Ok(counts);
        }
        Err(target.failed(&"callgrind counted another number of subjects"))
    }

    /// Starts a process that takes samples when it is asked to, with an environment of about so many bytes.
    ///
    /// # Errors
    /// When it does not start, or does not know the target.
    pub fn serve(&self, target: &Target, padding: usize) -> Result<Server> {
        let mut command = target.command(&self.timed, Mode::Serve);
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        pad(&mut command, padding);
        Server::start(target, command)
    }
}

/// What the environment takes moves the stack: each process has a layout of its own.
fn pad(command: &mut Command, bytes: usize) {
    command.env("TRUNNION_BENCH_PADDING", "x".repeat(bytes));
}

impl Target {
    /// Tells whether a subject of the process is measured: it is asked for and can do it.
    #[must_use]
    pub fn measures(&self, found: &Found, index: usize) -> bool {
        let can = |head: &Head| head.missing.is_none();
        self.has(found, index) && found.heads.get(index).is_some_and(can)
    }

    /// Tells whether a subject of the process is asked for.
    #[must_use]
    pub fn has(&self, found: &Found, index: usize) -> bool {
        let named = |head: &Head| self.rows.is_empty() || self.rows.contains(&head.name);
        index == found.reference || found.heads.get(index).is_some_and(named)
    }

    fn command(&self, program: &Path, mode: Mode) -> Command {
        let mut command = Command::new(program);
        self.arguments(&mut command, mode, 0, 0);
        command
    }

    fn arguments(&self, command: &mut Command, mode: Mode, millis: u32, seed: u64) {
        command
            .args(["worker", mode.id(), self.scenario.id, self.host.id()])
            .args([millis.to_string(), seed.to_string()])
            .args(&self.rows)
            // smol's global executor is to have the one thread that it has unless told otherwise.
            .env_remove("SMOL_THREADS")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
    }

    fn json<T: DeserializeOwned>(&self, command: Command) -> Result<T> {
        let output = self.output(command)?;
        serde_json::from_slice(&output).map_err(|error| self.failed(&error))
    }

    /// Runs the command; gives what it wrote if it succeeded.
    fn output(&self, mut command: Command) -> Result<Vec<u8>> {
        let output = command.output().map_err(|error| self.failed(&error))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let told = String::from_utf8_lossy(&output.stderr);
        Err(self.failed(&reason(&told, &output.status)))
    }

    fn failed(&self, why: &dyn fmt::Display) -> Problem {
        Problem::new(format!("{self} failed: {why}"))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.scenario.id, self.host)
    }
}

/// The message of a panic stands in the line after the one that names its place.
fn reason(told: &str, status: &dyn fmt::Display) -> String {
    let mut lines = told.lines().map(str::trim).filter(|line| !line.is_empty());
    let panic = lines.find(|line| line.contains(" panicked at "));
    match panic.and_then(|_| lines.next()) {
        Some(message) => message.to_owned(),
        None => told
            .lines()
            .last()
            .map_or_else(|| status.to_string(), str::to_owned),
    }
}

/// Programs of two revisions must speak the same language.
fn compatible(found: &Found) -> Result<()> {
    if found.protocol == PROTOCOL {
        return Ok(());
    }
    Err(Problem::new(format!(
        "the other revision's programs speak version {} of the protocol, these version {PROTOCOL}: they cannot be paired",
        found.protocol
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_message_of_the_panic() {
        let told =
            "thread 'main' (7) panicked at a.rs:1:2:\nassertion failed: the checksum\n  left: 1\n";
        assert_eq!(
            reason(told, &"exit status: 101"),
            "assertion failed: the checksum"
        );
        assert_eq!(
            reason("error: no such thing\n", &"exit status: 1"),
            "error: no such thing"
        );
        assert_eq!(reason("", &"signal: 9"), "signal: 9");
    }

    #[test]
    fn another_protocol_is_refused() {
        let found = |protocol| Found {
            protocol,
            heads: Vec::new(),
            reference: 0,
        };
        assert!(compatible(&found(PROTOCOL)).is_ok());
        let error = compatible(&found(PROTOCOL + 1)).expect_err("it differs");
        assert!(error.to_string().contains("cannot be paired"), "{error}");
    }
}
