//! Where tasks can be spawned from, and that they run.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Poll, Waker};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;
use std::thread;

use trunnion_core::{Clock, Runtime, Spawn, SpawnOptions, TaskHandle, Timer};

use super::MS;
use crate::Adapter;
use crate::cases::enter;
use crate::limit::{soon, until};
use crate::probe::{Event, poll_by};

/// Whatever it is.
pub fn s01_the_output_is_returned<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        assert_eq!(
            soon(&rt, rt.spawn(async { 6 * 7 }))
                .await
                .expect("the task ends"),
            42
        );
        let text = soon(&rt, rt.spawn(async { String::from("text") })).await;
        assert_eq!(text.expect("the task ends"), "text");
        soon(&rt, rt.spawn(rt.sleep(MS)))
            .await
            .expect("a sleep is a future like others");
    });
}

/// The handle is only kept.
pub fn s02_a_task_runs_without_being_awaited<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let ran = Event::new();
        let run = ran.clone();
        let task = rt.spawn(async move { run.set() });
        soon(&rt, ran.wait()).await;
        until(&rt, || task.is_finished()).await;
    });
}

/// To its own runtime.
pub fn s03_a_task_can_spawn<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let inner = rt.clone();
        let outer = rt.spawn(async move { inner.spawn(async { 7 }).await });
        let value = soon(&rt, outer).await.expect("the outer task ends");
        assert_eq!(value.expect("the inner task ends"), 7);
    });
}

/// Without entering anything.
pub fn s03_a_plain_thread_can_spawn<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let elsewhere = rt.clone();
        let _hold = rt.hold();
        let spawned = thread::spawn(move || elsewhere.spawn(async { 7 }));
        let task = spawned.join().expect("spawning needs no context");
        assert_eq!(soon(&rt, task).await.expect("the task ends"), 7);
    });
}

/// Each poll of a hand-written future spawns once.
pub fn s03_a_poll_of_any_future_can_spawn<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let mut tasks = Vec::new();
        let spawner = rt.clone();
        let many = poll_fn(move |cx| {
            tasks.push(spawner.spawn(async { 1 }));
            if tasks.len() < 10 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(core::mem::take(&mut tasks))
        });
        let mut sum = 0;
        for task in soon(&rt, rt.spawn(many)).await.expect("the spawner ends") {
            sum += soon(&rt, task).await.expect("the task ends");
        }
        assert_eq!(sum, 10);
    });
}

/// Starts a task that sets the event.
fn spawn_mark<R: Runtime>(rt: &R, ran: &Event) {
    let ran = ran.clone();
    rt.spawn_detached(async move { ran.set() });
}

/// Spawns when it is dropped.
struct SpawnsInDrop<R: Runtime>(R, Event);

impl<R: Runtime> Drop for SpawnsInDrop<R> {
    fn drop(&mut self) {
        spawn_mark(&self.0, &self.1);
    }
}

/// Of a future that ended, and of one that was aborted.
pub fn s03_a_destructor_can_spawn<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let (ended, aborted) = (Event::new(), Event::new());
        let owned = SpawnsInDrop(rt.clone(), ended.clone());
        rt.spawn_detached(async move { drop(owned) });
        soon(&rt, ended.wait()).await;
        let owned = SpawnsInDrop(rt.clone(), aborted.clone());
        let task = rt.spawn(async move {
            core::future::pending::<()>().await;
            drop(owned);
        });
        rt.sleep(MS).await;
        drop(task);
        soon(&rt, aborted.wait()).await;
    });
}

/// Spawns when it is woken.
struct SpawnsInWake<R: Runtime>(R, Event);

impl<R: Runtime> Wake for SpawnsInWake<R> {
    fn wake(self: Arc<Self>) {
        spawn_mark(&self.0, &self.1);
    }
}

