//! `cargo xtask demo`: builds and runs the demo programs.
//!
//! Standard output belongs to the program alone.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{self, ExitCode};

use lexopt::prelude::*;
use xshell::{Shell, cmd};

use crate::artifact;
use crate::cli::{self, Command};
use crate::error::{Error, Result};
use crate::step::{self, Step};
use crate::workspace;

pub(crate) const COMMAND: Command = Command {
    name: "demo",
    about: "Builds and runs a demo program on the runtimes",
    run,
};

const HELP: &str = "\
Builds and runs a demo program.

Usage: cargo xtask demo [digest [PATH]] [--runtime tokio|smol|sim|all] [--limit N] [--timeout SECONDS]
       cargo xtask demo fetch [URL...] [--runtime tokio|smol|sim|all] [--limit N] [--timeout SECONDS]
                              [--attempts N] [--seed N] [--requests N] [--faults PERCENT]

  digest             prints the SHA-256 of every file under PATH, as sha256sum does
  PATH               a folder or a file; the workspace's own `crates` unless given
  fetch              fetches pages over HTTP, and tries again what fails
  URL                http://HOST[:PORT]/PATH; an embedded server with faults unless given
      --runtime NAME tokio, smol, sim, or all: each in turn; all unless given
      --limit N      how many files or pages are worked on at a time
      --timeout SECONDS
                     how long one file, or one attempt at a page, may take
      --attempts N   how often a page is tried at most
      --seed N       what the server's faults, and the simulator, follow from
      --requests N   how many pages of the server are fetched
      --faults PERCENT
                     how many of the server's answers go wrong
  -h, --help         prints this

Standard output has the program's lines and nothing else. The exit code is the program's.";

/// A demo program, and what it takes.
#[derive(Debug, PartialEq, Eq)]
struct Program {
    name: &'static str,
    /// Each has a value.
    options: &'static [&'static str],
    /// What it works on unless told: a folder of the workspace.
    default: Option<&'static str>,
    /// It takes one word to work on, and no more.
    takes_one: bool,
}

/// The first is run where none is named.
const PROGRAMS: &[Program] = &[
    Program {
        name: "digest",
        options: &["runtime", "limit", "timeout"],
        default: Some("crates"),
        takes_one: true,
    },
    Program {
        name: "fetch",
        options: &[
            "runtime", "limit", "timeout", "attempts", "seed", "requests", "faults",
        ],
        default: None,
        takes_one: false,
    },
];

/// What to run, with which arguments.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    program: &'static Program,
    words: Vec<OsString>,
    options: Vec<OsString>,
}

fn run(args: lexopt::Parser) -> Result<ExitCode> {
    let Some(plan) = parse(args)? else {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let program = build(&workspace::shell()?, plan.program.name)?;
    let mut command = process::Command::new(&program);
    command.args(&plan.options).arg("--").args(&plan.words);
    if plan.words.is_empty() {
        command.args(plan.program.default.map(near));
    }
    eprintln!("$ {command:?}");
    step::become_it(command)
}

/// Nothing when help was asked.
fn parse(mut args: lexopt::Parser) -> Result<Option<Plan>> {
    let mut words = Vec::new();
    let mut options = Vec::new();
    while let Some(arg) = args.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(None),
            Long(name) if PROGRAMS.iter().any(|p| p.options.contains(&name)) => {
                let name = name.to_owned();
                options.push((name, args.value()?));
            }
            Value(value) => words.push(value),
            other => return Err(unknown_option(&other, PROGRAMS)),
        }
    }
    plan(words, options).map(Some)
}

