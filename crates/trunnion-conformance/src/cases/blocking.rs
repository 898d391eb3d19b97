//! B: blocking closures.

mod tasks;

pub use tasks::*;

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::task::Poll;
use core::time::Duration;
use std::collections::HashSet;
use std::sync::Arc;
use std::thread;

use trunnion_core::{
    BlockOn, BlockingHandle, JoinError, Spawn, SpawnBlocking, SpawnOptions, Timer, YieldNow,
};

use super::enter;
use crate::Adapter;
use crate::probe::{Drops, Event};

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! blocking_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; blocking [
            b01_the_value_is_returned,
            b02_a_closure_runs_although_its_handle_was_dropped_first,
            b03_closures_run_where_the_adapter_says,
            b04_tasks_go_on_while_all_threads_block,
            b05_more_closures_than_threads_all_finish,
            b06_a_closure_can_start_a_closure,
            b07_a_closure_can_enter_the_runtime,
            b09_a_closure_that_has_not_started_can_be_revoked,
            b09_a_closure_that_has_ended_keeps_its_value_when_revoked,
            s03_a_blocking_closure_can_spawn,
            p05_a_panic_in_a_blocking_closure_arrives,
        ] alone [] }
    };
}

/// Blocks every thread of the pool until the event happens.
pub(super) fn fill<A>(rt: &A::Runtime, gate: &Event) -> Vec<impl BlockingHandle<()> + use<A>>
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    let block = |_| {
        let gate = gate.clone();
        rt.spawn_blocking(move || gate.expect("the gate opens"))
    };
    (0..A::BLOCKING_THREADS).map(block).collect()
}

pub(super) async fn all_end<T>(handles: impl IntoIterator<Item = impl BlockingHandle<T>>) -> usize {
    let mut ended = 0;
    for handle in handles {
        assert!(handle.await.is_ok(), "the closure ends");
        ended += 1;
    }
    ended
}

/// Checks that a closure's value arrives.
pub fn b01_the_value_is_returned<A: Adapter<Runtime: SpawnBlocking>>() {
    enter::<A, _>(|rt| async move {
        let text = String::from("owned");
        let handle = rt.spawn_blocking(move || text.len());
        assert_eq!(handle.await.expect("the closure ends"), 5);
    });
}

/// Checks that 2,000 of 2,000 run: a handle holds the result, not the work.
pub fn b02_a_closure_runs_although_its_handle_was_dropped_first<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    const JOBS: usize = 2_000;
    const LIMIT: Duration = Duration::from_secs(15);
    enter::<A, _>(|rt| async move {
        let (ran, all) = (Arc::new(AtomicUsize::new(0)), Event::new());
        for number in 0..JOBS {
            let (ran, all) = (ran.clone(), all.clone());
            let job = move || {
                if ran.fetch_add(1, Ordering::AcqRel) + 1 == JOBS {
                    all.set();
                }
            };
            if number % 2 == 0 {
                drop(rt.spawn_blocking(job));
            } else {
                rt.spawn_blocking_detached_with(SpawnOptions::new(), job);
            }
        }
        let (mut all, mut limit) = (pin!(all.wait()), pin!(rt.sleep(LIMIT)));
        poll_fn(|cx| match limit.as_mut().poll(cx) {
            Poll::Pending => all.as_mut().poll(cx),
            Poll::Ready(()) => Poll::Ready(()),
        })
        .await;
        assert_eq!(ran.load(Ordering::Acquire), JOBS, "closures were lost");
    });
}

/// Checks which thread closures run on: never one of the tasks' threads, or just that one.
///
/// A runtime with several workers may use few of them for a while: many rounds show all of its threads.
pub fn b03_closures_run_where_the_adapter_says<A: Adapter<Runtime: SpawnBlocking>>() {
    const ROUNDS: usize = 50;
    let here = || thread::current().id();
    enter::<A, _>(|rt| async move {
        let (mut tasks, mut closures) = (HashSet::from([here()]), HashSet::new());
        for _ in 0..ROUNDS {
            let task = |_| rt.spawn(async move { here() });
            for task in (0..8).map(task).collect::<Vec<_>>() {
                tasks.insert(task.await.expect("the task ends"));
            }
            let closure = rt.spawn_blocking(here).await;
            closures.insert(closure.expect("the closure ends"));
        }
        let as_declared = if A::BLOCKING_THREADS == 0 {
            closures.is_subset(&tasks)
        } else {
            closures.is_disjoint(&tasks)
        };
        assert!(as_declared, "closures on {closures:?}, tasks on {tasks:?}");
    });
}

