//! The command line, as `cargo xtask bench` writes it.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::prelude::*;

use crate::compare::{self, Comparison, publish};
use crate::figures::figures;
use crate::problem::{Problem, Result};
use crate::record::{Request, Run};
use crate::worker::{self, Allocations};
use crate::{report, scenario, store};

/// Runs the program; `allocations` reads how much was allocated, in the program that counts it.
#[must_use]
pub fn main(allocations: Option<Allocations>) -> ExitCode {
    match dispatch(lexopt::Parser::from_env(), allocations) {
        Ok(code) => code,
        Err(problem) => {
            say(&format!("error: {problem}"));
            ExitCode::from(if problem.is_usage() { 2 } else { 1 })
        }
    }
}

/// What the commands take; each uses some of it.
#[derive(Debug, Default)]
struct Arguments {
    positional: Vec<String>,
    request: Request,
    before: Option<PathBuf>,
    results: Option<PathBuf>,
    gate: bool,
    publish: bool,
    open: bool,
}

fn dispatch(mut parser: lexopt::Parser, allocations: Option<Allocations>) -> Result<ExitCode> {
    let command = match parser.next()? {
        Some(Value(command)) => command.string()?,
        _ => return Err(Problem::usage("run it through `cargo xtask bench`")),
    };
    if command == "worker" {
        let rest = parser.raw_args()?.map(ValueExt::string);
        let rest: Vec<String> = rest.collect::<std::result::Result<_, _>>()?;
        return worker::run(&rest, allocations).map(|()| ExitCode::SUCCESS);
    }
    let arguments = parse(parser)?;
    match (command.as_str(), arguments.positional.as_slice()) {
        ("run", []) => run(arguments),
        ("list", []) => list(),
        ("report", [dir]) => show(Path::new(dir), &arguments),
        ("diff", [before, after]) => diff(Path::new(before), Path::new(after)),
        _ => Err(Problem::usage(format!(
            "`{command}` takes other arguments; see `cargo xtask bench --help`"
        ))),
    }
}

fn parse(mut parser: lexopt::Parser) -> Result<Arguments> {
    let mut arguments = Arguments::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("quick") => arguments.request.quick = true,
            Long("filter") => arguments.request.filter = Some(parser.value()?.string()?),
            Long("runtime") => arguments.request.host = Some(parser.value()?.string()?),
            Long("against") => arguments.request.against = Some(parser.value()?.string()?),
            Long("before") => arguments.before = Some(parser.value()?.into()),
            Long("results") => arguments.results = Some(parser.value()?.into()),
            Long("gate") => arguments.gate = true,
            Long("publish") => arguments.publish = true,
            Long("open") => arguments.open = true,
            Value(value) => arguments.positional.push(value.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(arguments)
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    if arguments.publish {
        publish::check(&arguments.request)?;
    }
    let comparison = Comparison {
        request: arguments.request,
        before: arguments.before,
        results: arguments.results,
        gate: arguments.gate,
    };
    let compared = compare::run(comparison)?;
    print(&compared.text)?;
    if arguments.publish {
        publish::write(&compared.run, &compared.figures)?;
    }
    locate(&compared.dir, arguments.open);
    match compared.gate {
        Some(gate) => {
            print(&gate.to_string())?;
            Ok(ExitCode::from(u8::from(!gate.is_passed())))
        }
        None => Ok(ExitCode::SUCCESS),
    }
}

fn list() -> Result<ExitCode> {
    for scenario in scenario::ALL {
        let hosts: Vec<_> = scenario.hosts.iter().map(|host| host.id()).collect();
        print(&format!(
            "{:<18} {}\n{:<18} on {}\n",
            scenario.id,
            scenario.about,
            "",
            hosts.join(", ")
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the reports of a directory anew from its samples.
fn show(dir: &Path, arguments: &Arguments) -> Result<ExitCode> {
    let (run, rounds) = store::read(dir)?;
    if arguments.publish {
        publish::check(&run.request)?;
        publish::check_facts(&run.facts)?;
    }
    let figures = figures(&run, &rounds);
    let text = report::text(&run, &figures);
    for (name, text) in compare::reports(&run, &figures, &text) {
        store::write(&dir.join(name), &text)?;
    }
    print(&text)?;
    if arguments.publish {
        publish::write(&run, &figures)?;
    }
    locate(dir, arguments.open);
    Ok(ExitCode::SUCCESS)
}

fn diff(before: &Path, after: &Path) -> Result<ExitCode> {
    let read = |dir: &Path| -> Result<(Run, Vec<crate::figures::Figures>)> {
        let (run, rounds) = store::read(dir)?;
        let figures = figures(&run, &rounds);
        Ok((run, figures))
    };
    let (before, after) = (read(before)?, read(after)?);
    print(&report::diff((&before.0, &before.1), (&after.0, &after.1)))?;
    Ok(ExitCode::SUCCESS)
}

/// Says where the page is.
fn locate(dir: &Path, open: bool) {
    let page = dir.join(compare::PAGE);
    if open {
        say(&format!("file://{}", page.display()));
    } else {
        say(&format!("results: {}", dir.display()));
    }
}

fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        // Whoever reads the output has had enough, as with `| head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Problem::new(format!("standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Tells whoever ran the command. A standard error that is closed is no reason to stop.
fn say(line: &str) {
    let _closed = writeln!(io::stderr(), "{line}");
}
