//! Closures on tokio's blocking threads.

use std::sync::mpsc::channel;
use std::time::Duration;

use tokio::runtime::Builder;
use trunnion_core::{BlockOn, BlockingHandle, JoinError, ShutdownRuntime, SpawnBlocking};
use trunnion_tokio::TokioOwned;

use crate::gate::gate;

const GRACE: Duration = Duration::from_millis(20);

/// A runtime with one blocking thread.
fn narrow() -> TokioOwned {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .expect("tokio starts");
    TokioOwned::from_runtime(runtime).expect("it has a timer")
}

#[test]
fn a_job_that_has_not_started_can_be_revoked() {
    let owner = narrow();
    let rt = owner.handle();
    let (open, wait) = gate();
    let first = rt.spawn_blocking(wait);
    open.await_start();
    let second = rt.spawn_blocking(|| 2);
    second.revoke();
    first.revoke();
    drop(open);
    owner.block_on(async {
        first.await.expect("it had started");
        assert!(matches!(second.await, Err(JoinError::Cancelled)));
    });
}

#[test]
fn a_job_that_is_queued_at_shutdown_reads_shutdown_and_one_that_was_revoked_cancelled() {
    let owner = narrow();
    let rt = owner.handle();
    let (open, wait) = gate();
    let first = rt.spawn_blocking(wait);
    open.await_start();
    let second = rt.spawn_blocking(|| 2);
    let third = rt.spawn_blocking(|| 3);
    third.revoke();
    let report = owner.shutdown(GRACE).expect("outside");
    assert_eq!(report.blocking_running, 1);
    drop(open);
    let other = TokioOwned::current_thread().expect("tokio starts");
    other.block_on(async {
        first.await.expect("it had started");
        assert!(matches!(second.await, Err(JoinError::Shutdown)));
        assert!(matches!(third.await, Err(JoinError::Cancelled)));
        let late = rt.spawn_blocking(|| 4).await;
        assert!(matches!(late, Err(JoinError::Shutdown)));
    });
}

#[test]
fn jobs_whose_handles_are_dropped_before_they_start_all_run() {
    let owner = narrow();
    let rt = owner.handle();
    let (open, wait) = gate();
    drop(rt.spawn_blocking(wait));
    let (ran, runs) = channel();
    for _ in 0..2000 {
        let ran = ran.clone();
        drop(rt.spawn_blocking(move || ran.send(())));
    }
    drop((open, ran));
    // Ends when every closure has run or was dropped.
    assert_eq!(runs.iter().count(), 2000);
}
