//! `cargo xtask demo`: builds and runs the demo programs.
//!
//! Standard output belongs to the program alone.

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

  digest             prints the SHA-256 of every file under PATH, as sha256sum does
  PATH               a folder or a file; the workspace's own `crates` unless given
      --runtime NAME tokio, smol, sim, or all: each in turn, compared; all unless given
      --limit N      how many files are hashed at a time
      --timeout SECONDS
                     how long one file may take
  -h, --help         prints this

Standard output has the program's lines and nothing else. The exit code is the program's.";

/// The options that programs take; each has a value.
const OPTIONS: &[&str] = &["runtime", "limit", "timeout"];
const SHOWN_OPTIONS: &[&str] = &["--runtime", "--limit", "--timeout", "--help"];

/// The demo programs, and where each looks unless told.
const PROGRAMS: &[(&str, &str)] = &[("digest", "crates")];

/// What to run, with which arguments.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    program: &'static str,
    path: Option<OsString>,
    default_path: &'static str,
    options: Vec<OsString>,
}

fn run(args: lexopt::Parser) -> Result<ExitCode> {
    let Some(plan) = parse(args)? else {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let program = build(&workspace::shell()?, plan.program)?;
    let mut command = process::Command::new(&program);
    let path = plan.path.unwrap_or_else(|| near(plan.default_path));
    command.args(&plan.options).arg("--").arg(path);
    eprintln!("$ {command:?}");
    step::become_it(command)
}

/// Nothing when help was asked.
fn parse(mut args: lexopt::Parser) -> Result<Option<Plan>> {
    let mut positional = Vec::new();
    let mut options = Vec::new();
    while let Some(arg) = args.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(None),
            Long(name) if OPTIONS.contains(&name) => {
                options.push(OsString::from(format!("--{name}")));
                options.push(args.value()?);
            }
            Value(value) => positional.push(value),
            other => return Err(cli::unknown_option(&other, SHOWN_OPTIONS)),
        }
    }
    plan(positional, options).map(Some)
}

fn plan(positional: Vec<OsString>, options: Vec<OsString>) -> Result<Plan> {
    let mut positional = positional.into_iter();
    let name = positional.next().unwrap_or_else(|| PROGRAMS[0].0.into());
    let known = PROGRAMS.iter().find(|(program, _)| name == *program);
    let Some(&(program, default_path)) = known else {
        let known = PROGRAMS.iter().map(|(program, _)| *program);
        return Err(cli::unknown("program", &name, known));
    };
    let path = positional.next();
    if let Some(extra) = positional.next() {
        let extra = extra.to_string_lossy();
        return Err(Error::usage(format!(
            "`{program}` takes one path; `{extra}` is one too many"
        )));
    }
    Ok(Plan {
        program,
        path,
        default_path,
        options,
    })
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
            (plan.program, plan.path, plan.default_path),
            ("digest", None, "crates")
        );
    }

    #[test]
    fn options_may_stand_before_the_program_and_after_the_path() {
        let plan = parsed(&["--runtime=smol", "digest", "/tmp", "--limit", "0"]);
        let plan = plan.expect("it is right").expect("no help");
        assert_eq!(plan.path, Some("/tmp".into()));
        assert_eq!(plan.options, ["--runtime", "smol", "--limit", "0"]);
    }

    #[test]
    fn an_unknown_program_names_the_known_ones() {
        let error = parsed(&["digset"]).expect_err("it is unknown");
        assert_eq!(
            error.to_string(),
            "unknown program `digset`; known ones: digest"
        );
        assert!(error.is_usage());
    }

    #[test]
    fn a_second_path_is_refused() {
        let error = parsed(&["digest", "a", "b"]).expect_err("it is one too many");
        assert!(error.is_usage(), "{error}");
    }
}
