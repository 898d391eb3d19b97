//! Every scenario does its work on every one of its runtimes, whoever does it.

use std::collections::HashSet;
use std::env;
use std::process::Command;

use trunnion_benches::host::Host;
use trunnion_benches::scenario::{self, Scenario};
use trunnion_benches::subject::Subject;

/// Tells the process that the tests below start which runtime is its own.
const HOST: &str = "TRUNNION_BENCHES_HOST";

#[test]
fn everybody_gives_the_checksum_on_tokio_with_one_thread() {
    check_in_a_process(Host::TokioCurrent);
}

#[test]
fn everybody_gives_the_checksum_on_tokio() {
    check_in_a_process(Host::Tokio);
}

#[test]
fn everybody_gives_the_checksum_on_an_executor_of_smol() {
    check_in_a_process(Host::SmolExecutor);
}

#[test]
fn everybody_gives_the_checksum_on_smol() {
    check_in_a_process(Host::Smol);
}

#[test]
fn everybody_gives_the_checksum_in_the_simulator() {
    check_in_a_process(Host::Sim);
}

/// As in a benchmark: one of the peers has one executor in a process.
fn check_in_a_process(host: Host) {
    let this = env::current_exe().expect("a test knows its program");
    let output = Command::new(this)
        .args(["--ignored", "--exact", "the_runtime_of_this_process"])
        .env(HOST, host.id())
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{failed}");
    assert!(said.contains("1 passed"), "nothing ran: {said}");
}

#[test]
#[ignore = "the others start it, in a process of its own"]
fn the_runtime_of_this_process() {
    let Some(host) = env::var(HOST).ok().and_then(|id| Host::find(&id)) else {
        return;
    };
    for scenario in scenario::ALL {
        if scenario.hosts.contains(&host) {
            check(scenario, host);
        }
    }
}

fn check(scenario: &'static Scenario, host: Host) {
    let started = host.start().expect("the runtime starts");
    let pause = started.pause();
    let subjects = (scenario.subjects)(host, &started);
    check_names(scenario, host, &subjects);
    started.run(async move {
        for subject in subjects {
            let Ok(work) = subject.work else { continue };
            for iterations in [1, 3] {
                let sum = work(iterations).await;
                let expected = (scenario.expected)(iterations);
                let (id, name) = (scenario.id, subject.name);
                assert_eq!(sum, expected, "{id} on {host}, {name} x {iterations}");
                pause().await;
            }
        }
    });
}

fn check_names(scenario: &Scenario, host: Host, subjects: &[Subject]) {
    let id = scenario.id;
    let names: HashSet<_> = subjects.iter().map(|subject| subject.name).collect();
    assert_eq!(names.len(), subjects.len(), "{id}: a name comes twice");
    let mut working = subjects.iter().filter(|subject| subject.work.is_ok());
    assert!(working.next().is_some(), "{id}: nobody is the reference");
    if host == scenario.headline.0 {
        let (_, name) = scenario.headline;
        assert!(
            working.any(|subject| subject.name == name),
            "{id}: {name} does not follow the reference"
        );
    }
    for reason in subjects
        .iter()
        .filter_map(|subject| subject.work.as_ref().err())
    {
        assert!(
            !reason.is_empty() && !reason.ends_with('.'),
            "{id}: {reason}"
        );
    }
}

#[test]
fn scenarios_describe_themselves() {
    let mut ids = HashSet::new();
    for scenario in scenario::ALL {
        let id = scenario.id;
        assert!(ids.insert(id), "{id} comes twice");
        assert!(scenario.about.ends_with('.'), "{id}: {}", scenario.about);
        assert!(!scenario.about.contains("  "), "{id}: {}", scenario.about);
        assert!(scenario.hosts.contains(&scenario.headline.0), "{id}");
        assert!(scenario::find(id).is_some_and(|found| found.id == id));
    }
}
