//! Closures that are still queued when their runtime ends, in a pool of a single thread.

use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use trunnion_core::{BlockOn, BlockingHandle, ShutdownRuntime, SpawnBlocking};
use trunnion_smol::SmolOwned;

/// One test at a time: they all need the only thread of the pool.
fn narrow_pool() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    blocking::set_max_blocking_threads(NonZeroUsize::MIN);
    alone
}

/// Keeps the pool's thread until the sender is dropped.
fn occupy(owner: &SmolOwned) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (started, has_started) = mpsc::channel();
    drop(owner.handle().spawn_blocking(move || {
        started.send(()).expect("the test listens");
        released.recv().is_err()
    }));
    has_started.recv().expect("the closure starts");
    release
}

fn owned() -> SmolOwned {
    SmolOwned::with_workers(NonZeroUsize::MIN).expect("threads start")
}

#[test]
fn shutdown_drops_queued_closures_at_once_while_the_pool_is_busy() {
    let _alone = narrow_pool();
    let (busy, owner) = (owned(), owned());
    let release = occupy(&busy);
    let guard = Arc::new(());
    let held = Arc::clone(&guard);
    let queued = owner.handle().spawn_blocking(move || drop(held));
    let report = owner
        .shutdown(Duration::from_secs(30))
        .expect("not inside the runtime");
    assert_eq!(report.blocking_running, 0);
    assert_eq!(Arc::strong_count(&guard), 1);
    let error = smol::block_on(queued).expect_err("it never ran");
    assert!(error.is_shutdown());
    drop(release);
}

#[test]
fn a_queued_closure_can_be_revoked() {
    let _alone = narrow_pool();
    let owner = owned();
    let release = occupy(&owner);
    let queued = owner.handle().spawn_blocking(|| ());
    queued.revoke();
    drop(release);
    let error = owner.block_on(queued).expect_err("it was revoked");
    assert!(error.is_cancelled());
}

#[test]
fn queued_closures_run_in_order() {
    let _alone = narrow_pool();
    let owner = owned();
    let release = occupy(&owner);
    let (sender, receiver) = mpsc::channel();
    for n in 0..100 {
        let sender = sender.clone();
        drop(owner.handle().spawn_blocking(move || sender.send(n)));
    }
    drop((release, sender));
    assert!(receiver.iter().eq(0..100));
}
