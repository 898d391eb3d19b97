//! Standard output, standard error and the live table.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use trunnion_core::{Clock, Instant, RealClock};

use super::summary::Summary;
use super::table::{Row, table};
use super::{Outcome, Sink};

/// Shows the results of one runtime.
pub(super) struct Screen {
    bar: ProgressBar,
    runtime: &'static str,
    start: Instant,
}

impl Screen {
    pub(super) fn new(runtime: &'static str) -> Self {
        let bar = if io::stderr().is_terminal() {
            ProgressBar::no_length()
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            runtime,
            start: RealClock.now(),
        }
    }
}

impl Sink for Screen {
    fn progress(&self, summary: &Summary) {
        if self.bar.is_hidden() {
            return;
        }
        let row = Row {
            runtime: self.runtime,
            summary: summary.clone(),
            time: RealClock.now() - self.start,
        };
        self.bar.set_message(table(&[row]).trim_end().to_owned());
    }

    fn outcome(&self, outcome: &Outcome) -> io::Result<()> {
        let (runtime, name, attempts) = (self.runtime, &outcome.name, outcome.attempts);
        let s = if attempts == 1 { "" } else { "s" };
        match &outcome.result {
            Ok(fetched) => {
                let (status, bytes) = (fetched.status.as_u16(), fetched.bytes);
                let line =
                    format!("{runtime}  {status}  {bytes} bytes  {attempts} attempt{s}  {name}\n");
                // The table is in the way only where both share a terminal.
                if io::stdout().is_terminal() {
                    self.bar.suspend(|| print(&line))
                } else {
                    print(&line)
                }
            }
            Err(failure) => {
                let stop = &outcome.stop;
                self.bar.suspend(|| {
                    say(format_args!(
                        "{runtime}: {name}: {failure} ({attempts} attempt{s}; {stop})"
                    ));
                });
                Ok(())
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Writes whole lines and flushes them, so that the output ends at a line whatever comes.
pub(super) fn print(lines: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(lines.as_bytes())?;
    stdout.flush()
}

/// Tells the user one line. A standard error that is closed is no reason to stop.
pub(super) fn say(message: impl std::fmt::Display) {
    let _closed = io::stderr().write_all(format!("fetch: {message}\n").as_bytes());
}
