//! `cargo xtask loom`: the models of `tests/loom`, and the seeded bugs that they must catch.

mod hunt;
mod report;
mod table;
mod trial;

use std::process::ExitCode;

use lexopt::prelude::*;
use xshell::{Cmd, Shell, cmd};

use crate::cli::{self, Command};
use crate::error::Result;
use crate::step::Step;
use crate::tally::Tally;
use crate::test;
use crate::workspace;

pub(crate) const COMMAND: Command = Command {
    name: "loom",
    about: "Explores the interleavings of the models",
    run,
};

const HELP: &str = "\
Explores the interleavings of the models in tests/loom and prints how many each has.

Usage: cargo xtask loom [FILTER] [OPTIONS]

  FILTER         only models (with --mutants: seeded bugs) whose names contain it
      --mutants  switches each seeded bug on in turn; fails unless the models that
                 tests/loom/mutants.txt names catch it
      --full     with --mutants: tries every bug on every model and compares with the table
  -h, --help     prints this";

const OPTIONS: &[&str] = &["--mutants", "--full", "--help"];

/// One cfg for us alone: `--cfg loom` would reconfigure other crates of the graph.
const FLAGS: &str = "--cfg trunnion_loom -C debug_assertions";
const MUTANT_FLAGS: &str = "--cfg trunnion_loom --cfg trunnion_mutants -C debug_assertions";

/// What to run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    filter: Option<String>,
    mutants: bool,
    full: bool,
}

fn run(args: lexopt::Parser) -> Result<ExitCode> {
    let Some(request) = parse(args)? else {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let sh = workspace::shell()?;
    let filter = request.filter.as_deref();
    let tally = if request.mutants {
        hunt::run(&sh, filter, request.full)?
    } else {
        models(&sh, filter)?
    };
    Ok(tally.report())
}

/// Nothing when help was asked.
fn parse(mut args: lexopt::Parser) -> Result<Option<Request>> {
    let mut request = Request::default();
    while let Some(arg) = args.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(None),
            Long("mutants") => request.mutants = true,
            Long("full") => request.full = true,
            Value(filter) if request.filter.is_none() => request.filter = Some(cli::text(filter)?),
            other => return Err(cli::unknown_option(&other, OPTIONS)),
        }
    }
    if request.full && !request.mutants {
        return Err(crate::error::Error::usage("`--full` goes with `--mutants`"));
    }
    Ok(Some(request))
}

/// The job of `cargo xtask ci`.
pub(crate) fn models_and_mutants(sh: &Shell) -> Result<Tally> {
    let mut tally = models(sh, None)?;
    tally.add(hunt::run(sh, None, false)?);
    Ok(tally)
}

fn models(sh: &Shell, filter: Option<&str>) -> Result<Tally> {
    let report = sh.create_dir("target/loom")?.join("report.jsonl");
    sh.remove_path(&report)?;
    let shown = report.display().to_string();
    let step = Step::new(cargo(sh).arg("--no-fail-fast").arg("--").args(filter));
    let step = step
        .env("RUSTFLAGS", FLAGS)
        .env("TRUNNION_LOOM_REPORT", &shown);
    let mut tally = test::count(step, "loom models")?;
    let text = if sh.path_exists(&report) {
        sh.read_file(&report)?
    } else {
        String::new()
    };
    let runs = report::parse(&text)?;
    println!("{}", report::show(&runs));
    if tally.failures().is_empty() {
        let recorded = sh.read_file("tests/loom/models.txt")?;
        let recorded = table::models(&recorded);
        let wanted = recorded
            .iter()
            .filter(|name| filter.is_none_or(|filter| name.contains(filter)));
        for name in wanted.filter(|name| runs.iter().all(|run| run.name != **name)) {
            tally.fail(format!(
                "{name}: is in models.txt and reported no executions"
            ));
        }
    }
    Ok(tally)
}

/// Builds and runs the models; the flags are the caller's.
fn cargo(sh: &Shell) -> Cmd<'_> {
    cmd!(
        sh,
        "cargo test --release --package trunnion-tests --test loom --target-dir target/loom"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_and_options_are_read() {
        let request = parse(lexopt::Parser::from_args(["task", "--mutants", "--full"]));
        let expected = Request {
            filter: Some("task".into()),
            mutants: true,
            full: true,
        };
        assert_eq!(request.expect("it is right"), Some(expected));
    }

    #[test]
    fn full_alone_and_a_second_filter_are_refused() {
        for args in [&["--full"][..], &["a", "b"]] {
            let error = parse(lexopt::Parser::from_args(args)).expect_err("it is wrong");
            assert!(error.is_usage());
        }
    }
}