/// As the one that awaits a task, and the one that awaits a sleep.
pub fn s03_a_waker_can_spawn<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let (by_task, by_sleep, go) = (Event::new(), Event::new(), Event::new());
        let waker = |ran: &Event| Waker::from(Arc::new(SpawnsInWake(rt.clone(), ran.clone())));
        let mut task = rt.spawn(go.wait());
        assert!(poll_by(&waker(&by_task), &mut task).is_pending());
        go.set();
        soon(&rt, by_task.wait()).await;
        let mut sleep = Box::pin(rt.sleep(2 * MS));
        let _pending = poll_by(&waker(&by_sleep), &mut sleep);
        soon(&rt, by_sleep.wait()).await;
    });
}

/// A lock that is held around `spawn` cannot deadlock.
pub fn s03_spawn_never_runs_the_future_in_its_caller<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let caller = thread::current().id();
        let inside = Arc::new(AtomicBool::new(false));
        for _ in 0..100 {
            inside.store(true, Ordering::SeqCst);
            let seen = Arc::clone(&inside);
            let task =
                rt.spawn(
                    async move { thread::current().id() == caller && seen.load(Ordering::SeqCst) },
                );
            inside.store(false, Ordering::SeqCst);
            assert!(
                !soon(&rt, task).await.expect("the task ends"),
                "it ran inside `spawn`"
            );
        }
    });
}

/// Nobody holds its handle.
pub fn s06_a_detached_task_runs_to_its_end<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let (go, done) = (Event::new(), [Event::new(), Event::new()]);
        let wait_for = |done: &Event| {
            let (go, done) = (go.wait(), done.clone());
            async move {
                go.await;
                done.set();
            }
        };
        rt.spawn(wait_for(&done[0])).detach();
        rt.spawn_detached(wait_for(&done[1]));
        rt.sleep(MS).await;
        go.set();
        for done in done {
            soon(&rt, done.wait()).await;
        }
    });
}

type Boxed = Pin<Box<dyn Future<Output = usize> + Send>>;

fn deep<R: Runtime>(rt: R, depth: usize) -> Boxed {
    Box::pin(async move {
        if depth == 0 {
            return 0;
        }
        let inner = rt.spawn(deep(rt.clone(), depth - 1));
        inner.await.expect("the inner task ends") + 1
    })
}

/// Each awaits the next; neither joining nor cancelling recurses on the stack.
pub fn s21_tasks_spawn_tasks_to_a_depth_of_ten_thousand<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let task = rt.spawn(deep(rt.clone(), 10_000));
        assert_eq!(soon(&rt, task).await.expect("the task ends"), 10_000);
        let cancelled = rt.spawn(deep(rt.clone(), 10_000));
        soon(&rt, rt.spawn(async {})).await.expect("the task ends");
        let _either = soon(&rt, cancelled.cancel()).await;
    });
}

/// It crosses an await and comes back whole.
#[expect(
    clippy::large_stack_arrays,
    reason = "a large future is what is tested"
)]
pub fn s22_a_future_of_64_kib_works<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let pause = rt.sleep(MS);
        let large = async move {
            let bytes = [7_u8; 64 * 1024];
            pause.await;
            bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>()
        };
        assert!(size_of_val(&large) >= 64 * 1024);
        assert_eq!(
            soon(&rt, rt.spawn(large)).await.expect("the task ends"),
            7 * 64 * 1024
        );
    });
}

/// Among live tasks; the abort handle tells the same id.
pub fn s23_ids_are_unique_and_names_are_accepted<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let go = Event::new();
        let names = [
            "reader",
            "",
            "a name that is longer than the fifteen bytes of a thread's",
        ];
        let tasks: Vec<_> = (0..1_000_usize)
            .map(|number| {
                rt.spawn_with(
                    SpawnOptions::new().name(names[number % names.len()]),
                    go.wait(),
                )
            })
            .collect();
        assert!(
            tasks
                .iter()
                .all(|task| task.abort_handle().id() == task.id())
        );
        let mut ids: Vec<_> = tasks.iter().map(TaskHandle::id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), tasks.len());
        rt.spawn_detached_with(SpawnOptions::new().name("detached"), go.wait());
        go.set();
        for task in tasks {
            soon(&rt, task).await.expect("the task ends");
        }
    });
}
