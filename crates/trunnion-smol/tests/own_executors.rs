//! The end of executors that the program drives itself, and of local runtimes.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use trunnion_core::{
    BlockOn, Clock, RuntimeInfo, ShutdownRuntime, Spawn, SpawnLocal, TaskHandle, YieldNow,
};
use trunnion_smol::{SmolExecutor, SmolLocal};

const GRACE: Duration = Duration::from_secs(30);

#[derive(Clone, Default)]
struct Drops(Arc<AtomicUsize>);

impl Drops {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn guard(&self) -> Guard {
        Guard(self.clone())
    }
}

struct Guard(Drops);

impl Drop for Guard {
    fn drop(&mut self) {
        (self.0).0.fetch_add(1, Ordering::SeqCst);
    }
}

async fn hold(guard: Guard) {
    pending::<()>().await;
    drop(guard);
}

#[test]
fn dropping_an_own_executor_drops_its_pending_tasks_once_and_their_awaiters_get_shutdown() {
    let drops = Drops::default();
    let native = Arc::new(smol::Executor::new());
    let rt = SmolExecutor::new(&native);
    let polled = rt.spawn(hold(drops.guard()));
    let unpolled = rt.spawn(hold(drops.guard()));
    rt.spawn_detached(hold(drops.guard()));
    assert!(native.try_tick());
    assert_eq!(drops.count(), 0);
    drop(native);
    assert_eq!(drops.count(), 3);
    for task in [polled, unpolled] {
        let error = smol::block_on(task).expect_err("the executor is gone");
        assert!(error.is_shutdown());
    }
}

#[test]
fn a_spawn_after_the_executor_is_gone_drops_the_future_and_gives_shutdown() {
    let drops = Drops::default();
    let native = Arc::new(smol::Executor::new());
    let rt = SmolExecutor::new(&native);
    drop(native);
    let task = rt.spawn(hold(drops.guard()));
    rt.spawn_detached(hold(drops.guard()));
    assert_eq!(drops.count(), 2);
    assert!(task.is_finished());
    assert!(
        smol::block_on(task)
            .expect_err("it cannot run")
            .is_shutdown()
    );
}

#[test]
fn tasks_that_hold_handles_do_not_keep_the_executor_alive() {
    let native = Arc::new(smol::Executor::new());
    let rt = SmolExecutor::new(&native);
    let held = rt.clone();
    let task = rt.spawn(async move {
        pending::<()>().await;
        held.now()
    });
    let weak = Arc::downgrade(&native);
    drop(native);
    assert!(weak.upgrade().is_none());
    assert!(smol::block_on(task).is_err());
}

#[test]
fn two_values_of_one_executor_have_one_id_and_no_later_executor_has_it() {
    let native = Arc::new(smol::Executor::new());
    let id = SmolExecutor::new(&native).info().id;
    assert_eq!(SmolExecutor::new(&native).info().id, id);
    drop(native);
    for _ in 0..100 {
        let later = Arc::new(smol::Executor::new());
        assert_ne!(SmolExecutor::new(&later).info().id, id);
    }
}

#[test]
fn a_local_runtime_that_is_shut_down_drops_its_tasks_and_refuses_new_ones() {
    let drops = Drops::default();
    let owner = SmolLocal::new();
    let rt = owner.clone();
    let held = rt.clone();
    let guard = drops.guard();
    let task = rt.spawn_local(async move {
        let _held = (held, guard);
        pending::<()>().await;
    });
    owner.block_on(rt.yield_now());
    let report = owner.shutdown(GRACE).expect("not inside the runtime");
    assert_eq!((report.tasks_dropped, drops.count()), (1, 1));
    assert!(
        smol::block_on(task)
            .expect_err("it was dropped")
            .is_shutdown()
    );
    let refused = rt.block_on(rt.spawn_local(async {}));
    assert!(refused.expect_err("the runtime is gone").is_shutdown());
}

#[test]
fn dropping_the_owner_of_a_local_runtime_frees_tasks_that_hold_clones() {
    let drops = Drops::default();
    let owner = SmolLocal::new();
    let held = owner.clone();
    let guard = drops.guard();
    owner
        .spawn_local(async move {
            let _held = (held, guard);
            pending::<()>().await;
        })
        .detach();
    drop(owner);
    assert_eq!(drops.count(), 1);
}

#[test]
fn a_local_runtime_whose_owner_is_dropped_inside_ends_when_its_entry_does() {
    let drops = Drops::default();
    let owner = SmolLocal::new();
    let rt = owner.clone();
    let guard = drops.guard();
    let task = rt.spawn_local(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    let inner = rt.clone();
    rt.block_on(async move {
        drop(owner);
        let refused = inner.spawn_local(async {}).await;
        assert!(refused.expect_err("the runtime ends").is_shutdown());
    });
    assert_eq!(drops.count(), 1);
    assert!(
        smol::block_on(task)
            .expect_err("it was dropped")
            .is_shutdown()
    );
}

#[test]
fn a_destructor_that_panics_while_an_own_executor_is_dropped_does_not_abort() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let native = Arc::new(smol::Executor::new());
    let rt = SmolExecutor::new(&native);
    let bomb = Panics;
    rt.spawn_detached(async move {
        let _bomb = bomb;
        pending::<()>().await;
    });
    assert!(native.try_tick());
    drop(native);
    let refused = smol::block_on(rt.spawn(async {}));
    assert!(refused.expect_err("the executor is gone").is_shutdown());
}
