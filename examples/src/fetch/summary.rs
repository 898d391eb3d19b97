//! Counting.

use std::time::Duration;

use trunnion_patterns::RetryStop;

use super::Outcome;

/// Counts what a fetch has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The pages that came.
    pub fetched: u64,
    /// The pages that did not.
    pub failed: u64,
    /// The attempts, those under way included.
    pub attempts: u64,
    /// The attempts that were not the first for their page.
    pub retries: u64,
    /// The retries that the budget refused.
    pub rejections: u64,
    /// How long each page took, sorted.
    latencies: Vec<Duration>,
}

impl Summary {
    /// Counts an attempt that begins.
    pub(super) fn tried(&mut self, number: u32) {
        self.attempts += 1;
        self.retries += u64::from(number > 1);
    }

    /// Counts a page that is done.
    pub(super) fn add(&mut self, outcome: &Outcome) {
        let count = match outcome.result {
            Ok(_) => &mut self.fetched,
            Err(_) => &mut self.failed,
        };
        *count += 1;
        self.rejections += u64::from(outcome.stop == RetryStop::Budget);
        let at = self.latencies.partition_point(|took| *took <= outcome.took);
        self.latencies.insert(at, outcome.took);
    }

    /// Gives the time within which so many of a hundred pages were done (the nearest rank); zero if there is none.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.latencies.len() * percent.min(100)).div_ceil(100);
        let latency = self.latencies.get(rank.saturating_sub(1));
        latency.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_nearest_rank() {
        let latencies = (1..=200).map(Duration::from_millis).collect();
        let summary = Summary {
            latencies,
            ..Summary::default()
        };
        let at = |percent| summary.percentile(percent).as_millis();
        assert_eq!([0, 1, 50, 99, 100].map(at), [1, 2, 100, 198, 200]);
        assert_eq!(Summary::default().percentile(50), Duration::ZERO);
    }
}
