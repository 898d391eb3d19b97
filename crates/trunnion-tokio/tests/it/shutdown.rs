//! Reports of shutdowns, and ends in awkward places.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};
use trunnion_core::{
    BlockOn, BlockingHandle, Clock, RealClock, ShutdownRuntime, Spawn, SpawnBlocking, SpawnLocal,
    TaskHandle,
};
use trunnion_tokio::{Tokio, TokioLocalOwned, TokioOwned};

use crate::gate::{gate, opens_late};
use crate::hook::panics_seen;

type Build = fn() -> std::io::Result<TokioOwned>;
const BUILDS: [Build; 2] = [TokioOwned::multi_thread, TokioOwned::current_thread];

fn start(build: Build) -> TokioOwned {
    build().expect("tokio starts")
}

#[test]
fn the_report_counts_tasks_and_running_closures_and_the_grace_is_honoured() {
    const GRACE: Duration = Duration::from_millis(100);
    for build in BUILDS {
        let owner = start(build);
        // A value of its own: what is counted belongs to the runtime.
        let rt = Tokio::new(owner.handle().handle().clone()).expect("it has a timer");
        let (open, wait) = gate();
        let job = rt.spawn_blocking(wait);
        open.await_start();
        (0..3).for_each(|_| rt.spawn(pending::<()>()).detach());
        let began = RealClock.now();
        let report = owner.shutdown(GRACE).expect("outside");
        assert!(RealClock.now() - began >= GRACE);
        assert_eq!((report.tasks_dropped, report.blocking_running), (3, 1));
        drop(open);
        let other = start(TokioOwned::current_thread);
        other.block_on(job).expect("it runs to its end");
    }
}

#[test]
fn closures_that_end_within_the_grace_are_not_reported() {
    for build in BUILDS {
        let owner = start(build);
        let rt = owner.handle();
        let (open, wait) = gate();
        drop(rt.spawn_blocking(wait));
        open.await_start();
        drop(open);
        let report = owner.shutdown(Duration::from_secs(60)).expect("outside");
        assert_eq!((report.tasks_dropped, report.blocking_running), (0, 0));
    }
}

#[test]
fn a_shutdown_inside_a_runtime_is_refused_without_a_panic() {
    for build in BUILDS {
        let outer = start(build);
        let seen = panics_seen(|| {
            let inner = outer.block_on(async {
                let inner = start(build);
                let refused = inner.shutdown(Duration::from_secs(1));
                refused.expect_err("inside a poll").into_inner()
            });
            assert_eq!(inner.block_on(async { 1 }), 1, "it goes on");
        });
        assert_eq!(seen, 0);
    }
}

#[test]
fn a_task_of_the_runtime_cannot_shut_it_down() {
    let owner = start(TokioOwned::multi_thread);
    let rt = owner.handle();
    let task = rt.spawn(async move { owner.shutdown(Duration::ZERO) });
    let refused = start(TokioOwned::current_thread).block_on(task);
    let owner = refused.expect("no panic").expect_err("inside").into_inner();
    drop(owner);
}

#[test]
fn a_blocking_closure_of_the_runtime_cannot_shut_it_down() {
    const GRACE: Duration = Duration::from_millis(20);
    for build in BUILDS {
        let owner = start(build);
        let rt = owner.handle();
        let job = rt.spawn_blocking(move || {
            let seen = panics_seen(|| assert_eq!(owner.block_on(async { 1 }), 1));
            (owner.shutdown(GRACE), seen)
        });
        let (refused, seen) = start(TokioOwned::current_thread).block_on(job).unwrap();
        assert_eq!(seen, 0, "blocking is legal there");
        let owner = refused.expect_err("it would wait for itself").into_inner();
        assert_eq!(owner.block_on(async { 1 }), 1, "it goes on");
        owner.shutdown(GRACE).expect("outside");
    }
}

#[test]
fn an_entered_thread_and_a_closure_of_another_runtime_can_shut_it_down() {
    for build in BUILDS {
        let owner = start(build);
        let rt = owner.handle();
        let entered = rt.handle().enter();
        owner.shutdown(Duration::ZERO).expect("a guard only");
        drop(entered);
        let other = start(build);
        let owner = start(build);
        let job = other.handle().spawn_blocking(move || {
            let rt = owner.handle();
            let _entered = rt.handle().enter();
            owner.shutdown(Duration::ZERO).is_ok()
        });
        assert!(other.block_on(job).unwrap());
    }
}

