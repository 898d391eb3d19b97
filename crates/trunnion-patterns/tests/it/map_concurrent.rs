//! Maps with bounded concurrency: by hand, and in the simulator.

mod bounds;
mod cancel;
mod errors;
mod lazy;
mod panics;
mod pump;
mod races;
mod shared;
mod sweeps;

use std::num::NonZeroUsize;

use crate::hand::Remote;

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("tests use limits above zero")
}

fn remotes(n: usize) -> Vec<Remote> {
    (0..n).map(|_| Remote::default()).collect()
}

fn started(remotes: &[Remote]) -> usize {
    remotes.iter().filter(|remote| remote.polls() > 0).count()
}

fn drops(remotes: &[Remote]) -> Vec<usize> {
    remotes.iter().map(Remote::drops).collect()
}

fn polls(remotes: &[Remote]) -> Vec<usize> {
    remotes.iter().map(Remote::polls).collect()
}
