//! Every schedule of a small program, optimised: without that it would take minutes.

use xshell::{Shell, cmd};

use crate::error::Result;
use crate::step::Step;
use crate::tally::Tally;
use crate::test;

pub(super) fn run(sh: &Shell) -> Result<Tally> {
    // The profile of the comparisons, whose crates are built for them anyway.
    let deep = cmd!(
        sh,
        "cargo test --profile bench --package trunnion-benches --test search_deep"
    );
    test::count(Step::new(deep), "every schedule")
}
