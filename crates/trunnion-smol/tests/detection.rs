//! Which runtime is found: in polls, destructors and blocking closures of two executors that take turns.

use std::future::pending;
use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use trunnion_core::{
    AnyRuntime, BlockOn, RuntimeId, RuntimeInfo, Spawn, SpawnBlocking, SpawnLocal, YieldNow,
};
use trunnion_smol::{SmolExecutor, SmolGlobal, SmolLocal, SmolOwned};

fn current() -> Option<RuntimeId> {
    AnyRuntime::current().ok().map(|runtime| runtime.info().id)
}

fn owned(threads: usize) -> SmolOwned {
    let threads = NonZeroUsize::new(threads).expect("a runtime has a thread");
    SmolOwned::with_workers(threads).expect("threads start")
}

struct TellsWhenDropped(mpsc::Sender<Option<RuntimeId>>);

impl Drop for TellsWhenDropped {
    fn drop(&mut self) {
        self.0.send(current()).expect("the test listens");
    }
}

#[test]
fn two_executors_on_one_thread_are_told_apart_in_each_poll() {
    let natives = [(); 2].map(|()| Arc::new(smol::Executor::new()));
    let runtimes = natives.each_ref().map(SmolExecutor::new);
    let tasks = runtimes.each_ref().map(|rt| {
        let (id, turns) = (rt.info().id, rt.clone());
        rt.spawn(async move {
            for _ in 0..10 {
                assert_eq!(current(), Some(id));
                turns.yield_now().await;
            }
        })
    });
    // One tick of each in turn, nested in nothing.
    while natives.iter().any(|native| native.try_tick()) {
        for native in &natives {
            native.try_tick();
            assert_eq!(current(), None);
        }
    }
    for task in tasks {
        smol::block_on(task).expect("each found its own");
    }
}

#[test]
fn a_task_on_another_executor_inside_a_task_is_the_innermost() {
    let native = Arc::new(smol::Executor::new());
    let outer = SmolExecutor::new(&native);
    let inner = owned(1);
    let (outer_id, inner_id) = (outer.info().id, inner.handle().info().id);
    let task = outer.spawn(async move {
        let found = inner.block_on(async { current() });
        (found, current())
    });
    let found = smol::block_on(native.run(task)).expect("the task ends");
    assert_eq!(found, (Some(inner_id), Some(outer_id)));
}

#[test]
fn destructors_find_the_runtime_of_their_task() {
    let (sender, receiver) = mpsc::channel();
    let native = Arc::new(smol::Executor::new());
    let rt = SmolExecutor::new(&native);
    let id = rt.info().id;
    let held = |sender: &mpsc::Sender<_>| {
        let tells = TellsWhenDropped(sender.clone());
        async move {
            let _tells = tells;
            pending::<()>().await;
        }
    };
    // Cancelled.
    drop(rt.spawn(held(&sender)));
    while native.try_tick() {}
    assert_eq!(receiver.recv(), Ok(Some(id)));
    // Cut short, with and without a handle.
    let task = rt.spawn(held(&sender));
    rt.spawn_detached(held(&sender));
    while native.try_tick() {}
    drop(native);
    assert_eq!(receiver.recv(), Ok(Some(id)));
    assert_eq!(receiver.recv(), Ok(Some(id)));
    drop(task);
    // Never started.
    rt.spawn_detached(held(&sender));
    assert_eq!(receiver.recv(), Ok(Some(id)));
}

/// Tells, when it is dropped, which runtime is current and whether a task on it is refused.
struct Asks(Arc<Mutex<Vec<(RuntimeId, bool)>>>);

impl Drop for Asks {
    fn drop(&mut self) {
        // Another executor is met: the table of executors forgets those that nobody needs.
        drop(SmolExecutor::new(&Arc::new(smol::Executor::new())));
        let rt = AnyRuntime::current().expect("inside a task");
        let task = rt.spawn(async {});
        let refused = smol::block_on(task).is_err_and(|error| error.is_shutdown());
        let answer = (rt.info().id, refused);
        self.0.lock().expect("not poisoned").push(answer);
    }
}

#[test]
fn a_destructor_that_the_end_of_an_executor_runs_finds_a_runtime_that_refuses() {
    let native = Arc::new(smol::Executor::new());
    let rt = SmolExecutor::new(&native);
    let id = rt.info().id;
    let answers = Arc::default();
    let asks = Asks(Arc::clone(&answers));
    rt.spawn_detached(async move {
        let _asks = asks;
        pending::<()>().await;
    });
    assert!(native.try_tick());
    // No value is left, only the executor.
    drop(rt);
    drop(native);
    assert_eq!(*answers.lock().expect("not poisoned"), [(id, true)]);
}

#[test]
fn a_task_that_outlives_all_values_finds_its_runtime_and_spawns_there() {
    let native = Arc::new(smol::Executor::new());
    let rt = SmolExecutor::new(&native);
    let id = rt.info().id;
    let task = rt.spawn(async {
        let rt = AnyRuntime::current().expect("inside a task");
        (rt.info().id, rt.spawn(async { 1 }).await.ok())
    });
    drop(rt);
    let found = smol::block_on(native.run(task)).expect("it runs");
    assert_eq!(found, (id, Some(1)));
    assert_eq!(SmolExecutor::new(&native).info().id, id);
}

#[test]
fn roots_tasks_and_blocking_closures_find_their_runtime() {
    fn check<B: BlockOn, R: Spawn + SpawnBlocking + RuntimeInfo>(owner: &B, rt: &R) {
        let id = Some(rt.info().id);
        owner.block_on(async {
            assert_eq!(current(), id);
            assert_eq!(rt.spawn(async { current() }).await.expect("it ends"), id);
            assert_eq!(rt.spawn_blocking(current).await.expect("it ends"), id);
            assert_eq!(current(), id);
        });
        assert_eq!(current(), None);
    }
    check(&SmolGlobal, &SmolGlobal);
    let (first, second) = (owned(1), owned(2));
    check(&first, &first.handle());
    check(&second, &second.handle());
    assert_ne!(first.handle().info().id, second.handle().info().id);
}

#[test]
fn the_found_runtime_is_of_the_type_that_was_entered_and_spawns_there() {
    let owner = owned(1);
    let id = owner.handle().info().id;
    let found = owner
        .block_on(async { AnyRuntime::current() })
        .expect("it is current");
    let same = found.downcast_ref::<SmolExecutor>().expect("its own type");
    assert_eq!(same.info().id, id);
    let task = found.spawn(async { current() });
    assert_eq!(owner.block_on(task).expect("the task ends"), Some(id));
    drop(owner);
    assert!(
        smol::block_on(found.spawn(async {}))
            .expect_err("it holds the runtime weakly")
            .is_shutdown()
    );
}

#[test]
fn inside_a_local_runtime_detection_says_that_it_is_local() {
    let rt = SmolLocal::new();
    let error = rt
        .block_on(rt.spawn_local(async { AnyRuntime::current() }))
        .expect("the task ends")
        .expect_err("a local runtime is no AnyRuntime");
    assert_eq!(error.local, Some("smol-local"));
}

#[test]
fn outside_the_error_lists_smol() {
    trunnion_smol::register();
    let error = AnyRuntime::current().expect_err("nothing is current");
    assert_eq!(error.asked, ["smol"]);
}
