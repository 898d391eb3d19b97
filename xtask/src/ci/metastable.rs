//! The published results on retries and stalls, with all their seeds.

use xshell::{Shell, cmd};

use crate::error::Result;
use crate::step::Step;
use crate::tally::Tally;
use crate::test;

pub(super) fn run(sh: &Shell) -> Result<Tally> {
    // The same packages and features as all other tests, so that nothing is built a second time.
    let deep = cmd!(
        sh,
        "cargo test --workspace --all-features --no-fail-fast --test metastable_deep"
    );
    test::count(Step::new(deep), "published results")
}
