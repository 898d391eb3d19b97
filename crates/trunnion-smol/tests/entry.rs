//! Entering runtimes: nested, refused, after a panic.

use std::cell::Cell;
use std::future::pending;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc;

use std::time::Duration;

use trunnion_core::{
    AnyRuntime, BlockOn, ShutdownRuntime, Spawn, SpawnBlocking, SpawnLocal, YieldNow, with_runtime,
};
use trunnion_smol::{SmolExecutor, SmolGlobal, SmolLocal, SmolOwned};

fn owned(threads: usize) -> SmolOwned {
    let threads = NonZeroUsize::new(threads).expect("a runtime has a thread");
    SmolOwned::with_workers(threads).expect("threads start")
}

/// Gives true if `owner` refuses a future and gives it back unpolled.
fn refuses<B: BlockOn>(owner: &B) -> bool {
    let polled = Cell::new(false);
    let refused = owner.try_block_on(async { polled.set(true) });
    let Err(refused) = refused else { return false };
    let was_polled = polled.get();
    smol::block_on(refused.into_inner());
    !was_polled && polled.get()
}

#[test]
fn nested_entries_are_refused_in_tasks_and_roots() {
    let owner = Arc::new(owned(1));
    let rt = owner.handle();
    assert!(owner.block_on(async { refuses(&*owner) }));
    let inner = Arc::clone(&owner);
    let task = rt.spawn(async move { refuses(&*inner) });
    assert!(owner.block_on(task).expect("the task ends"));

    let global = SmolGlobal;
    assert!(global.block_on(async { refuses(&global) }));
    let task = global.spawn(async move { refuses(&global) });
    assert!(global.block_on(task).expect("the task ends"));

    let local = SmolLocal::new();
    let inner = local.clone();
    assert!(local.block_on(async { refuses(&local) }));
    let task = local.spawn_local(async move { refuses(&inner) });
    assert!(local.block_on(task).expect("the task ends"));
}

#[test]
fn nested_entries_are_allowed_in_blocking_closures_and_in_other_runtimes() {
    let first = Arc::new(owned(1));
    let second = Arc::new(owned(1));
    let inner = Arc::clone(&first);
    let job = first
        .handle()
        .spawn_blocking(move || inner.block_on(inner.handle().spawn(async { 1 })));
    assert_eq!(first.block_on(job).expect("it ends").expect("it ends"), 1);
    let inner = Arc::clone(&second);
    let task = first
        .handle()
        .spawn(async move { inner.block_on(inner.handle().spawn(async { 2 })) });
    assert_eq!(first.block_on(task).expect("it ends").expect("it ends"), 2);
    let job = SmolGlobal.spawn_blocking(|| SmolGlobal.block_on(async { 3 }));
    assert_eq!(SmolGlobal.block_on(job).expect("it ends"), 3);
}

#[test]
fn a_panic_in_the_root_unwinds_and_the_runtime_stays_usable() {
    fn survives<B: BlockOn>(owner: &B) {
        let root = || owner.block_on(async { panic!("in the root") });
        assert!(catch_unwind(AssertUnwindSafe(root)).is_err());
        assert_eq!(owner.block_on(async { 1 }), 1);
    }
    survives(&owned(1));
    survives(&SmolGlobal);
    survives(&SmolLocal::new());
}

#[test]
fn the_root_may_borrow_and_stay_on_its_thread() {
    let owner = owned(1);
    let value = std::rc::Rc::new(Cell::new(1));
    owner.block_on(async { value.set(value.get() + 1) });
    assert_eq!(value.get(), 2);
}

#[test]
fn tasks_live_on_between_entries() {
    let owner = owned(1);
    let rt = owner.handle();
    let (sender, receiver) = mpsc::channel::<()>();
    let slot = Cell::new(None);
    owner.block_on(async { slot.set(Some(rt.spawn(async move { receiver.recv().is_ok() }))) });
    sender.send(()).expect("the task waits");
    let task = slot.take().expect("it was spawned");
    assert!(owner.block_on(task).expect("the task ends"));

    let local = SmolLocal::new();
    let (turns, slot) = (local.clone(), Cell::new(None));
    local.block_on(async {
        let task = local.spawn_local(async move {
            turns.yield_now().await;
            1
        });
        slot.set(Some(task));
    });
    let task = slot.take().expect("it was spawned");
    assert_eq!(local.block_on(task).expect("the task ends"), 1);
}

