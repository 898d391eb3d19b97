//! Reading what test programs print.

use std::collections::BTreeMap;

use crate::tally::Tally;

const NO_REASON: &str = "ignored without a reason";

/// Reads the output of any number of test programs, one after the other.
#[derive(Debug, Default)]
pub(super) struct Reader {
    tally: Tally,
    failures: Vec<String>,
    reasons: BTreeMap<String, u64>,
    /// A program said how many tests it runs and has not summed up yet.
    running: bool,
}

impl Reader {
    pub(super) fn line(&mut self, line: &str) {
        if let Some(summary) = line.strip_prefix("test result: ") {
            self.summary(summary);
        } else if let Some(test) = line.strip_prefix("test ") {
            self.test(test);
        } else if is_start(line) {
            self.cut_off();
            self.running = true;
        }
    }

    /// The counts; `succeeded` is what the exit code said.
    pub(super) fn finish(mut self, what: &str, succeeded: bool) -> Tally {
        self.cut_off();
        if !succeeded && self.tally.failures().is_empty() {
            self.tally.fail(format!(
                "{what}: did not build, or ended without a failed test"
            ));
        }
        self.tally
    }

    fn test(&mut self, test: &str) {
        let Some((name, outcome)) = test.rsplit_once(" ... ") else {
            return;
        };
        if outcome == "FAILED" {
            self.failures.push(name.into());
        } else if outcome == "ignored" {
            *self.reasons.entry(NO_REASON.into()).or_default() += 1;
        } else if let Some(reason) = outcome.strip_prefix("ignored, ") {
            *self.reasons.entry(reason.into()).or_default() += 1;
        }
    }

    /// The summary has the last word on how many; the lines before it know names and reasons.
    fn summary(&mut self, summary: &str) {
        let Some(counts) = Counts::parse(summary) else {
            return;
        };
        self.running = false;
        self.tally.pass(counts.passed);
        self.failures
            .resize(counts.failed, "a test without a line of its own".into());
        for failure in self.failures.drain(..) {
            self.tally.fail(failure);
        }
        let told: u64 = self.reasons.values().sum();
        self.tally.add_skipped(std::mem::take(&mut self.reasons));
        self.tally
            .skip(NO_REASON, counts.ignored.saturating_sub(told));
    }

    fn cut_off(&mut self) {
        if std::mem::take(&mut self.running) {
            self.reasons.clear();
            for failure in self.failures.drain(..) {
                self.tally.fail(failure);
            }
            self.tally
                .fail("a test program that ended before its summary");
        }
    }
}

/// `running 3 tests`
fn is_start(line: &str) -> bool {
    line.strip_prefix("running ")
        .and_then(|rest| rest.strip_suffix(" tests").or(rest.strip_suffix(" test")))
        .is_some_and(|count| count.parse::<u64>().is_ok())
}

struct Counts {
    passed: u64,
    failed: usize,
    ignored: u64,
}

impl Counts {
    /// `ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`
    fn parse(summary: &str) -> Option<Self> {
        let (_, counts) = summary.split_once(". ")?;
        let mut counts = counts.split("; ").map(|part| part.split_once(' '));
        let mut next = |word| {
            let (count, name) = counts.next()??;
            if name == word {
                count.parse().ok()
            } else {
                None
            }
        };
        Some(Self {
            passed: next("passed")?,
            failed: usize::try_from(next("failed")?).ok()?,
            ignored: next("ignored")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, succeeded: bool) -> Tally {
        let mut reader = Reader::default();
        text.lines().for_each(|line| reader.line(line));
        reader.finish("tests", succeeded)
    }

    #[test]
    fn summaries_of_several_programs_add_up() {
        let tally = read(
            "running 2 tests\ntest a ... ok\ntest b ... ok\n\n\
             test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             running 1 test\ntest c - should panic ... ok\n\
             test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out; finished in 1.20s\n",
            true,
        );
        assert_eq!(tally.to_string(), "3 passed, 0 failed, 0 skipped");
    }

    #[test]
    fn ignored_tests_are_counted_by_reason() {
        let tally = read(
            "running 4 tests\ntest l01_x ... ignored, tokio multi-thread declares no L\n\
             test l02_y ... ignored, tokio multi-thread declares no L\ntest z ... ignored\ntest a ... ok\n\
             test result: ok. 1 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
            true,
        );
        assert_eq!(tally.to_string(), "1 passed, 0 failed, 3 skipped");
        let skipped = tally.into_skipped();
        assert_eq!(skipped["tokio multi-thread declares no L"], 2);
        assert_eq!(skipped[NO_REASON], 1);
    }

    #[test]
    fn failures_are_named_once() {
        let tally = read(
            "running 2 tests\ntest a ... FAILED\ntest b ... ok\n\nfailures:\n    a\n\n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
            false,
        );
        assert_eq!(tally.to_string(), "1 passed, 1 failed, 0 skipped");
        assert_eq!(tally.failures(), ["a"]);
    }

    #[test]
    fn a_program_that_dies_before_its_summary_is_a_failure() {
        let tally = read("running 2 tests\ntest a ... ok\n", false);
        assert_eq!(
            tally.failures(),
            ["a test program that ended before its summary"]
        );
        let tally = read(
            "running 2 tests\nrunning 1 test\ntest b ... ok\n\
             test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
            false,
        );
        assert_eq!(tally.to_string(), "1 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn a_build_that_fails_is_a_failure() {
        assert_eq!(read("", false).to_string(), "0 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn text_that_only_looks_like_a_summary_counts_nothing() {
        let tally = read(
            "test result: ok. many passed\nrunning late\ntest me\n",
            true,
        );
        assert_eq!(tally, Tally::default());
    }
}
