//! BENCHMARKS.md.

use std::path::Path;

use crate::facts::{CHANGES, UNKNOWN};
use crate::figures::Figures;
use crate::problem::{Problem, Result};
use crate::record::{Facts, Request, Run};
use crate::{report, store};

/// The page, in the workspace's folder.
const PAGE: &str = "BENCHMARKS.md";

/// Refuses a request for a part.
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

/// Refuses what others could not measure again: changes that no commit has, and a machine that could not measure all.
///
/// # Errors
/// When the run is such a one.
pub fn check_facts(facts: &Facts) -> Result<()> {
    if facts.commit.ends_with(CHANGES) || facts.commit == UNKNOWN {
        return Err(Problem::new(format!(
            "{PAGE} is written from a clean commit, not from `{}`",
            facts.commit
        )));
    }
    match facts.notes.first() {
        None => Ok(()),
        Some(note) => Err(Problem::new(format!(
            "{PAGE} is written from a whole run, and in this one: {note}"
        ))),
    }
}

/// Writes the page.
///
/// # Errors
/// When the run must not be published or the file system refuses; the page stays as it was then.
pub fn write(run: &Run, figures: &[Figures]) -> Result<()> {
    check(&run.request)?;
    check_facts(&run.facts)?;
    store::write(Path::new(PAGE), &report::markdown(run, figures))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(commit: &str, notes: &[&str]) -> Facts {
        Facts {
            commit: commit.to_owned(),
            notes: notes.iter().map(|note| (*note).to_owned()).collect(),
            ..Facts::default()
        }
    }

    #[test]
    fn a_run_that_others_cannot_repeat_is_not_published() {
        assert!(check_facts(&facts("0123", &[])).is_ok());
        for bad in [
            facts("0123 + changes", &[]),
            facts("unknown", &[]),
            facts("0123", &["no valgrind"]),
        ] {
            assert!(check_facts(&bad).is_err(), "{bad:?}");
        }
    }
}