#[test]
fn dropping_an_owner_does_not_wait_for_running_closures_and_drops_the_tasks() {
    let other = start(TokioOwned::current_thread);
    for build in BUILDS {
        let owner = start(build);
        let rt = owner.handle();
        let (open, wait) = gate();
        let job = rt.spawn_blocking(wait);
        open.await_start();
        let task = rt.spawn(pending::<()>());
        let late = opens_late(open);
        drop(owner);
        assert!(!job.is_finished(), "it was waited for");
        assert!(other.block_on(task).unwrap_err().is_shutdown());
        drop(late);
        other.block_on(job).expect("it runs to its end");
    }
}

#[test]
fn dropping_a_local_owner_does_not_wait_for_running_closures_and_drops_the_tasks() {
    let native = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .expect("tokio starts");
    let rt = Tokio::new(native.handle().clone()).expect("it has a timer");
    let owner = TokioLocalOwned::from_runtime(native).expect("it has a timer");
    let (open, wait) = gate();
    let job = rt.spawn_blocking(wait);
    open.await_start();
    let task = owner.handle().spawn_local(pending::<()>());
    let late = opens_late(open);
    drop(owner);
    assert!(!job.is_finished(), "it was waited for");
    assert!(task.is_finished());
    drop(late);
    let other = start(TokioOwned::current_thread);
    other.block_on(job).expect("it runs to its end");
}

#[test]
fn an_owner_can_be_dropped_by_a_blocking_closure_of_its_own() {
    let other = start(TokioOwned::current_thread);
    for build in BUILDS {
        let owner = start(build);
        let rt = owner.handle();
        let task = rt.spawn(pending::<()>());
        let job = rt.spawn_blocking(move || drop(owner));
        other.block_on(job).unwrap();
        assert!(other.block_on(task).unwrap_err().is_shutdown());
    }
}

#[test]
fn an_owner_can_be_dropped_inside_a_runtime() {
    for outer in BUILDS {
        for inner in BUILDS {
            let seen = panics_seen(|| {
                start(outer).block_on(async {
                    let owner = start(inner);
                    let task = owner.handle().spawn(pending::<()>());
                    drop(owner);
                    assert!(task.await.unwrap_err().is_shutdown());
                });
            });
            assert_eq!(seen, 0);
        }
    }
}

#[test]
fn an_owner_can_be_dropped_by_a_task_of_its_own() {
    let owner = start(TokioOwned::multi_thread);
    let rt = owner.handle();
    let task = rt.spawn(async move { drop(owner) });
    let other = start(TokioOwned::current_thread);
    // The task may be dropped at the end of the poll in which it ended the runtime.
    let _ended = other.block_on(task);
    assert!(
        other
            .block_on(rt.spawn(async {}))
            .unwrap_err()
            .is_shutdown()
    );
}

/// Spawns when it is dropped.
struct SpawnsInDrop(Tokio, Arc<std::sync::Mutex<Vec<bool>>>);

impl Drop for SpawnsInDrop {
    fn drop(&mut self) {
        let task = self.0.spawn(async {});
        self.1
            .lock()
            .expect("not poisoned")
            .push(task.is_finished());
        task.detach();
        let context = trunnion_core::AnyRuntime::current().expect("inside the runtime");
        assert!(context.downcast_ref::<Tokio>().is_some());
    }
}

#[test]
fn destructors_may_spawn_while_the_runtime_ends() {
    for build in BUILDS {
        let owner = start(build);
        let rt = owner.handle();
        let refused = Arc::default();
        let guard = SpawnsInDrop(rt.clone(), Arc::clone(&refused));
        rt.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        })
        .detach();
        owner.shutdown(Duration::from_secs(5)).expect("outside");
        assert_eq!(*refused.lock().expect("not poisoned"), [true]);
    }
}

#[test]
fn tasks_that_were_awaited_are_not_reported() {
    for _ in 0..100 {
        let owner = start(TokioOwned::multi_thread);
        let rt = owner.handle();
        rt.spawn(pending::<()>()).detach();
        owner.block_on(async { rt.spawn(async {}).await.unwrap() });
        let report = owner.shutdown(Duration::ZERO).expect("outside");
        assert_eq!(report.tasks_dropped, 1);
    }
}