/// Checks that closures that block take nothing from the tasks.
pub fn b04_tasks_go_on_while_all_threads_block<A: Adapter<Runtime: SpawnBlocking>>() {
    if A::BLOCKING_THREADS == 0 {
        return closures_are_one_step::<A>();
    }
    enter::<A, _>(|rt| async move {
        let gate = Event::new();
        let blocked = fill::<A>(&rt, &gate);
        let queued = rt.spawn_blocking(|| ());
        for _ in 0..100 {
            rt.yield_now().await;
        }
        rt.sleep(rt.granularity()).await;
        rt.spawn(async {}).await.expect("the task ends");
        gate.set();
        assert_eq!(all_end(blocked).await, A::BLOCKING_THREADS);
        queued.await.expect("the queued closure ends");
    });
}

/// No task runs between the start and the end of a closure.
fn closures_are_one_step<A: Adapter<Runtime: SpawnBlocking>>() {
    enter::<A, _>(|rt| async move {
        let inside = Arc::new(AtomicBool::new(false));
        let closure = |_| {
            let inside = inside.clone();
            rt.spawn_blocking(move || {
                assert!(
                    !inside.swap(true, Ordering::AcqRel),
                    "one closure at a time"
                );
                thread::yield_now();
                inside.store(false, Ordering::Release);
            })
        };
        let closures: Vec<_> = (0..16).map(closure).collect();
        for _ in 0..100 {
            rt.yield_now().await;
            assert!(
                !inside.load(Ordering::Acquire),
                "a task ran inside a closure's step"
            );
        }
        assert_eq!(all_end(closures).await, 16);
    });
}

/// Checks that closures queue when all threads are busy, and none is refused or lost.
pub fn b05_more_closures_than_threads_all_finish<A: Adapter<Runtime: SpawnBlocking>>() {
    enter::<A, _>(|rt| async move {
        let gate = Event::new();
        let job = |i: usize| {
            let gate = gate.clone();
            rt.spawn_blocking(move || {
                gate.expect("the gate opens");
                i
            })
        };
        let jobs: Vec<_> = (0..A::BLOCKING_THREADS + 100).map(job).collect();
        // The gate opens when all are queued: the first ones have blocked every thread by then.
        gate.set();
        for (i, job) in jobs.into_iter().enumerate() {
            assert_eq!(job.await.expect("the closure ends"), i);
        }
    });
}

/// Checks that a closure may start another.
pub fn b06_a_closure_can_start_a_closure<A: Adapter<Runtime: SpawnBlocking>>() {
    enter::<A, _>(|rt| async move {
        let inside = rt.clone();
        let outer = rt.spawn_blocking(move || inside.spawn_blocking(|| 6 * 7));
        let inner = outer.await.expect("the outer closure ends");
        assert_eq!(inner.await.expect("the inner closure ends"), 42);
    });
}

/// Checks that a thread for blocking code can block on the runtime; only the tasks' own thread may be refused.
pub fn b07_a_closure_can_enter_the_runtime<A: Adapter<Runtime: SpawnBlocking>>() {
    let owner = Arc::new(A::start());
    let rt = A::runtime(&owner);
    owner.block_on(async {
        let (again, inside) = (owner.clone(), rt.clone());
        let closure = rt.spawn_blocking(move || {
            let task = inside.spawn(async { 6 * 7 });
            again.try_block_on(task).map_err(|_refused| ())
        });
        match closure
            .await
            .expect("the closure ends, without a panic or a deadlock")
        {
            Ok(value) => assert_eq!(value.expect("the task ends"), 42),
            Err(()) => assert!(
                A::BLOCKING_THREADS == 0 || !A::CONCURRENT_BLOCK_ON,
                "it may block"
            ),
        }
    });
}

/// Checks that revoking a queued closure drops it unrun.
pub fn b09_a_closure_that_has_not_started_can_be_revoked<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    enter::<A, _>(|rt| async move {
        let (gate, ran, drops) = (Event::new(), Event::new(), Drops::new());
        let blocked = fill::<A>(&rt, &gate);
        let (started, probe) = (ran.clone(), drops.probe());
        let queued = rt.spawn_blocking(move || {
            started.set();
            drop(probe);
        });
        queued.revoke();
        queued.revoke();
        gate.set();
        let outcome = queued.await;
        assert!(matches!(outcome, Err(JoinError::Cancelled)), "{outcome:?}");
        assert_eq!(drops.count(), 1, "what the closure owned is dropped");
        assert!(!ran.is_set(), "a revoked closure runs never");
        assert_eq!(all_end(blocked).await, A::BLOCKING_THREADS);
    });
}

/// Checks that revoking comes too late for a closure that has run.
pub fn b09_a_closure_that_has_ended_keeps_its_value_when_revoked<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    enter::<A, _>(|rt| async move {
        let done = Event::new();
        let inside = done.clone();
        let handle = rt.spawn_blocking(move || {
            inside.set();
            42
        });
        done.wait().await;
        handle.revoke();
        assert_eq!(handle.await.expect("it had started, so that it ends"), 42);
    });
}
