//! The suite for an adapter as an outsider would write it; `toy/adapter.rs` is all of it.
#![cfg(not(trunnion_loom))]

#[path = "toy/adapter.rs"]
mod adapter;
#[path = "toy/executor.rs"]
mod executor;

use std::process::Command;

use adapter::{Owner, Toy};
use executor::Pool;
use trunnion_conformance::{Adapter, suite};
use trunnion_core::RuntimeId;

struct OfToy;

impl Adapter for OfToy {
    type Owner = Owner;
    type Runtime = Toy;

    fn start() -> Owner {
        Owner(Pool::start(), RuntimeId::unique("toy"))
    }

    fn runtime(owner: &Owner) -> Toy {
        Toy(owner.0.spawner.clone(), owner.1)
    }
}

suite! {
    mod toy for OfToy;
    has: [ends];
    lacks: {
        blocking: "it has no threads for blocking code",
        local: "its tasks run on a thread of its own",
        shutdown: "its owner is dropped",
        detection: "without blocking closures there is no AnyRuntime to find",
        erased: "AnyRuntime needs blocking closures",
        timer_off: "its timer is always there",
        virtual_time: "it runs in real time",
    }
}

#[test]
fn the_adapter_has_at_most_80_lines_of_code() {
    let lines = include_str!("toy/adapter.rs").lines().map(str::trim);
    let code = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    let count = code.count();
    assert!(count <= 80, "{count} lines");
}

/// Counts what the test binary lists: all cases, or only those that are shown as ignored.
fn listed(which: &[&str]) -> usize {
    let program = std::env::current_exe().expect("the test binary has a path");
    let output = Command::new(program).arg("--list").args(which).output();
    let text = output.expect("the test binary can be started").stdout;
    let text = String::from_utf8_lossy(&text).into_owned();
    let is_case = |line: &&str| line.starts_with("toy::") && !line.starts_with("toy::lacks_");
    text.lines().filter(is_case).count()
}

#[test]
#[expect(clippy::print_stdout, reason = "the report is part of the purpose")]
fn at_least_90_cases_run() {
    let (all, ignored) = (listed(&[]), listed(&["--ignored"]));
    let run = all - ignored;
    println!("{run} cases run for the toy, {ignored} do not");
    assert!(run >= 90, "only {run} cases run");
}
