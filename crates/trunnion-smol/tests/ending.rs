//! What happens to tasks when their executor ends.

use std::future::pending;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use trunnion_core::{BlockOn, ShutdownRuntime, Spawn, SpawnBlocking, TaskHandle, Timer, YieldNow};
use trunnion_smol::{SmolExecutor, SmolOwned};

const GRACE: Duration = Duration::from_secs(30);

fn owned(threads: usize) -> SmolOwned {
    let threads = NonZeroUsize::new(threads).expect("a runtime has a thread");
    SmolOwned::with_workers(threads).expect("threads start")
}

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

struct SpawnsWhenDropped(SmolExecutor, usize);

impl Drop for SpawnsWhenDropped {
    fn drop(&mut self) {
        for _ in 0..self.1 {
            self.0.spawn_detached(pending());
            drop(self.0.spawn(pending::<()>()));
        }
    }
}

#[test]
fn shutdown_counts_the_tasks_that_it_drops() {
    let drops = Drops::default();
    let owner = owned(2);
    let rt = owner.handle();
    for _ in 0..10 {
        rt.spawn_detached(hold(drops.guard()));
    }
    let awaited = rt.spawn(hold(drops.guard()));
    owner
        .block_on(rt.spawn(async {}))
        .expect("a task that ends is not counted");
    let report = owner.shutdown(GRACE).expect("not inside the runtime");
    assert_eq!(report.tasks_dropped, 11);
    assert_eq!(report.blocking_running, 0);
    assert_eq!(drops.count(), 11);
    assert!(
        smol::block_on(awaited)
            .expect_err("it was dropped")
            .is_shutdown()
    );
    assert!(
        smol::block_on(rt.spawn(async {}))
            .expect_err("the runtime is gone")
            .is_shutdown()
    );
}

#[test]
fn shutdown_inside_a_task_is_refused_and_the_runtime_goes_on() {
    let owner = owned(1);
    let rt = owner.handle();
    let (sender, receiver) = mpsc::channel();
    let task = rt.spawn(async move {
        let owner: SmolOwned = receiver.recv().expect("the test sends it");
        let refused = owner.shutdown(GRACE).expect_err("this is inside");
        refused.into_inner()
    });
    sender.send(owner).expect("the task waits");
    let owner = smol::block_on(task).expect("the task ends");
    assert_eq!(owner.block_on(rt.spawn(async { 1 })).expect("it runs"), 1);
}

#[test]
fn shutdown_inside_a_blocking_closure_is_refused() {
    let owner = owned(1);
    let rt = owner.handle();
    let job = rt.spawn_blocking(move || owner.shutdown(GRACE).is_err());
    assert!(smol::block_on(job).expect("the closure ends"));
}

#[test]
fn an_owner_may_be_dropped_by_a_task_on_its_only_worker() {
    let drops = Drops::default();
    let owner = owned(1);
    let rt = owner.handle();
    let pending = rt.spawn(hold(drops.guard()));
    let (sender, receiver) = mpsc::channel();
    rt.spawn_detached(async move { drop::<Option<SmolOwned>>(receiver.recv().ok()) });
    sender.send(owner).expect("the task waits");
    assert!(
        smol::block_on(pending)
            .expect_err("the runtime ends")
            .is_shutdown()
    );
    assert_eq!(drops.count(), 1);
}

#[test]
fn dropping_an_owner_whose_worker_is_stuck_does_not_block_for_ever() {
    let owner = owned(1);
    let rt = owner.handle();
    let (release, released) = mpsc::channel::<()>();
    let (started, has_started) = mpsc::channel();
    let stuck = rt.spawn(async move {
        started.send(()).expect("the test listens");
        released.recv().is_err()
    });
    has_started.recv().expect("the task starts");
    drop(owner);
    drop(release);
    assert!(smol::block_on(stuck).expect("its last poll gives the value"));
}

#[test]
fn destructors_may_spawn_and_sleep_while_the_runtime_ends() {
    struct Spawns(SmolExecutor, mpsc::Sender<bool>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            drop(self.0.sleep(Duration::from_secs(1)));
            let task = self.0.spawn(async {});
            self.1.send(task.is_finished()).expect("the test listens");
        }
    }
    let owner = owned(2);
    let rt = owner.handle();
    let (sender, receiver) = mpsc::channel();
    let spawns = Spawns(rt.clone(), sender);
    rt.spawn_detached(async move {
        let _spawns = spawns;
        pending::<()>().await;
    });
    owner.shutdown(GRACE).expect("not inside the runtime");
    assert!(receiver.recv().expect("the destructor ran"));
}

#[test]
fn destructors_that_panic_while_the_runtime_ends_stop_nothing() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let drops = Drops::default();
    let owner = owned(1);
    let rt = owner.handle();
    for _ in 0..3 {
        let guard = drops.guard();
        rt.spawn_detached(async move {
            let _first = guard;
            let _second = Panics;
            pending::<()>().await;
        });
    }
    let report = owner.shutdown(GRACE).expect("not inside the runtime");
    assert_eq!((report.tasks_dropped, drops.count()), (3, 3));
}

#[test]
fn runtimes_leave_no_threads_behind() {
    for _ in 0..100 {
        let owner = owned(2);
        let rt = owner.handle();
        owner.block_on(rt.spawn(async {})).expect("the task ends");
        drop(owner);
    }
    let names = std::fs::read_dir("/proc/self/task").map(|tasks| {
        tasks
            .flatten()
            .filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok())
            .filter(|name| name.starts_with("trunnion-smol"))
            .count()
    });
    // The other tests of this file own fewer than this at any time.
    assert!(names.is_err() || names.is_ok_and(|count| count < 50));
}

#[test]
fn wakes_from_other_threads_do_not_disturb_the_end() {
    for _ in 0..50 {
        let owner = owned(2);
        let rt = owner.handle();
        for _ in 0..20 {
            let inner = rt.clone();
            rt.spawn_detached(async move {
                loop {
                    inner.yield_now().await;
                }
            });
        }
        let report = owner.shutdown(GRACE).expect("not inside the runtime");
        assert_eq!(report.tasks_dropped, 20);
    }
}

#[test]
fn tasks_that_are_refused_while_the_runtime_ends_do_not_count_as_dropped() {
    let owner = owned(1);
    let rt = owner.handle();
    let spawns = SpawnsWhenDropped(rt.clone(), 5);
    rt.spawn_detached(async move {
        let _spawns = spawns;
        pending::<()>().await;
    });
    let report = owner.shutdown(GRACE).expect("not inside the runtime");
    assert_eq!(report.tasks_dropped, 1);
}

#[test]
fn tasks_of_an_own_executor_that_ends_meanwhile_do_not_count_as_dropped() {
    let owner = owned(1);
    let native = Arc::new(smol::Executor::new());
    let other = SmolExecutor::new(&native);
    for _ in 0..3 {
        other.spawn_detached(pending());
    }
    owner.handle().spawn_detached(async move {
        let _native = native;
        pending::<()>().await;
    });
    let report = owner.shutdown(GRACE).expect("not inside the runtime");
    assert_eq!(report.tasks_dropped, 1);
}

#[test]
fn a_refused_future_whose_destructor_panics_does_not_reach_the_caller() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let native = Arc::new(smol::Executor::new());
    let rt = SmolExecutor::new(&native);
    drop(native);
    let bomb = Panics;
    rt.spawn_detached(async move { drop(bomb) });
    let bomb = Panics;
    let refused = smol::block_on(rt.spawn(async move { drop(bomb) }));
    assert!(refused.is_err());
}
