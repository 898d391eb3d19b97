//! Blocking closures, on each runtime that has them.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use trunnion_core::{
    AnyRuntime, BlockOn, BlockingHandle, ShutdownRuntime, Spawn, SpawnBlocking, Timer,
};
use trunnion_smol::{SmolExecutor, SmolGlobal, SmolOwned};

const MANY: usize = 2_000;

fn owned(threads: usize) -> SmolOwned {
    let threads = NonZeroUsize::new(threads).expect("a runtime has a thread");
    SmolOwned::with_workers(threads).expect("threads start")
}

/// Drops all handles at once and waits for the closures by a channel.
fn all_run_without_handles<R: SpawnBlocking>(rt: &R) {
    let (sender, receiver) = mpsc::channel();
    for _ in 0..MANY {
        let sender = sender.clone();
        drop(rt.spawn_blocking(move || sender.send(()).expect("the test listens")));
    }
    drop(sender);
    assert_eq!(receiver.iter().count(), MANY);
}

#[test]
fn closures_whose_handles_are_dropped_all_run_on_the_global_executor() {
    all_run_without_handles(&SmolGlobal);
}

#[test]
fn closures_whose_handles_are_dropped_all_run_on_an_own_executor() {
    let native = Arc::new(smol::Executor::new());
    all_run_without_handles(&SmolExecutor::new(&native));
}

#[test]
fn closures_whose_handles_are_dropped_all_run_on_an_owned_runtime() {
    all_run_without_handles(&owned(1).handle());
}

#[test]
fn closures_whose_handles_are_dropped_all_run_through_any_runtime() {
    all_run_without_handles(&AnyRuntime::new(SmolGlobal));
}

#[test]
fn a_blocking_closure_may_enter_its_own_runtime_again() {
    let owner = Arc::new(owned(1));
    let rt = owner.handle();
    let inner = Arc::clone(&owner);
    let job = rt.spawn_blocking(move || inner.block_on(inner.handle().spawn(async { 6 * 7 })));
    let value = owner.block_on(job).expect("the closure ends");
    assert_eq!(value.expect("the task ends"), 42);
}

#[test]
fn shutdown_waits_for_running_closures() {
    let owner = owned(1);
    let rt = owner.handle();
    let (started, has_started) = mpsc::channel();
    let ended = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ended);
    let (release, released) = mpsc::channel::<()>();
    let running = rt.spawn_blocking(move || {
        started.send(()).expect("the test listens");
        released.recv().expect("the test releases it");
        count.fetch_add(1, Ordering::SeqCst);
    });
    has_started.recv().expect("the closure starts");
    let later = std::thread::spawn(move || release.send(()));
    let report = owner
        .shutdown(Duration::from_secs(30))
        .expect("not inside the runtime");
    assert_eq!(report.blocking_running, 0);
    assert_eq!(ended.load(Ordering::SeqCst), 1);
    smol::block_on(running).expect("a closure that ran gives its value");
    later
        .join()
        .expect("it does not panic")
        .expect("it was sent");
}

#[test]
fn shutdown_reports_closures_that_outlast_the_grace() {
    let owner = owned(1);
    let rt = owner.handle();
    let (started, has_started) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let job = rt.spawn_blocking(move || {
        started.send(()).expect("the test listens");
        released.recv().is_err()
    });
    has_started.recv().expect("the closure starts");
    let report = owner
        .shutdown(Duration::from_millis(20))
        .expect("not inside the runtime");
    assert_eq!(report.blocking_running, 1);
    drop(release);
    assert!(smol::block_on(job).expect("it runs to its end"));
}

#[test]
fn a_closure_spawned_after_the_end_is_dropped_and_gives_shutdown() {
    let owner = owned(1);
    let rt = owner.handle();
    drop(owner);
    let guard = Arc::new(());
    let held = Arc::clone(&guard);
    let refused = smol::block_on(rt.spawn_blocking(move || drop(held)));
    assert!(refused.expect_err("it cannot run").is_shutdown());
    assert_eq!(Arc::strong_count(&guard), 1);
}

#[test]
fn a_closure_spawned_after_its_executor_is_dropped_and_gives_shutdown() {
    let native = Arc::new(smol::Executor::new());
    let rt = SmolExecutor::new(&native);
    drop(native);
    let refused = smol::block_on(rt.spawn_blocking(|| ()));
    assert!(refused.expect_err("it cannot run").is_shutdown());
}

#[test]
fn a_closure_finds_its_runtime_when_it_runs_and_when_it_is_dropped() {
    struct Finds(mpsc::Sender<bool>);
    impl Drop for Finds {
        fn drop(&mut self) {
            let found = AnyRuntime::current().is_ok();
            self.0.send(found).expect("the test listens");
        }
    }
    let (sender, receiver) = mpsc::channel();
    let owner = owned(1);
    let rt = owner.handle();
    let finds = Finds(sender.clone());
    let ran = owner.block_on(rt.spawn_blocking(move || {
        drop(finds);
        AnyRuntime::current().is_ok()
    }));
    assert!(ran.expect("it runs"));
    assert!(receiver.recv().expect("it was dropped"));
    drop(owner);
    let finds = Finds(sender);
    drop(rt.spawn_blocking(move || drop(finds)));
    assert!(receiver.recv().expect("it was dropped"));
}

#[test]
fn a_panic_in_a_closure_arrives_and_is_not_counted_as_running() {
    let owner = owned(1);
    let rt = owner.handle();
    let error = owner
        .block_on(rt.spawn_blocking(|| panic!("no luck")))
        .expect_err("it panics");
    assert!(error.is_panic());
    let report = owner
        .shutdown(Duration::from_secs(30))
        .expect("not inside the runtime");
    assert_eq!(report.blocking_running, 0);
}

#[test]
fn revoking_a_closure_that_waits_drops_it() {
    let rt = SmolGlobal;
    let job = rt.spawn_blocking(|| ());
    job.revoke();
    // It may have started by now; it ends in any case.
    let ended = smol::block_on(job);
    assert!(ended.is_ok() || ended.is_err_and(|error| error.is_cancelled()));
}

#[test]
fn tasks_go_on_while_closures_block() {
    let owner = owned(1);
    let rt = owner.handle();
    let (release, released) = mpsc::channel::<()>();
    let job = rt.spawn_blocking(move || released.recv().is_ok());
    owner.block_on(async {
        rt.sleep(Duration::from_millis(1)).await;
        assert!(rt.spawn(async { true }).await.expect("the task ends"));
    });
    release.send(()).expect("the closure waits");
    assert!(owner.block_on(job).expect("the closure ends"));
}
