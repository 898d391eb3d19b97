//! What the programs by hand say of one file.

use std::fmt;
use std::path::Path;

use trunnion_examples::digest::hash::Sum;

use super::Fold;

/// The sum of a file, or what was wrong, as a line.
pub(super) type Outcome = Result<Sum, String>;

/// Describes what was wrong with one path.
pub(super) fn problem(path: &Path, reason: impl fmt::Display) -> String {
    format!("{}: {reason}", path.display())
}

/// Gives one outcome to the output.
pub(super) fn take(outcome: Outcome, fold: &mut Fold) {
    match outcome {
        Ok(sum) => fold.add(&sum.sha256, sum.bytes),
        Err(problem) => fold.add_problem(problem),
    }
}
