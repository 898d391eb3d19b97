//! The command line of `cargo xtask bench`.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::*;

use crate::cli;
use crate::error::{Error, Result};

pub(super) const HELP: &str = "\
Compares runtimes and crates, and trunnion with what it stands on.

Usage: cargo xtask bench [FILTER] [--quick] [--runtime NAME] [--open]
       cargo xtask bench [FILTER] [--quick] [--runtime NAME] --against REV [--gate]
       cargo xtask bench --publish
       cargo xtask bench list
       cargo xtask bench report DIR [--publish] [--open]
       cargo xtask bench diff BEFORE AFTER

  FILTER         only scenarios whose names contain it
  list           prints the scenarios
  report DIR     makes the reports of a run anew from its samples
  diff A B       compares two runs; each has compared for itself, so that their ratios can be
      --quick    the headline row of each scenario, within a minute
      --runtime NAME
                 only this runtime: tokio-current, tokio, smol-executor, smol or sim
      --against REV
                 builds another revision and pairs its programs with these
      --gate     with --against: fails when allocations grow, or instructions by more than 0.5 %
                 where their count repeats; never for time
      --publish  writes BENCHMARKS.md from a full run
      --open     prints the address of the page
  -h, --help     prints this

Results go to target/bench: samples, a text and a page. A row that is slower is shown like the others.
Valgrind, where it is installed, counts instructions.";

const OPTIONS: &[&str] = &[
    "--quick",
    "--runtime",
    "--against",
    "--gate",
    "--publish",
    "--open",
    "--help",
];

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    Run {
        against: Option<String>,
        /// Those that the program knows by the same names.
        options: Vec<OsString>,
    },
    List,
    Report {
        dir: PathBuf,
        options: Vec<OsString>,
    },
    Diff {
        before: PathBuf,
        after: PathBuf,
    },
}

/// What was given, in any order.
#[derive(Default)]
struct Given {
    values: Vec<OsString>,
    runtime: Option<OsString>,
    against: Option<String>,
    flags: Vec<&'static str>,
}

/// Nothing when help was asked.
pub(super) fn parse(mut args: lexopt::Parser) -> Result<Option<Request>> {
    let mut given = Given::default();
    while let Some(arg) = args.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(None),
            Long("runtime") => given.runtime = Some(args.value()?),
            Long("against") => given.against = Some(cli::text(args.value()?)?),
            Long("quick") => given.flags.push("--quick"),
            Long("gate") => given.flags.push("--gate"),
            Long("publish") => given.flags.push("--publish"),
            Long("open") => given.flags.push("--open"),
            Value(value) => given.values.push(value),
            other => return Err(cli::unknown_option(&other, OPTIONS)),
        }
    }
    given.request().map(Some)
}

impl Given {
    fn request(self) -> Result<Request> {
        let mut values = self.values.iter();
        let command = values.next().and_then(|value| value.to_str());
        let rest: Vec<&OsString> = values.collect();
        match (command, rest.as_slice()) {
            (Some("list"), []) => self.only(&[]).map(|_| Request::List),
            (Some("report"), [dir]) => Ok(Request::Report {
                dir: absolute(dir)?,
                options: self.only(&["--publish", "--open"])?,
            }),
            (Some("diff"), [before, after]) => {
                self.only(&[])?;
                Ok(Request::Diff {
                    before: absolute(before)?,
                    after: absolute(after)?,
                })
            }
            (Some(name @ ("list" | "report" | "diff")), _) => Err(Error::usage(format!(
                "`{name}` takes {}; see `cargo xtask bench --help`",
                match name {
                    "list" => "no argument",
                    "report" => "one directory of results",
                    _ => "two directories of results",
                }
            ))),
            (_, []) => self.run(),
            (_, [extra, ..]) => Err(Error::usage(format!(
                "one filter is enough; `{}` is one too many",
                extra.to_string_lossy()
            ))),
        }
    }

