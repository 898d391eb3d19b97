//! Exploring schedules.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use trunnion_core::{Spawn, YieldNow};
use trunnion_sim::{Explore, FailureKind, Schedule, SimRuntime};

/// Reads, lets others run, and writes: an update can be lost.
async fn lost_update(rt: SimRuntime) {
    let value = Arc::new(AtomicU32::new(0));
    let add = || {
        let (rt, value) = (rt.clone(), Arc::clone(&value));
        async move {
            let seen = value.load(Relaxed);
            if seen == 0 {
                rt.yield_now().await;
            }
            value.store(seen + 1, Relaxed);
        }
    };
    let (a, b) = (rt.spawn(add()), rt.spawn(add()));
    a.await.unwrap();
    b.await.unwrap();
    assert_eq!(value.load(Relaxed), 2);
}

#[test]
fn a_lost_update_is_found_and_shrunk() {
    for schedule in [
        Schedule::Random,
        Schedule::Pct { depth: 2 },
        Schedule::Dfs { preemptions: None },
        Schedule::Delay { max: 2 },
    ] {
        let report = Explore::new(schedule).run(lost_update);
        println!("{report}");
        assert_eq!(report.failures().len(), 1);
        assert_eq!(report.failures()[0].kind(), FailureKind::Panic);
    }
}

/// Three tasks, each polled `polls` times, under a root that returns at once.
async fn interleaved(rt: SimRuntime, polls: u32) {
    for _ in 0..3 {
        let inner = rt.clone();
        rt.spawn_detached(async move {
            for _ in 1..polls {
                inner.yield_now().await;
            }
        });
    }
}

#[test]
fn a_search_runs_every_schedule_once() {
    for (polls, schedules) in [(1, 6), (2, 90), (3, 1_680)] {
        let all = Explore::new(Schedule::Dfs { preemptions: None });
        let report = all.run(|rt| interleaved(rt, polls));
        report.expect_complete();
        assert_eq!(report.executions(), schedules);
        assert_eq!(report.distinct(), schedules);
    }
}