fn plan(words: Vec<OsString>, options: Vec<(String, OsString)>) -> Result<Plan> {
    let mut words = words.into_iter();
    let name = words.next().unwrap_or_else(|| PROGRAMS[0].name.into());
    let known = PROGRAMS.iter().find(|program| name == program.name);
    let Some(program) = known else {
        let known = PROGRAMS.iter().map(|program| program.name);
        return Err(cli::unknown("program", &name, known));
    };
    let words: Vec<OsString> = words.collect();
    if let Some(extra) = words.get(1).filter(|_| program.takes_one) {
        let (name, extra) = (program.name, extra.to_string_lossy());
        return Err(Error::usage(format!(
            "`{name}` takes one path; `{extra}` is one too many"
        )));
    }
    let taken = |(name, _): &&(String, OsString)| program.options.contains(&name.as_str());
    if let Some((name, _)) = options.iter().find(|option| !taken(option)) {
        return Err(unknown_option(&Long(name), std::slice::from_ref(program)));
    }
    let options = options.into_iter();
    let options = options.flat_map(|(name, value)| [format!("--{name}").into(), value]);
    Ok(Plan {
        program,
        words,
        options: options.collect(),
    })
}

/// Names the options that `programs` take.
fn unknown_option(arg: &lexopt::Arg<'_>, programs: &[Program]) -> Error {
    let options = programs.iter().flat_map(|program| program.options);
    let known: BTreeSet<String> = options.map(|name| format!("--{name}")).collect();
    let mut known: Vec<&str> = known.iter().map(String::as_str).collect();
    known.push("--help");
    cli::unknown_option(arg, &known)
}

/// The workspace's own folder `name`, as it is called from where the command was started.
fn near(name: &str) -> OsString {
    let here = std::env::current_dir();
    if here.is_ok_and(|here| here == workspace::root()) {
        return name.into();
    }
    workspace::root().join(name).into_os_string()
}

/// Builds the program and finds its file.
pub(crate) fn build(sh: &Shell, program: &str) -> Result<PathBuf> {
    let build = cmd!(
        sh,
        "cargo build --release --package trunnion-examples --bin {program}"
    );
    artifact::build(Step::new(artifact::with_messages(build)), program)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Option<Plan>> {
        parse(lexopt::Parser::from_args(args))
    }

    #[test]
    fn without_arguments_it_is_the_digest_of_our_own_crates() {
        let plan = parsed(&[]).expect("it is right").expect("no help");
        assert_eq!(
            (plan.program.name, plan.words.len(), plan.program.default),
            ("digest", 0, Some("crates"))
        );
    }

    #[test]
    fn options_may_stand_before_the_program_and_after_the_path() {
        let plan = parsed(&["--runtime=smol", "digest", "/tmp", "--limit", "0"]);
        let plan = plan.expect("it is right").expect("no help");
        assert_eq!(plan.words, ["/tmp"]);
        assert_eq!(plan.options, ["--runtime", "smol", "--limit", "0"]);
    }

    #[test]
    fn the_first_word_names_the_program_and_the_others_are_its_own() {
        let plan = parsed(&["fetch", "http://a/", "http://b/", "--seed", "7"]);
        let plan = plan.expect("it is right").expect("no help");
        assert_eq!(plan.program.name, "fetch");
        assert_eq!(plan.words, ["http://a/", "http://b/"]);
        assert_eq!(plan.options, ["--seed", "7"]);
    }

    #[test]
    fn an_option_of_another_program_is_refused() {
        let error = parsed(&["--seed", "7", "digest"]).expect_err("it hashes");
        assert!(error.is_usage());
        let text = error.to_string();
        assert!(
            text.contains("--seed") && !text.contains("--faults"),
            "{text}"
        );
    }

    #[test]
    fn an_unknown_program_names_the_known_ones() {
        let error = parsed(&["digset"]).expect_err("it is unknown");
        assert_eq!(
            error.to_string(),
            "unknown program `digset`; known ones: digest, fetch"
        );
        assert!(error.is_usage());
    }

    #[test]
    fn a_second_path_is_refused() {
        let error = parsed(&["digest", "a", "b"]).expect_err("it is one too many");
        assert!(error.is_usage(), "{error}");
    }
}
