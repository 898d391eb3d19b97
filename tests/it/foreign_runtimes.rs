//! Another runtime inside the simulator: what uses it is told, with its place.

use std::future::Future;
use std::time::Duration;

use trunnion_core::{Clock, Timer};
use trunnion_sim::{Explore, Failure, FailureKind, Schedule, SimRuntime};
use trunnion_smol::SmolGlobal;
use trunnion_tokio::TokioOwned;

/// Explores one run, first come, first served; gives what failed.
fn fails<F: Future>(test: impl Fn(SimRuntime) -> F) -> Failure {
    let report = Explore::new(Schedule::Fifo).run(test);
    assert_eq!(report.failures().len(), 1, "{report}");
    report.failures()[0].clone()
}

#[test]
fn the_clock_of_a_foreign_runtime_is_told_with_the_place_that_reads_it() {
    let owner = TokioOwned::current_thread().expect("it starts");
    let tokio = owner.handle();
    let line = line!() + 2;
    let by_tokio = fails(|_| async {
        let _now = tokio.now();
    });
    is_told(&by_tokio, line);
    let line = line!() + 2;
    let by_smol = fails(|_| async {
        let _now = SmolGlobal.now();
    });
    is_told(&by_smol, line);
}

fn is_told(failure: &Failure, line: u32) {
    assert_eq!(failure.kind(), FailureKind::Foreign, "{failure}");
    let place = format!(", at {}:{line}:", file!());
    assert!(failure.to_string().contains(&place), "{failure}");
}

#[test]
fn a_timer_of_a_foreign_runtime_is_told() {
    let failure = fails(|_| SmolGlobal.sleep(Duration::from_millis(1)));
    assert_eq!(failure.kind(), FailureKind::Foreign, "{failure}");
}
