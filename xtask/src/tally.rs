//! Counting what passed, failed and was skipped.

use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitCode;

/// Counts, with a name for each failure and a reason for each skip.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failures: Vec<String>,
    skipped: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn pass(&mut self, count: u64) {
        self.passed += count;
    }

    pub(crate) fn fail(&mut self, what: impl Into<String>) {
        self.failures.push(what.into());
    }

    pub(crate) fn skip(&mut self, reason: impl Into<String>, count: u64) {
        if count > 0 {
            *self.skipped.entry(reason.into()).or_default() += count;
        }
    }

    /// Counts one check by its result.
    pub(crate) fn check(&mut self, what: &str, passed: bool) {
        if passed {
            self.pass(1);
        } else {
            self.fail(what);
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failures.extend(other.failures);
        self.add_skipped(other.skipped);
    }

    pub(crate) fn add_skipped(&mut self, skipped: BTreeMap<String, u64>) {
        for (reason, count) in skipped {
            self.skip(reason, count);
        }
    }

    pub(crate) fn passed(&self) -> u64 {
        self.passed
    }

    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }

    pub(crate) fn skipped(&self) -> u64 {
        self.skipped.values().sum()
    }

    pub(crate) fn into_skipped(self) -> BTreeMap<String, u64> {
        self.skipped
    }

    /// Prints skips by reason, failures by name and, as the last line, the counts.
    pub(crate) fn report(&self) -> ExitCode {
        for (reason, count) in &self.skipped {
            println!("skipped {count}: {reason}");
        }
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        println!("{self}");
        ExitCode::from(u8::from(!self.failures.is_empty()))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (passed, failed) = (self.passed, self.failures.len());
        write!(
            f,
            "{passed} passed, {failed} failed, {} skipped",
            self.skipped()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_are_counted_by_reason_and_never_as_passed() {
        let mut tally = Tally::default();
        tally.pass(2);
        tally.skip("no compiler", 1);
        tally.skip("no compiler", 2);
        tally.skip("nothing", 0);
        assert_eq!(tally.to_string(), "2 passed, 0 failed, 3 skipped");
        assert_eq!(tally.into_skipped().len(), 1);
    }

    #[test]
    fn adding_keeps_failures_and_reasons() {
        let mut one = Tally::default();
        one.check("a", true);
        let mut two = Tally::default();
        two.check("b", false);
        two.skip("c", 1);
        one.add(two);
        assert_eq!(one.to_string(), "1 passed, 1 failed, 1 skipped");
        assert_eq!(one.failures(), ["b"]);
    }
}
