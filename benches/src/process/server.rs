//! A process that takes samples when it is asked to.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command};

use serde::de::DeserializeOwned;

use super::{Target, compatible, reason};
use crate::clock::Spent;
use crate::problem::{Problem, Result};
use crate::worker::{Ask, Found};

/// Takes samples in a process of its own; dropped, it ends the process.
#[derive(Debug)]
pub struct Server {
    child: Child,
    // Empty only while it is dropped: the end of its input ends the process.
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    target: String,
}

impl Server {
    pub(super) fn start(target: &Target, mut command: Command) -> Result<Self> {
        let mut child = command.spawn().map_err(|error| target.failed(&error))?;
        let (ask, answers) = (child.stdin.take(), child.stdout.take());
        Ok(Self {
            child,
            ask,
            answers: BufReader::new(answers.ok_or_else(|| target.failed(&"no output"))?),
            target: target.to_string(),
        })
    }

    /// Reads what the process has; to be called once, first.
    ///
    /// # Errors
    /// When its program does not know the scenario or another protocol.
    pub fn found(&mut self) -> Result<Found> {
        let found = self.answer()?;
        compatible(&found)?;
        Ok(found)
    }

    /// Finds how many iterations make a sample of this row.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn calibrate(&mut self, row: usize) -> Result<u32> {
        self.ask(Ask::Calibrate(row))?;
        self.answer()
    }

    /// Takes a sample of this row.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn sample(&mut self, row: usize, iterations: u32) -> Result<Spent> {
        self.ask(Ask::Sample(row, iterations))?;
        let (ns, cpu) = self.answer()?;
        Ok(Spent { ns, cpu })
    }

    fn ask(&mut self, ask: Ask) -> Result<()> {
        let line = serde_json::to_string(&ask).map_err(|error| self.broken(&error))?;
        let written = match &mut self.ask {
            Some(pipe) => writeln!(pipe, "{line}").and_then(|()| pipe.flush()),
            None => Ok(()),
        };
        written.map_err(|error| self.broken(&error))
    }

    fn answer<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        read.map_err(|error| self.broken(&error))?;
        serde_json::from_str(&line).map_err(|error| self.broken(&error))
    }

    /// What the process said when it gave up, or else what went wrong here.
    fn broken(&mut self, error: &dyn std::fmt::Display) -> Problem {
        self.ask = None;
        let mut told = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            let _partial = stderr.read_to_string(&mut told);
        }
        let why = reason(&told, error);
        let text = format!("{} failed: {why}", self.target);
        match self.child.wait() {
            // It does not know what it was asked for.
            Ok(status) if status.code() == Some(2) => Problem::usage(text),
            _ => Problem::new(text),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ask = None;
        // Nobody is left to be told how it ended.
        let _status = self.child.wait();
    }
}
