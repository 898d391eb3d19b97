//! What tests call.

use core::future::Future;

use super::Explore;
use super::env::Env;
use super::{Replay, tag};
use crate::runtime::SimRuntime;
use crate::schedule::Schedule;

/// Runs a test under many schedules, and panics with a report when it fails under one.
///
/// It is what a `#[test]` calls: first come, first served; the reverse; 128 schedules at random, and 64 each with priorities that change once and twice.
/// What the environment says comes first: see [`Explore::check`](super::Explore::check).
///
/// ```
/// use trunnion_core::Spawn;
///
/// trunnion_sim::check(|rt| async move {
///     let task = rt.spawn(async { 42 });
///     assert_eq!(task.await.unwrap(), 42);
/// });
/// ```
///
/// # Panics
/// With the [`Failure`](super::Failure).
#[track_caller]
pub fn check<F: Future>(test: impl Fn(SimRuntime) -> F) {
    let plan = [
        Explore::new(Schedule::Fifo),
        Explore::new(Schedule::Lifo),
        Explore::new(Schedule::Random).runs(128),
        Explore::new(Schedule::Pct { depth: 2 }).runs(64),
        Explore::new(Schedule::Pct { depth: 3 }).runs(64),
    ];
    check_all(&plan, &test);
}

/// Does what `plan` says, or the environment in its place.
#[track_caller]
#[expect(clippy::panic, reason = "the failure of a test")]
#[expect(clippy::print_stderr, reason = "what a test says that passes")]
pub(super) fn check_all<F: Future>(plan: &[Explore], test: &impl Fn(SimRuntime) -> F) {
    let env = Env::read().unwrap_or_else(|error| panic!("{error}"));
    let tag = tag::next(test);
    let mine = |replay: &&Replay| replay.tag == tag;
    if let Some(replay) = env.replay.as_ref().filter(mine) {
        let explore = plan
            .first()
            .cloned()
            .unwrap_or(Explore::new(Schedule::Fifo));
        let report = explore.replay(replay, test);
        report.expect_success();
        panic!(
            "the replayed run passes: what failed is mended, or what failed came from state that an earlier run left behind; unset TRUNNION_SIM_REPLAY"
        );
    }
    if env.replay.is_some() {
        eprintln!(
            "note: TRUNNION_SIM_REPLAY belongs to another call of `check`, and this one explores as usual"
        );
    }
    let told = env.strategy.zip(plan.first());
    let told = told.map(|(schedule, first)| first.clone().by(schedule));
    let plan = told.as_ref().map_or(plan, core::slice::from_ref);
    for explore in plan {
        let mut explore = explore.clone();
        explore.seed = env.seed.unwrap_or(explore.seed);
        explore.runs = env.seeds.unwrap_or(explore.runs);
        let report = explore.run_as(tag, test);
        if explore.is_search() {
            report.expect_complete();
        } else {
            report.expect_success();
        }
    }
}
