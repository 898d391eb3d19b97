//! The local runtime.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use trunnion_core::{
    BlockOn, Clock, JoinError, LocalRuntime, ShutdownRuntime, SpawnLocal, TaskHandle, YieldNow,
};
use trunnion_tokio::{LocalTask, TokioLocal, TokioLocalOwned, TokioOwned};

use crate::hook::panics_seen;

fn owner() -> TokioLocalOwned {
    TokioLocalOwned::new().expect("tokio starts")
}

fn join<T: 'static>(task: LocalTask<T>) -> Result<T, JoinError> {
    let other = TokioOwned::current_thread().expect("tokio starts");
    other.block_on(task)
}

async fn both<R: LocalRuntime>(rt: R) -> u32 {
    let inner = rt.clone();
    let value = Rc::new(Cell::new(1));
    let shared = Rc::clone(&value);
    let task = rt.spawn_local(async move {
        inner.sleep(Duration::from_millis(1)).await;
        let nested = inner.spawn_local(async { 1 }).await.unwrap();
        shared.set(shared.get() + nested);
    });
    rt.yield_now().await;
    task.await.unwrap();
    value.get()
}

#[test]
fn it_serves_as_a_local_runtime() {
    let owner = owner();
    assert_eq!(owner.block_on(both(owner.handle())), 2);
}

#[test]
fn local_tasks_are_cancelled_by_drop_and_their_panics_are_kept() {
    let owner = owner();
    let rt = owner.handle();
    let held = Rc::new(());
    owner.block_on(async {
        let inside = Rc::clone(&held);
        drop(rt.spawn_local(async move {
            pending::<()>().await;
            drop(inside);
        }));
        rt.yield_now().await;
        assert_eq!(Rc::strong_count(&held), 1);
        let cancelled = rt.spawn_local(pending::<()>()).cancel().await;
        assert!(cancelled.unwrap_err().is_cancelled());
        let panicked = rt.spawn_local(async { panic!("no luck") }).await;
        assert!(panicked.unwrap_err().is_panic());
    });
}

#[test]
fn an_abort_from_another_thread_drops_the_task_on_its_own() {
    struct Stays(thread::ThreadId);
    impl Drop for Stays {
        fn drop(&mut self) {
            assert_eq!(thread::current().id(), self.0);
        }
    }
    let owner = owner();
    let rt = owner.handle();
    let stays = Stays(thread::current().id());
    let task = rt.spawn_local(async move {
        let _stays = stays;
        pending::<()>().await;
    });
    let aborter = task.abort_handle();
    let other = thread::spawn(move || aborter.abort());
    assert!(owner.block_on(task).unwrap_err().is_cancelled());
    other.join().expect("an abort does not panic");
}

/// Spawns when it is dropped, like destructors that log or clean up.
struct SpawnsInDrop(TokioLocal, Rc<RefCell<Vec<LocalTask<()>>>>);

impl Drop for SpawnsInDrop {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0.spawn_local(async {}));
    }
}

#[test]
fn a_task_that_owns_a_handle_does_not_keep_the_runtime_and_its_destructor_may_spawn() {
    let owner = owner();
    let rt = owner.handle();
    let late = Rc::new(RefCell::new(Vec::new()));
    let guard = SpawnsInDrop(rt.clone(), Rc::clone(&late));
    let task = rt.spawn_local(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    let report = owner.shutdown(Duration::from_secs(1)).expect("outside");
    assert_eq!((report.tasks_dropped, report.blocking_running), (1, 0));
    assert!(join(task).unwrap_err().is_shutdown());
    let late = late.borrow_mut().pop().expect("the destructor ran");
    assert!(join(late).unwrap_err().is_shutdown());
}

#[test]
fn a_spawn_after_the_end_drops_the_future_and_reads_shutdown() {
    let owner = owner();
    let rt = owner.handle();
    drop(owner);
    let late = Rc::new(RefCell::new(Vec::new()));
    let guard = SpawnsInDrop(rt.clone(), Rc::clone(&late));
    let task = rt.spawn_local(async move {
        let _guard = guard;
    });
    assert_eq!(late.borrow().len(), 1, "dropped at once");
    assert!(task.is_finished());
    assert!(join(task).unwrap_err().is_shutdown());
}

#[test]
fn entering_twice_is_refused_and_dropping_inside_is_not_a_panic() {
    let outer = owner();
    let seen = panics_seen(|| {
        outer.block_on(async {
            assert!(outer.try_block_on(async {}).is_err());
            let inner = owner();
            let inner = inner
                .shutdown(Duration::ZERO)
                .expect_err("inside")
                .into_inner();
            let task = inner.handle().spawn_local(pending::<()>());
            drop(inner);
            assert!(task.await.unwrap_err().is_shutdown());
        });
    });
    assert_eq!(seen, 0);
    let rt = outer.handle();
    outer.block_on(async { assert!(rt.now() >= rt.now() - Duration::from_secs(1)) });
}
