//! `cargo xtask bench`: builds the programs of `benches/` and runs them.

mod request;
mod revision;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use xshell::{Shell, cmd};

use crate::cli;
use crate::error::Result;
use crate::step::{self, Step};
use crate::{artifact, workspace};

pub(crate) const COMMAND: cli::Command = cli::Command {
    name: "bench",
    about: "Compares runtimes and crates with each other",
    run,
};

/// The program that is timed; the one that counts allocations is built beside it.
const PROGRAM: &str = "trunnion-bench";

fn run(args: lexopt::Parser) -> Result<ExitCode> {
    let Some(request) = request::parse(args)? else {
        println!("{}", request::HELP);
        return Ok(ExitCode::SUCCESS);
    };
    let sh = workspace::shell()?;
    // A revision that is not there is refused before anything is built.
    let against = request.against();
    let commit = against
        .map(|name| revision::resolve(&sh, name))
        .transpose()?;
    let mut command = Command::new(build(&sh)?);
    command.args(request.arguments());
    if let Some(commit) = commit {
        command.arg("--before").arg(revision::build(&sh, &commit)?);
    }
    // It looks at the revision and writes BENCHMARKS.md there.
    command.current_dir(workspace::root());
    step::become_it(command)
}

/// Builds the programs and gives the file of the one that is timed.
pub(crate) fn build(sh: &Shell) -> Result<PathBuf> {
    let build = cmd!(
        sh,
        "cargo build --profile bench --package trunnion-benches --bins"
    );
    artifact::build(Step::new(artifact::with_messages(build)), PROGRAM)
}
