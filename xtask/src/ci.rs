//! `cargo xtask ci`: the checks of the project, one job each.

mod bench;
mod cargo;
mod compile_fail;
mod features;
mod flat;
mod job;
mod metastable;
mod msrv;
mod no_std;
mod search;
mod smoke;
mod workflow;

use std::process::ExitCode;
use std::time::Instant;

use lexopt::prelude::*;
use xshell::Shell;

use crate::cli::{self, Command};
use crate::error::Result;
use crate::tally::Tally;
use crate::workspace;
use job::{JOBS, Job};
pub(crate) use workflow::{WORKFLOW, workflow};

pub(crate) const COMMAND: Command = Command {
    name: "ci",
    about: "Runs the checks that a change must pass",
    run,
};

const HELP: &str = "\
Runs the checks that a change must pass, all of them unless some are named.

Usage: cargo xtask ci [JOB ..] [OPTIONS]

      --without JOB  leaves this job out (repeatable)
      --list         prints the jobs and what each needs
      --generate     writes .github/workflows/ci.yml from the table of jobs
  -h, --help         prints this

The last line counts jobs. What a machine cannot check counts as skipped, with the reason.";

const OPTIONS: &[&str] = &["--without", "--list", "--generate", "--help"];

enum Request {
    Help,
    List,
    Generate,
    Run(Vec<&'static Job>),
}

fn run(args: lexopt::Parser) -> Result<ExitCode> {
    match parse(args)? {
        Request::Help => println!("{HELP}"),
        Request::List => println!("{}", list()),
        Request::Generate => {
            workspace::shell()?.write_file(WORKFLOW, workflow())?;
            println!("wrote {WORKFLOW}");
        }
        Request::Run(jobs) => return Ok(run_jobs(&workspace::shell()?, &jobs).report()),
    }
    Ok(ExitCode::SUCCESS)
}

fn parse(mut args: lexopt::Parser) -> Result<Request> {
    let mut named = Vec::new();
    let mut without = Vec::new();
    while let Some(arg) = args.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Request::Help),
            Long("list") => return Ok(Request::List),
            Long("generate") => return Ok(Request::Generate),
            Long("without") => without.push(find(&args.value()?)?.name),
            Value(name) => named.push(find(&name)?),
            other => return Err(cli::unknown_option(&other, OPTIONS)),
        }
    }
    if named.is_empty() {
        named.extend(JOBS);
    }
    named.retain(|job| !without.contains(&job.name));
    Ok(Request::Run(named))
}

fn find(name: &std::ffi::OsStr) -> Result<&'static Job> {
    let job = JOBS.iter().find(|job| name == job.name);
    job.ok_or_else(|| cli::unknown("job", name, JOBS.iter().map(|job| job.name)))
}

fn list() -> String {
    let rows = JOBS
        .iter()
        .map(|job| format!("{:<14} {} (needs {})", job.name, job.about, job.needs));
    rows.collect::<Vec<_>>().join("\n")
}

/// Runs each job, also after one has failed, and counts jobs.
fn run_jobs(sh: &Shell, jobs: &[&Job]) -> Tally {
    let mut total = Tally::default();
    let mut table = Vec::new();
    for job in jobs {
        println!("\n== {}: {}", job.name, job.about);
        let start = Instant::now();
        let tally = (job.run)(sh).unwrap_or_else(|error| {
            let mut tally = Tally::default();
            tally.fail(error.to_string());
            tally
        });
        let verdict = count(job.name, &mut total, &tally);
        let seconds = start.elapsed().as_secs();
        table.push(format!(
            "{:<14} {verdict:<8} {tally}, {seconds} s",
            job.name
        ));
        let skipped = tally.into_skipped().into_iter();
        total.add_skipped(
            skipped
                .map(|(reason, n)| (format!("{}: {reason}", job.name), n))
                .collect(),
        );
    }
    println!("\n{}", table.join("\n"));
    total
}

/// Adds one job to the total: failed if any part failed, passed if any part passed, else skipped.
fn count(name: &str, total: &mut Tally, tally: &Tally) -> &'static str {
    if !tally.failures().is_empty() {
        total.fail(format!("{name}: {}", tally.failures().join("; ")));
        "failed"
    } else if tally.passed() > 0 {
        total.pass(1);
        "passed"
    } else {
        "skipped"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(run: fn(&Shell) -> Result<Tally>) -> Job {
        Job { run, ..JOBS[0] }
    }

    #[test]
    fn a_job_that_fails_does_not_stop_the_next() {
        let sh = workspace::shell().expect("the workspace is there");
        let fails = job(|_| Err(crate::error::Error::new("no")));
        let passes = job(|_| {
            let mut tally = Tally::default();
            tally.pass(7);
            tally.skip("no target", 1);
            Ok(tally)
        });
        let total = run_jobs(&sh, &[&fails, &passes]);
        assert_eq!(total.to_string(), "1 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn a_job_that_could_check_nothing_is_not_passed() {
        let sh = workspace::shell().expect("the workspace is there");
        let skips = job(|_| {
            let mut tally = Tally::default();
            tally.skip("no compiler", 1);
            Ok(tally)
        });
        assert_eq!(
            run_jobs(&sh, &[&skips]).to_string(),
            "0 passed, 0 failed, 1 skipped"
        );
    }

    #[test]
    fn an_unknown_job_names_the_known_ones() {
        let error = parse(lexopt::Parser::from_args(["frmat"]));
        let Err(error) = error else {
            panic!("it is unknown");
        };
        assert!(
            error
                .to_string()
                .starts_with("unknown job `frmat`; known ones: format, ")
        );
    }

    #[test]
    fn jobs_can_be_left_out() {
        let request = parse(lexopt::Parser::from_args(["--without", "tests"]));
        let Ok(Request::Run(jobs)) = request else {
            panic!("it is right");
        };
        assert_eq!(jobs.len(), JOBS.len() - 1);
        assert!(jobs.iter().all(|job| job.name != "tests"));
    }
}