#[test]
fn one_owned_runtime_may_be_entered_from_two_threads() {
    let owner = owned(1);
    let (sender, receiver) = smol::channel::bounded(1);
    std::thread::scope(|scope| {
        scope.spawn(|| owner.block_on(async { receiver.recv().await.expect("it is sent") }));
        scope.spawn(|| owner.block_on(async { sender.send(()).await.expect("it is received") }));
    });
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

#[test]
fn panics_in_detached_tasks_do_not_kill_the_only_worker() {
    let owner = owned(1);
    let rt = owner.handle();
    rt.spawn_detached(async { panic!("in a poll") });
    let bomb = PanicsInDrop;
    rt.spawn_detached(async move { drop(bomb) });
    let bomb = PanicsInDrop;
    rt.spawn_detached(async move {
        let _bomb = bomb;
    });
    rt.spawn_detached(async { std::panic::panic_any(PanicsInDrop) });
    for _ in 0..10 {
        let task = rt.spawn(async { 42 });
        assert_eq!(owner.block_on(task).expect("the worker lives"), 42);
    }
}

#[test]
fn panics_in_cancelled_destructors_do_not_kill_the_only_worker() {
    let owner = owned(1);
    let rt = owner.handle();
    let bomb = PanicsInDrop;
    let task = rt.spawn(async move {
        let _bomb = bomb;
        pending::<()>().await;
    });
    let ended = owner.block_on(trunnion_core::TaskHandle::cancel(task));
    assert!(ended.expect_err("its destructor panics").is_panic());
    assert_eq!(owner.block_on(rt.spawn(async { 1 })).expect("it lives"), 1);
}

#[test]
fn sizes_are_within_two_words_of_the_native_types() {
    const WORD: usize = size_of::<usize>();
    assert!(size_of::<trunnion_smol::SmolSleep>() <= size_of::<smol::Timer>() + 2 * WORD);
    assert!(size_of::<trunnion_core::task::Task<u64>>() <= size_of::<smol::Task<u64>>() + 2 * WORD);
    assert_eq!(size_of::<SmolGlobal>(), 0);
}

#[test]
fn the_handles_are_runtimes_and_their_futures_move() {
    fn is_runtime<R: trunnion_core::Runtime + SpawnBlocking>() {}
    fn is_local<R: trunnion_core::LocalRuntime + ShutdownRuntime>() {}
    fn is_send<T: Send>(_: T) {}
    async fn naps<R: trunnion_core::Timer>(rt: &R) {
        rt.sleep(Duration::ZERO).await;
    }
    is_runtime::<SmolGlobal>();
    is_runtime::<SmolExecutor>();
    is_local::<SmolLocal>();
    is_send(naps(&SmolGlobal));
}

#[test]
fn blocking_on_a_runtime_from_two_levels_below_is_refused() {
    let (outer, inner) = (owned(1), owned(1));
    outer.block_on(async {
        inner.block_on(async {
            assert!(outer.try_block_on(async {}).is_err());
        });
        assert!(
            inner.try_block_on(async {}).is_ok(),
            "the inner one has been left"
        );
    });
}

#[test]
fn a_named_runtime_may_be_entered_and_shut_down_on_a_thread_that_is_not_its_own() {
    let owner = owned(1);
    let any = AnyRuntime::new(owner.handle());
    let named = with_runtime(any, async move {
        assert_eq!(owner.try_block_on(async { 1 }).ok(), Some(1));
        owner.shutdown(Duration::from_secs(30)).is_ok()
    });
    assert!(smol::block_on(named));
}

#[test]
fn naming_a_runtime_inside_a_blocking_closure_leaves_the_thread_free_to_block() {
    let owner = Arc::new(owned(1));
    let inner = Arc::clone(&owner);
    let any = AnyRuntime::new(owner.handle());
    let job = owner.handle().spawn_blocking(move || {
        let named = with_runtime(any, async { inner.try_block_on(async { 1 }).ok() });
        smol::block_on(named)
    });
    assert_eq!(owner.block_on(job).expect("it ends"), Some(1));
}

#[test]
fn naming_another_runtime_inside_a_poll_hides_nothing_of_the_poll() {
    let (first, second) = (owned(1), owned(1));
    let any = AnyRuntime::new(second.handle());
    first.block_on(with_runtime(any, async {
        assert!(refuses(&first));
        assert!(second.try_block_on(async {}).is_ok());
    }));
}

#[test]
fn a_shutdown_inside_is_refused_and_the_runtime_goes_on() {
    fn refused(owner: SmolOwned) -> Option<SmolOwned> {
        let refused = owner.shutdown(Duration::ZERO).err()?;
        Some(refused.into_inner())
    }
    let owner = owned(1);
    let rt = owner.handle();
    // In a task, in a blocking closure, and in a root of another runtime inside a blocking closure.
    let owner = smol::block_on(rt.spawn(async { refused(owner) })).expect("the task goes on");
    let owner = owner.expect("it would wait for itself");
    let owner = smol::block_on(rt.spawn_blocking(move || refused(owner))).expect("it goes on");
    let owner = owner.expect("it would wait for itself");
    let nested = rt.spawn_blocking(move || SmolGlobal.block_on(async { refused(owner) }));
    let owner = smol::block_on(nested).expect("the closure goes on");
    assert!(refused(owner.expect("it would wait for itself")).is_none());
}
