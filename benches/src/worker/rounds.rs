//! Sampling subjects in rounds that read the same forwards and backwards.

use std::fmt;

use fastrand::Rng;

use crate::clock::{Clock, Spent};
use crate::host::Pause;
use crate::record::Lane;
use crate::subject::Work;

/// How long one sample is to take, in nanoseconds: well below the time slice of a scheduler, so that most samples are not
/// interrupted, and well above the price of reading a clock.
const SAMPLE: f64 = 100_000.0;

/// As [`SAMPLE`], where threads hand work to each other.
const SAMPLE_THREADED: f64 = 300_000.0;

/// What part of a sample is done before it, untimed.
const LEAD: u32 = 8;

/// Samples before the first that counts.
const WARM_UP: u32 = 10;

/// The fewest and the most rounds that one process measures.
const ROUNDS: std::ops::RangeInclusive<u32> = 20..=200;

/// One subject in the rounds of a process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// The index of its work.
    pub(super) work: usize,
    /// The row of its samples; `None` for the control.
    pub(super) row: Option<usize>,
    /// How many iterations one sample has.
    pub(super) iterations: u32,
}

/// Samples work inside the task that awaits it.
pub(super) struct Sampler {
    /// What can be sampled.
    pub(super) works: Vec<Work>,
    /// The checksum that so many iterations must give.
    pub(super) expected: fn(u32) -> u64,
    /// How many operations an iteration has.
    pub(super) operations: u32,
    /// The clocks.
    pub(super) clock: Clock,
    /// Lets the runtime breathe between two samples.
    pub(super) pause: Box<dyn Fn() -> Pause + Send + Sync>,
}

impl Sampler {
    /// Runs one sample after a bit of the same untimed; gives what one operation took.
    pub(super) async fn sample(&self, work: usize, iterations: u32) -> Spent {
        // What the subject before has left in caches, queues and the heap is gone then.
        (self.works[work])(iterations / LEAD).await;
        self.batch(work, iterations).await
    }

    /// Runs the work; gives what one operation took.
    async fn batch(&self, work: usize, iterations: u32) -> Spent {
        let (mark, since) = (|| self.clock.mark(), |mark| self.clock.since(mark));
        let spent = self.between(work, iterations, mark, since).await;
        let operations = f64::from(iterations) * f64::from(self.operations);
        Spent {
            ns: spent.ns / operations,
            cpu: spent.cpu.map(|cpu| cpu / operations),
        }
    }

    /// Runs the work between two readings. What the work makes before it is awaited, and what its future owns and is dropped with
    /// it, is outside of them.
    ///
    /// # Panics
    /// When the checksum is wrong: what was measured was not the work.
    pub(super) async fn between<M, R>(
        &self,
        work: usize,
        iterations: u32,
        before: impl FnOnce() -> M,
        after: impl FnOnce(M) -> R,
    ) -> R {
        (self.pause)().await;
        let mut sample = (self.works[work])(iterations);
        let mark = before();
        let sum = sample.as_mut().await;
        let read = after(mark);
        drop(sample);
        let expected = (self.expected)(iterations);
        assert_eq!(sum, expected, "the checksum of {iterations} iterations");
        read
    }

    /// Finds how many iterations make a sample of the right length, and warms up.
    pub(super) async fn calibrate(&self, work: usize) -> u32 {
        let target = match self.clock {
            Clock::Thread => SAMPLE,
            Clock::Wall => SAMPLE_THREADED,
        };
        let mut iterations = 1;
        let mut each = self.iteration(work, iterations).await;
        while each * f64::from(iterations) < target / 4.0 && iterations < 1 << 20 {
            iterations *= 2;
            each = self.iteration(work, iterations).await;
        }
        let iterations = whole(target / each);
        // What is longer than a sample needs less of it.
        let longer = each * f64::from(iterations) / target;
        for _ in 0..whole(f64::from(WARM_UP) / longer) {
            self.sample(work, iterations).await;
        }
        iterations
    }

    /// The shortest of three: an interruption must not make all samples short.
    async fn iteration(&self, work: usize, iterations: u32) -> f64 {
        let mut least = f64::INFINITY;
        for _ in 0..3 {
            least = least.min(self.sample(work, iterations).await.ns);
        }
        // A clock that does not move must not end in an endless search.
        (least * f64::from(self.operations)).max(0.01)
    }

    /// Measures rounds over the lines for about `millis` milliseconds.
    pub(super) async fn rounds(&self, lines: &[Line], millis: u32, seed: u64) -> Vec<Vec<Lane>> {
        let mut rng = Rng::with_seed(seed);
        // With all that a round does beside what it measures: some work takes longer to prepare than to do.
        let mark = self.clock.mark();
        self.round(lines, &mut rng).await;
        let took = self.clock.since(mark).ns.max(1.0);
        let fit = whole(f64::from(millis) * 1e6 / took);
        let mut rounds = Vec::new();
        for _ in 0..fit.clamp(*ROUNDS.start(), *ROUNDS.end()) {
            rounds.push(self.round(lines, &mut rng).await);
        }
        rounds
    }

    async fn round(&self, lines: &[Line], rng: &mut Rng) -> Vec<Lane> {
        let mut round: Vec<Lane> = lines.iter().map(|line| Lane::new(line.row)).collect();
        for index in order(lines.len(), rng) {
            let Line {
                work, iterations, ..
            } = lines[index];
            round[index].add(self.sample(work, iterations).await);
        }
        round
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampler")
            .field("works", &self.works.len())
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// The order of a round: a palindrome, so that for any two lanes it is A B B A or B A A B, over the lanes as drawn, so that
/// what one leaves behind does not always meet the same other.
pub fn order(lanes: usize, rng: &mut Rng) -> impl Iterator<Item = usize> + use<> {
    let mut drawn: Vec<usize> = (0..lanes).collect();
    rng.shuffle(&mut drawn);
    let back: Vec<usize> = drawn.iter().rev().copied().collect();
    drawn.into_iter().chain(back)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what fits"
)]
fn whole(value: f64) -> u32 {
    value.clamp(1.0, f64::from(1 << 20)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_reads_the_same_forwards_and_backwards_and_has_each_lane_twice() {
        let mut rng = Rng::with_seed(1);
        for lanes in (1..6).cycle().take(60) {
            let order: Vec<usize> = order(lanes, &mut rng).collect();
            let mut back = order.clone();
            back.reverse();
            assert_eq!(order, back);
            let count = |lane| order.iter().filter(|other| **other == lane).count();
            assert!((0..lanes).all(|lane| count(lane) == 2), "{order:?}");
        }
    }

    #[test]
    fn every_lane_comes_after_every_other() {
        let mut rng = Rng::with_seed(1);
        let mut after = [[0; 3]; 3];
        for _ in 0..600 {
            let order: Vec<usize> = order(3, &mut rng).collect();
            after[order[0]][order[1]] += 1;
        }
        for (lane, others) in after.iter().enumerate() {
            for (other, times) in others.iter().enumerate() {
                // Each of six pairs begins 100 rounds, give or take.
                assert!(lane == other || (60..140).contains(times), "{after:?}");
            }
        }
    }
}
