//! `cargo xtask test`: unit, integration, conformance and doc tests.

mod libtest;

use std::process::ExitCode;

use lexopt::prelude::*;
use xshell::{Shell, cmd};

use crate::cli::{self, Command};
use crate::error::Result;
use crate::step::Step;
use crate::tally::Tally;
use crate::workspace;
use libtest::Reader;

pub(crate) const COMMAND: Command = Command {
    name: "test",
    about: "Runs unit, integration, conformance and doc tests",
    run,
};

const HELP: &str = "\
Runs unit, integration, conformance and doc tests of all packages, with all features.

Usage: cargo xtask test [OPTIONS] [FILTER ..] [-- LIBTEST_ARGS ..]

  FILTER             runs only the tests whose names contain one of the filters
  -p, --package NAME runs only the tests of this package (repeatable)
      --no-doc       leaves the doc tests out
  -h, --help         prints this

Capabilities that an adapter declares it lacks show as skipped, with the reason.
Expected compiler messages and loom models have commands of their own:
`cargo xtask ci compile-fail` and `cargo xtask loom`.";

const OPTIONS: &[&str] = &["--package", "--no-doc", "--help"];

/// What to run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    packages: Vec<String>,
    without_doc: bool,
    libtest: Vec<String>,
}

fn run(args: lexopt::Parser) -> Result<ExitCode> {
    let Some(selection) = parse(args)? else {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    Ok(tests(&workspace::shell()?, &selection)?.report())
}

/// Nothing when help was asked.
fn parse(mut args: lexopt::Parser) -> Result<Option<Selection>> {
    let mut selection = Selection::default();
    while let Some(arg) = args.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(None),
            Short('p') | Long("package") => selection.packages.push(cli::text(args.value()?)?),
            Long("no-doc") => selection.without_doc = true,
            Value(filter) => selection.libtest.push(cli::text(filter)?),
            other => return Err(cli::unknown_option(&other, OPTIONS)),
        }
    }
    Ok(Some(selection))
}

/// Runs what is selected and counts it.
pub(crate) fn tests(sh: &Shell, selection: &Selection) -> Result<Tally> {
    let packages = &packages(sh, selection)?;
    let libtest = &selection.libtest;
    let mut tally = count(
        Step::new(cmd!(
            sh,
            "cargo test {packages...} --all-features --no-fail-fast --tests -- {libtest...}"
        )),
        "tests",
    )?;
    if !selection.without_doc && has_library(sh, selection)? {
        tally.add(count(
            Step::new(cmd!(
                sh,
                "cargo test {packages...} --all-features --no-fail-fast --doc -- {libtest...}"
            )),
            "doc tests",
        )?);
    }
    Ok(tally)
}

/// Runs one `cargo test` and counts its tests while its output goes on to ours.
pub(crate) fn count(step: Step, what: &str) -> Result<Tally> {
    let mut reader = Reader::default();
    // Many tests panic on purpose; a backtrace of each takes longer than the test.
    let succeeded = step.env("RUST_BACKTRACE", "0").lines(|line| {
        println!("{line}");
        reader.line(line);
    })?;
    Ok(reader.finish(what, succeeded))
}

fn packages(sh: &Shell, selection: &Selection) -> Result<Vec<String>> {
    if selection.packages.is_empty() {
        return Ok(vec!["--workspace".into()]);
    }
    let known = workspace::packages(sh)?;
    let mut args = Vec::new();
    for name in &selection.packages {
        if !known.iter().any(|package| package.name == *name) {
            let known = known.iter().map(|package| package.name.as_str());
            return Err(cli::unknown("package", name.as_ref(), known));
        }
        args.extend(["--package".into(), name.clone()]);
    }
    Ok(args)
}

/// Cargo refuses to test the documentation of packages that are programs only.
fn has_library(sh: &Shell, selection: &Selection) -> Result<bool> {
    let selected = &selection.packages;
    Ok(selected.is_empty()
        || workspace::packages(sh)?
            .iter()
            .any(|package| selected.contains(&package.name) && package.has_library()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Option<Selection>> {
        parse(lexopt::Parser::from_args(args))
    }

    #[test]
    fn filters_and_what_follows_two_dashes_go_to_libtest() {
        let selection = parsed(&["-p", "xtask", "tidy", "--no-doc", "--", "--nocapture"]);
        let expected = Selection {
            packages: vec!["xtask".into()],
            without_doc: true,
            libtest: vec!["tidy".into(), "--nocapture".into()],
        };
        assert_eq!(selection.expect("it is right"), Some(expected));
    }

    #[test]
    fn an_unknown_package_names_the_known_ones() {
        let sh = workspace::shell().expect("the workspace is there");
        let selection = parsed(&["-p", "nothing"])
            .expect("it parses")
            .expect("no help");
        let error = packages(&sh, &selection)
            .expect_err("it is unknown")
            .to_string();
        assert!(
            error.starts_with("unknown package `nothing`; known ones: trunnion, "),
            "{error}"
        );
    }
}