    /// The flags, if they are among those that the command knows.
    fn only(&self, known: &[&str]) -> Result<Vec<OsString>> {
        let runtime = self.runtime.as_ref().map(|_| "--runtime");
        let against = self.against.as_ref().map(|_| "--against");
        let all = self.flags.iter().copied().chain(runtime).chain(against);
        match all.clone().find(|flag| !known.contains(flag)) {
            Some(flag) => Err(Error::usage(format!("`{flag}` belongs to a run"))),
            None => Ok(all.map(OsString::from).collect()),
        }
    }

    fn run(self) -> Result<Request> {
        if self.flags.contains(&"--gate") && self.against.is_none() {
            return Err(Error::usage("`--gate` goes with `--against`"));
        }
        let mut options: Vec<OsString> = self.flags.iter().map(OsString::from).collect();
        if let Some(runtime) = self.runtime {
            options.extend(["--runtime".into(), runtime]);
        }
        if let Some(filter) = self.values.into_iter().next() {
            options.extend(["--filter".into(), filter]);
        }
        if let Some(against) = &self.against {
            options.extend(["--against".into(), against.into()]);
        }
        Ok(Request::Run {
            against: self.against,
            options,
        })
    }
}

/// The program does not run where the command was given.
fn absolute(path: &OsString) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| Error::new(format!("cannot find `{}`: {error}", path.to_string_lossy())))
}

impl Request {
    /// The revision to compare with.
    pub(super) fn against(&self) -> Option<&str> {
        match self {
            Self::Run { against, .. } => against.as_deref(),
            _ => None,
        }
    }

    /// The arguments of the program.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        match self {
            Self::Run { options, .. } => {
                arguments.push("run".into());
                arguments.extend(options.iter().cloned());
            }
            Self::List => arguments.push("list".into()),
            Self::Report { dir, options } => {
                arguments.extend(["report".into(), dir.into()]);
                arguments.extend(options.iter().cloned());
            }
            Self::Diff { before, after } => {
                arguments.extend(["diff".into(), before.into(), after.into()]);
            }
        }
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Option<Request>> {
        parse(lexopt::Parser::from_args(args))
    }

    fn refused(args: &[&str]) -> String {
        let error = parsed(args).expect_err("it is wrong");
        assert!(error.is_usage(), "{error}");
        error.to_string()
    }

    #[test]
    fn a_filter_and_options_come_in_any_order() {
        let request = parsed(&[
            "--quick",
            "spawn",
            "--runtime=smol",
            "--against",
            "HEAD~1",
            "--gate",
        ]);
        let request = request.expect("it is right").expect("no help");
        let expected = [
            "run",
            "--quick",
            "--gate",
            "--runtime",
            "smol",
            "--filter",
            "spawn",
            "--against",
            "HEAD~1",
        ];
        assert_eq!(request.arguments(), expected);
    }

    #[test]
    fn a_gate_without_a_revision_is_refused() {
        assert_eq!(refused(&["--gate"]), "`--gate` goes with `--against`");
    }

    #[test]
    fn directories_are_named_from_where_the_command_is_given() {
        let request = parsed(&["report", "some/run", "--open"])
            .expect("it is right")
            .expect("no help");
        let dir = std::env::current_dir()
            .expect("there is one")
            .join("some/run");
        assert_eq!(
            request.arguments(),
            ["report".into(), dir.into_os_string(), "--open".into()]
        );
    }

    #[test]
    fn commands_that_only_read_take_no_options_of_a_run() {
        assert_eq!(refused(&["list", "--quick"]), "`--quick` belongs to a run");
        assert_eq!(
            refused(&["diff", "a", "b", "--runtime", "smol"]),
            "`--runtime` belongs to a run"
        );
    }

    #[test]
    fn a_wrong_number_of_arguments_says_what_is_right() {
        assert!(refused(&["report"]).starts_with("`report` takes one directory of results"));
        assert!(refused(&["diff", "a"]).starts_with("`diff` takes two directories of results"));
        assert!(refused(&["list", "a"]).starts_with("`list` takes no argument"));
        assert_eq!(
            refused(&["a", "b"]),
            "one filter is enough; `b` is one too many"
        );
    }
}
