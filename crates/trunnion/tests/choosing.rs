//! Choosing a runtime by name, and what is said when that fails.

use std::env;
use std::process::Command;

use trunnion::{Kind, RuntimeInfo};

/// Runs this test binary's case `child` with the variable set, and gives what it printed last.
fn chosen(name: Option<&str>) -> String {
    let mut command = Command::new(env::current_exe().expect("the test binary has a path"));
    command
        .args(["--exact", "child", "--nocapture"])
        .env("TRUNNION_TEST_CHILD", "1");
    match name {
        Some(name) => command.env(Kind::VARIABLE, name),
        None => command.env_remove(Kind::VARIABLE),
    };
    let output = command.output().expect("the test binary runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text.lines().find_map(|line| line.split_once("said: "));
    said.unwrap_or_else(|| panic!("nothing was said: {text}"))
        .1
        .to_owned()
}

#[test]
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn child() {
    if env::var_os("TRUNNION_TEST_CHILD").is_none() {
        return;
    }
    match Kind::from_env() {
        Ok(kind) => {
            let name = trunnion::run(kind, async |rt| rt.info().name()).expect("it starts");
            println!("said: {kind} runs on {name}");
        }
        Err(error) => println!("said: {error}"),
    }
}

fn names() -> String {
    let names: Vec<_> = Kind::compiled().iter().map(|kind| kind.name()).collect();
    names.join(", ")
}

#[test]
fn the_variable_names_the_runtime() {
    for kind in Kind::compiled() {
        assert_eq!(chosen(Some(kind.name())), format!("{kind} runs on {kind}"));
    }
}

#[test]
fn without_the_variable_the_first_compiled_runtime_is_chosen() {
    let Some(first) = Kind::compiled().first() else {
        let said = "no runtime is chosen; none is compiled in: enable the feature `tokio`, `smol` or `sim` of the crate `trunnion`";
        assert_eq!(chosen(None), said);
        return;
    };
    for name in [None, Some("")] {
        assert_eq!(chosen(name), format!("{first} runs on {first}"));
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_compiled_ones() {
    for name in ["glommio", "Tokio", "tokio "] {
        let said = chosen(Some(name));
        assert!(
            said.starts_with(&format!("there is no runtime {name:?} in this program; ")),
            "{said}"
        );
        assert!(said.ends_with(&names()) || names().is_empty(), "{said}");
    }
}
