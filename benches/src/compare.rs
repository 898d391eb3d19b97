//! One run from its request to its reports.

mod counts;
mod gate;
mod measure;
mod pairing;
mod plan;
mod progress;
pub mod publish;

use std::path::{Path, PathBuf};

use crate::facts;
use crate::figures::{Figures, figures};
use crate::problem::{Problem, Result};
use crate::process::Programs;
use crate::record::{FORMAT, Request, Round, Run, Table};
use crate::report;
use crate::store::Store;
pub use gate::Gate;
use gate::gate;
use measure::Runner;
use pairing::Pairing;
use plan::Plan;
use progress::Progress;

/// The name of the page in the directory of a run.
pub const PAGE: &str = "report.html";

/// What to compare.
#[derive(Debug)]
pub struct Comparison {
    /// What was asked for.
    pub request: Request,
    /// The program of the other revision, where two are compared.
    pub before: Option<PathBuf>,
    /// Where the directory of the run goes; unless told, beside those of Cargo.
    pub results: Option<PathBuf>,
    /// Whether growth is an error.
    pub gate: bool,
}

/// What a run came to.
#[derive(Debug)]
pub struct Compared {
    /// All that was found.
    pub run: Run,
    /// What the samples say.
    pub figures: Vec<Figures>,
    /// The report as text.
    pub text: String,
    /// Where everything lies.
    pub dir: PathBuf,
    /// What has grown, if that was asked for.
    pub gate: Option<Gate>,
}

/// Measures and writes the reports.
///
/// # Errors
/// When something cannot be measured or written; nothing is left then.
pub fn run(comparison: Comparison) -> Result<Compared> {
    let mut plan = Plan::new(&comparison.request)?;
    let program = std::env::current_exe();
    let program =
        program.map_err(|error| Problem::new(format!("cannot find this program: {error}")))?;
    let seed = fastrand::u64(..);
    let mut facts = facts::look(seed);
    let mut store = Store::create(&directory(comparison.results.as_deref(), &program))?;
    let (tables, rounds) = measure(&comparison, &mut plan, &program, seed, &mut store)?;
    facts.notes = plan.notes;
    facts.load = facts
        .load
        .map(|(before, after)| (before, facts::load().unwrap_or(after)));
    let run = Run {
        format: FORMAT,
        facts,
        request: comparison.request,
        tables,
    };
    let figures = figures(&run, &rounds);
    let text = report::text(&run, &figures);
    let dir = store.finish(&run, &reports(&run, &figures, &text))?;
    Ok(Compared {
        gate: comparison.gate.then(|| gate(&run)),
        run,
        figures,
        text,
        dir,
    })
}

/// The files of a report, by name.
#[must_use]
pub fn reports(run: &Run, figures: &[Figures], text: &str) -> [(&'static str, String); 2] {
    [
        ("report.txt", text.to_owned()),
        (PAGE, report::html(run, figures)),
    ]
}

fn measure(
    comparison: &Comparison,
    plan: &mut Plan,
    program: &Path,
    seed: u64,
    store: &mut Store,
) -> Result<(Vec<Table>, Vec<Round>)> {
    let programs = Programs::beside(program);
    let instructions = instructions(comparison.gate, plan);
    let progress = Progress::new(plan, comparison.before.is_some());
    match &comparison.before {
        None => Runner {
            programs: &programs,
            instructions,
            seed,
            store,
            progress: &progress,
        }
        .run(plan),
        Some(before) => Pairing {
            before: &Programs::beside(before),
            after: &programs,
            instructions,
            seed,
            store,
            progress: &progress,
        }
        .run(plan),
    }
}

/// How often instructions are counted; a gate wants to know whether the count repeats.
fn instructions(gate: bool, plan: &mut Plan) -> usize {
    if !plan.pace.instructions {
        return 0;
    }
    if !facts::has_valgrind() {
        plan.notes
            .push("valgrind is not installed: no instructions are counted".to_owned());
        return 0;
    }
    if gate { 2 } else { 1 }
}

/// A directory named after the time.
fn directory(results: Option<&Path>, program: &Path) -> PathBuf {
    let target = program.ancestors().nth(2).unwrap_or_else(|| Path::new("."));
    let results = results.map_or_else(|| target.join("bench"), Path::to_path_buf);
    let now = jiff::Timestamp::now();
    results.join(now.strftime("%Y%m%d-%H%M%S").to_string())
}
