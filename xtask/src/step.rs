//! Running other programs, each printed before it runs.

use std::ffi::OsStr;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Output, Stdio};

use xshell::Cmd;

use crate::error::{Error, Result};

/// One program to run, with what was put into its environment.
pub(crate) struct Step {
    command: Command,
    shown: String,
    env: Vec<(String, String)>,
}

impl Step {
    pub(crate) fn new(cmd: Cmd<'_>) -> Self {
        Self {
            shown: cmd.to_string(),
            command: cmd.into(),
            env: Vec::new(),
        }
    }

    pub(crate) fn env(mut self, key: &str, value: &str) -> Self {
        self.command.env(key, value);
        self.env.push((key.into(), value.into()));
        self
    }

    /// Runs it with our own standard streams; tells whether it succeeded.
    pub(crate) fn run(mut self) -> Result<bool> {
        self.announce();
        let status = self.command.stdin(Stdio::null()).status();
        status
            .map(|status| status.success())
            .map_err(|error| self.refused(&error))
    }

    /// Gives `on_line` each line of its standard output; tells whether it succeeded.
    pub(crate) fn lines(mut self, mut on_line: impl FnMut(&str)) -> Result<bool> {
        self.announce();
        self.command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = self.spawn()?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).split(b'\n') {
                let line = line.map_err(|error| self.refused(&error))?;
                on_line(String::from_utf8_lossy(&line).trim_end_matches('\r'));
            }
        }
        let status = child.wait().map_err(|error| self.refused(&error))?;
        Ok(status.success())
    }

    /// Collects what it writes.
    pub(crate) fn output(mut self) -> Result<Output> {
        self.announce();
        let output = self.command.stdin(Stdio::null()).output();
        output.map_err(|error| self.refused(&error))
    }

    fn spawn(&mut self) -> Result<Child> {
        self.command.spawn().map_err(|error| self.refused(&error))
    }

    fn announce(&self) {
        eprintln!("$ {self}");
    }

    fn refused(&self, error: &std::io::Error) -> Error {
        Error::new(format!("cannot run `{}`: {error}", self.shown))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in &self.env {
            if value.contains(' ') {
                write!(f, "{key}='{value}' ")?;
            } else {
                write!(f, "{key}={value} ")?;
            }
        }
        f.write_str(&self.shown)
    }
}

/// What a program prints, or nothing when it is not there or fails. Not announced: it only looks around.
pub(crate) fn ask(cmd: Cmd<'_>) -> Option<String> {
    let mut command = Command::from(cmd);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

/// Leaves this process to the program, so that signals and the exit code are its own.
#[cfg(unix)]
pub(crate) fn become_it(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Err(cannot_run(command.get_program(), &error))
}

/// Runs the program in our place.
#[cfg(not(unix))]
pub(crate) fn become_it(mut command: Command) -> Result<ExitCode> {
    let status = command.status();
    let status = status.map_err(|error| cannot_run(command.get_program(), &error))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

fn cannot_run(program: &OsStr, error: &std::io::Error) -> Error {
    Error::new(format!(
        "cannot run `{}`: {error}",
        Path::new(program).display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use xshell::{Shell, cmd};

    #[test]
    fn a_step_shows_its_environment() {
        let sh = Shell::new().expect("there is a folder");
        let step = Step::new(cmd!(sh, "cargo test --test loom"))
            .env("RUSTFLAGS", "--cfg a --cfg b")
            .env("CI", "true");
        assert_eq!(
            step.to_string(),
            "RUSTFLAGS='--cfg a --cfg b' CI=true cargo test --test loom"
        );
    }

    #[test]
    fn a_missing_program_is_one_clear_line() {
        let sh = Shell::new().expect("there is a folder");
        let error = Step::new(cmd!(sh, "no-such-program-here")).run();
        let text = error.expect_err("it is not there").to_string();
        assert!(
            text.starts_with("cannot run `no-such-program-here`: "),
            "{text}"
        );
    }
}
