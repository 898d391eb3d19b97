//! The checksum of a program's output.

use std::io;

use trunnion_examples::digest::hash::Sum;
use trunnion_examples::digest::problem::Problem;
use trunnion_examples::digest::sink::Sink;
use trunnion_examples::digest::walk::Listing;

/// Folds sums into a number that depends on all of their bytes and on their order.
#[derive(Debug, Default)]
pub(super) struct Fold {
    sum: u64,
    problems: Vec<String>,
}

impl Fold {
    /// Adds one file.
    pub(super) fn add(&mut self, sha256: &[u8; 32], bytes: u64) {
        for word in sha256.as_chunks().0 {
            self.sum = self.sum.rotate_left(7) ^ u64::from_le_bytes(*word);
        }
        self.sum = self.sum.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ bytes;
    }

    /// Adds what went wrong; there should be nothing.
    pub(super) fn add_problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// Gives the checksum.
    pub(super) fn finish(self) -> u64 {
        assert!(self.problems.is_empty(), "{}", self.problems.join("; "));
        self.sum
    }
}

impl Sink for Fold {
    fn planned(&mut self, _: &Listing) {}

    fn sum(&mut self, sum: &Sum) -> io::Result<()> {
        self.add(&sum.sha256, sum.bytes);
        Ok(())
    }

    fn problem(&mut self, problem: &Problem) {
        self.add_problem(problem.to_string());
    }
}
