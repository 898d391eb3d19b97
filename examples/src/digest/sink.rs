//! Where results go.

use std::fmt;
use std::io;

use super::hash::Sum;
use super::problem::Problem;
use super::walk::Listing;

/// Takes the results of a digest as they come.
pub trait Sink {
    /// Learns how much there is to do, once, before anything else.
    fn planned(&mut self, listing: &Listing);

    /// Takes the sum of one file; they come in the order of the paths' bytes.
    ///
    /// # Errors
    /// When it cannot be written; the digest ends then.
    fn sum(&mut self, sum: &Sum) -> io::Result<()>;

    /// Takes what was wrong with one path.
    fn problem(&mut self, problem: &Problem);
}

/// Is told how much was read, from any thread.
pub trait Meter: fmt::Debug + Send + Sync {
    /// Adds bytes that were just read.
    fn read(&self, bytes: u64);
}

/// Measures nothing.
impl Meter for () {
    fn read(&self, _bytes: u64) {}
}

impl Meter for indicatif::ProgressBar {
    fn read(&self, bytes: u64) {
        self.inc(bytes);
    }
}
