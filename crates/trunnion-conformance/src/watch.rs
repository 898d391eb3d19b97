//! Running a case under a watchdog, in this process or in one of its own.

use std::io::Write as _;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a case may take. It is generous: only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(60);

/// Names the case that a child process is to run.
const CHILD: &str = "TRUNNION_CONFORMANCE_CASE";

/// Runs `case` on a thread of its own; a panic in it fails the test, and so does a hang.
///
/// # Panics
/// When the case does, or hangs.
pub fn watched(name: &str, case: impl FnOnce() + Send + 'static) {
    let (done, finished) = mpsc::channel();
    let case = thread::Builder::new().name(name.to_owned()).spawn(move || {
        case();
        // Nobody listens any more when the case has hung.
        let _heard = done.send(());
    });
    let case = case.expect("a thread can be started");
    let hung = finished.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout);
    assert!(!hung, "{name} hangs: it was not done after {LIMIT:?}");
    if let Err(payload) = case.join() {
        std::panic::resume_unwind(payload);
    }
}

/// Runs `case` in a child process that runs nothing else: for cases that read the whole process.
pub fn alone(module: &str, name: &str, case: impl FnOnce() + Send + 'static) {
    if std::env::var_os(CHILD).is_some() {
        return watched(name, case);
    }
    run_child(module, name);
}

/// Runs `case` in two child processes; what it gives must be the same in both.
///
/// # Panics
/// When the two differ, or the case panics.
pub fn same_in_two_processes(module: &str, name: &str, case: fn() -> String) {
    if std::env::var_os(CHILD).is_some() {
        return watched(name, move || print(&case()));
    }
    let (first, second) = (run_child(module, name), run_child(module, name));
    let result = |output: &str| output.split(MARK).nth(1).map(str::to_owned);
    assert!(
        result(&first).is_some_and(|text| !text.is_empty()),
        "no result in: {first}"
    );
    assert_eq!(result(&first), result(&second));
}

/// Stands before and after a case's result in the output of its process.
const MARK: &str = "=== result ===";

fn print(result: &str) {
    let mut out = std::io::stdout().lock();
    let text = format!("{MARK}{result}{MARK}");
    out.write_all(text.as_bytes())
        .expect("standard output takes the result");
}

/// Runs one test in a process of its own and gives what it printed.
fn run_child(module: &str, name: &str) -> String {
    let (_crate_name, path) = module.split_once("::").unwrap_or(("", module));
    let test = if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}::{name}")
    };
    let program = std::env::current_exe().expect("the test binary has a path");
    let output = Command::new(program)
        .args([test.as_str(), "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, name)
        .output()
        .expect("the test binary can be started");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "in a process of its own:\n{printed}{errors}"
    );
    assert!(
        printed.contains("1 passed"),
        "{test} was not found: {printed}"
    );
    printed
}
