//! BENCHMARKS.md.

use std::path::Path;

use crate::figures::Figures;
use crate::problem::{Problem, Result};
use crate::record::{Request, Run};
use crate::{report, store};

/// The page, in the workspace's folder.
const PAGE: &str = "BENCHMARKS.md";

/// Refuses what is no full run.
///
/// # Errors
/// When a part only was asked for.
pub fn check(request: &Request) -> Result<()> {
    if *request == Request::default() {
        return Ok(());
    }
    Err(Problem::usage(format!(
        "{PAGE} is written from a full run: no filter, `--quick`, `--runtime` or `--against`"
    )))
}

/// Writes the page.
///
/// # Errors
/// When the file system refuses; the page stays as it was then.
pub fn write(run: &Run, figures: &[Figures]) -> Result<()> {
    store::write(Path::new(PAGE), &report::markdown(run, figures))
}
