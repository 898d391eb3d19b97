//! Standard output, standard error and the progress bar.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::hash::Sum;
use super::line::line;
use super::problem::Problem;
use super::sink::Sink;
use super::walk::Listing;

/// What each path came to: its line, or what was wrong.
pub(super) type Results = BTreeMap<PathBuf, Vec<u8>>;

/// Shows the results of one runtime and keeps them.
pub(super) struct Screen {
    bar: ProgressBar,
    /// Later runtimes give the same lines again: only the first one's are printed.
    prints: bool,
    results: Results,
}

impl Screen {
    pub(super) fn new(runtime: &'static str, prints: bool) -> Self {
        let bar = if io::stderr().is_terminal() {
            ProgressBar::new(0)
        } else {
            ProgressBar::hidden()
        };
        let template = "{msg:>6} [{bar:40}] {bytes} of {total_bytes}, {bytes_per_sec}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(runtime);
        Self {
            bar,
            prints,
            results: Results::new(),
        }
    }

    /// Gives the bar, to be moved by the readers.
    pub(super) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    pub(super) fn take_results(&mut self) -> Results {
        std::mem::take(&mut self.results)
    }
}

impl Sink for Screen {
    fn planned(&mut self, listing: &Listing) {
        self.bar.set_length(listing.bytes());
    }

    fn sum(&mut self, sum: &Sum) -> io::Result<()> {
        let line = line(sum);
        if self.prints {
            // The bar is in the way only where both share a terminal.
            if io::stdout().is_terminal() {
                self.bar.suspend(|| print(&line))?;
            } else {
                print(&line)?;
            }
        }
        self.results.insert(sum.path.clone(), line);
        Ok(())
    }

    fn problem(&mut self, problem: &Problem) {
        if self.prints {
            self.bar.suspend(|| say(problem));
        }
        let reason = problem.reason.to_string().into_bytes();
        self.results.insert(problem.path.clone(), reason);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Writes a whole line and flushes it, so that the output ends at a line whatever comes.
fn print(line: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(line)?;
    stdout.flush()
}

/// Tells the user one line. A standard error that is closed is no reason to stop.
pub(super) fn say(message: impl std::fmt::Display) {
    let _closed = io::stderr().write_all(format!("digest: {message}\n").as_bytes());
}
