//! Real signals, sent to a child process that runs each of the real runtimes.
#![cfg(unix)]

use std::env;
use std::future::pending;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use trunnion_core::{BlockOn, Signals, StopSignals};
use trunnion_patterns::Shutdown;
use trunnion_tokio::{Tokio, TokioOwned};

use crate::runtimes::{ALL, Owner};

/// Names the runtime of the child process.
const RUNTIME: &str = "TRUNNION_TEST_SIGNALS";

const MINUTE: std::time::Duration = std::time::Duration::from_mins(1);

fn say(line: impl std::fmt::Display) {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "\n{line}").expect("the parent listens");
    stdout.flush().expect("the parent listens");
}

fn listen(owner: &Owner) -> StopSignals {
    let signals = match owner {
        Owner::Tokio(owner) => owner.handle().stop_signals(),
        Owner::Smol(owner) => owner.handle().stop_signals(),
        Owner::SmolGlobal(owner) => owner.stop_signals(),
        Owner::Sim(owner) => owner.handle().stop_signals(),
    };
    signals.expect("signals can be heard")
}

/// What the child process does; without the variable it is not one.
#[test]
fn child() {
    let Some(name) = env::var_os(RUNTIME) else {
        return;
    };
    let (_, start) = ALL
        .iter()
        .find(|(known, _)| **known == *name)
        .expect("a runtime");
    let owner = start();
    let rt = owner.runtime();
    let report = owner.block_on(async {
        let shutdown = Shutdown::builder(&rt)
            .phase("drain", MINUTE)
            .total(MINUTE)
            .signals(listen(&owner))
            .build();
        let part = shutdown.register("drain", "part", |stop| async move {
            let reason = stop.cancelled().await;
            say(std::error::Error::source(&reason).expect("it is the signal"));
            pending::<()>().await;
        });
        assert!(part.is_ok());
        say("ready");
        shutdown.run().await
    });
    say(format_args!("killed {}", report.phases[0].killed.len()));
}

struct Running {
    child: Child,
    lines: io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(runtime: &str) -> Self {
        let mut child = Command::new(env::current_exe().expect("this program has a path"))
            .args(["--exact", "signals::child", "--nocapture"])
            .env(RUNTIME, runtime)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the child can be started");
        let stdout = child.stdout.take().expect("it was asked for");
        let lines = BufReader::new(stdout).lines();
        Self { child, lines }
    }

    /// Waits for this line; others are the harness's.
    fn expect(&mut self, wanted: &str) {
        let mut seen = Vec::new();
        for line in &mut self.lines {
            let line = line.expect("the output can be read");
            if line == wanted {
                return;
            }
            seen.push(line);
        }
        panic!("there is no {wanted:?} in {seen:?}");
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status();
        assert!(kill.expect("kill is a standard tool").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
fn the_first_signal_asks_and_the_second_kills_on_every_runtime() {
    for (name, _) in ALL.iter().filter(|(name, _)| *name != "sim") {
        for (first, text, second) in [
            ("-TERM", "terminated by SIGTERM", "-TERM"),
            ("-INT", "interrupted by Ctrl-C", "-TERM"),
            ("-TERM", "terminated by SIGTERM", "-INT"),
        ] {
            let mut running = Running::start(name);
            running.expect("ready");
            running.signal(first);
            running.expect(text);
            running.signal(second);
            running.expect("killed 1");
            assert!(running.child.wait().expect("it ends").success(), "{name}");
        }
    }
}

#[test]
fn a_tokio_runtime_without_io_says_what_to_do() {
    let native = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let native = native.expect("tokio starts");
    let rt = Tokio::new(native.handle().clone()).expect("it has a timer");
    let error = rt.stop_signals().expect_err("it has no IO");
    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    assert!(
        error
            .to_string()
            .contains("call `enable_io` or `enable_all`"),
        "{error}"
    );
    let owner = TokioOwned::current_thread().expect("tokio starts");
    assert!(owner.handle().stop_signals().is_ok());
}
