//! Running the program, and its library part, and looking at what they said.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use trunnion_core::CancelToken;
use trunnion_examples::fetch::cli::Settings;
use trunnion_examples::fetch::program::{Done, run_one};
use trunnion_examples::fetch::runtime::Kind;
use trunnion_examples::fetch::summary::Summary;
use trunnion_examples::fetch::{Outcome, Sink};

/// When a run counts as hung.
pub(crate) const WATCHDOG: Duration = Duration::from_mins(1);

/// Keeps what became of each page: its name, whether it came, and the attempts.
#[derive(Default)]
pub(crate) struct Log(pub(crate) RefCell<Vec<(String, bool, u32)>>);

impl Sink for Log {
    fn progress(&self, _: &Summary) {}

    fn outcome(&self, outcome: &Outcome) -> io::Result<()> {
        let line = (
            outcome.name.clone(),
            outcome.result.is_ok(),
            outcome.attempts,
        );
        self.0.borrow_mut().push(line);
        Ok(())
    }
}

/// Runs on one runtime and checks what holds on each: every page is told once, in order, and counted.
pub(crate) fn fetched(kind: Kind, settings: &Settings) -> Done {
    let log = Log::default();
    let done = run_one(kind, settings, &CancelToken::new(), &log);
    let done = done.expect("it starts").expect("it ends");
    let outcomes = log.0.into_inner();
    let names = outcomes.iter().map(|(name, ..)| name.clone());
    let pages = (1..=settings.requests.get()).map(|n| format!("/page/{n}"));
    assert!(names.eq(pages), "{kind:?}: {outcomes:?}");
    let summary = &done.row.summary;
    let count = |wanted| {
        outcomes
            .iter()
            .filter(|(_, came, _)| *came == wanted)
            .count() as u64
    };
    assert_eq!(
        (summary.fetched, summary.failed),
        (count(true), count(false))
    );
    let attempts = outcomes.iter().map(|(.., n)| u64::from(*n)).sum();
    assert_eq!(summary.attempts, attempts, "{kind:?}");
    let requests = settings.requests.get() as u64;
    assert_eq!(summary.attempts, requests + summary.retries, "{kind:?}");
    done
}

/// What a run of the program gave.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn fetch<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Ran {
    let child = command(args).spawn().expect("the program can be started");
    let Output {
        status,
        stdout,
        stderr,
    } = wait(child);
    Ran {
        code: status.code(),
        stdout: String::from_utf8(stdout).expect("it is UTF-8"),
        stderr: String::from_utf8(stderr).expect("it is UTF-8"),
    }
}

pub(crate) fn command<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fetch"));
    command.args(args).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
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
