//! Running the program and looking at what it said.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// When a run counts as hung.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(30);

/// What a run gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    /// The lines of standard error that are about something, without the table.
    pub(crate) fn complaints(&self) -> Vec<&str> {
        self.stderr
            .lines()
            .filter(|line| line.starts_with("digest: "))
            .collect()
    }

    /// Checks that there is one complaint, which names `path` and gives `reason`.
    pub(crate) fn complains_once(&self, path: &Path, reason: &str) {
        let path = path.to_str().expect("tests use plain names here");
        let [line] = self.complaints()[..] else {
            panic!("not one line: {}", self.stderr);
        };
        assert!(line.contains(path) && line.contains(reason), "{line:?}");
    }

    pub(crate) fn lines(&self) -> Vec<&[u8]> {
        assert!(
            self.stdout.is_empty() || self.stdout.ends_with(b"\n"),
            "ends inside a line"
        );
        self.stdout.split_inclusive(|byte| *byte == b'\n').collect()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it was not killed"),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        }
    }
}

pub(crate) fn digest<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Ran {
    finish(command(args))
}

/// Runs in `dir`, so that the paths are relative.
pub(crate) fn digest_in<S: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = S>) -> Ran {
    let mut command = command(args);
    command.current_dir(dir);
    finish(command)
}

pub(crate) fn command<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_digest"));
    command.args(args).stdin(Stdio::null());
    command
}

pub(crate) fn finish(mut command: Command) -> Ran {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program can be started");
    wait(child).into()
}

/// Waits for the end; a run that hangs is killed and fails the test.
pub(crate) fn wait(child: Child) -> Output {
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    if let Ok(output) = receiver.recv_timeout(WATCHDOG) {
        return output.expect("its output can be read");
    }
    signal(id, "-KILL");
    panic!("the program did not end");
}

pub(crate) fn signal(id: u32, name: &str) {
    let status = Command::new("kill").args([name, &id.to_string()]).status();
    assert!(status.expect("kill is a standard tool").success());
}
