//! L: tasks of one thread.

use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::task::{Poll, Waker};
use core::time::Duration;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use trunnion_core::{
    AnyLocalRuntime, BlockOn, Clock, JoinError, RuntimeInfo, SpawnLocal, TaskHandle, Timer,
    YieldNow,
};

use crate::LocalAdapter;
use crate::probe::{Drops, Event};

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! local_cases {
    (emit; $adapter:ty) => {
        $crate::__local_tests! { emit; $adapter }

        #[test]
        fn l06_a_handle_of_a_local_task_stays_on_its_thread() {
            type Local = <$adapter as $crate::LocalAdapter>::Local;
            type Task = <Local as $crate::trunnion_core::SpawnLocal>::LocalTask<()>;
            let leaves = $crate::__implements!(Task: ::core::marker::Send);
            assert!(!leaves, "the handle of a local task is `Send`");
        }
    };
    ($($for:tt)*) => { $crate::__local_tests! { $($for)* } };
}

/// The tests of this group that need no concrete type.
#[doc(hidden)]
#[macro_export]
macro_rules! __local_tests {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; local [
            l01_an_rc_lives_across_an_await,
            l02_every_poll_is_on_one_thread,
            l03_a_local_task_can_start_another,
            l03_a_task_started_before_the_entry_runs_in_it,
            l04_a_local_task_gives_its_value,
            l04_an_aborted_local_task_is_cancelled,
            l04_dropping_the_handle_cancels_a_local_task,
            l04_a_detached_local_task_runs_to_its_end,
            l04_a_panic_of_a_local_task_arrives,
            l05_a_foreign_thread_wakes_a_local_task,
            l07_an_abort_from_a_foreign_thread_drops_the_future_at_home,
            l07_the_end_of_the_runtime_drops_the_future_at_home,
            a02_a_nested_local_any_collapses,
        ] alone [] }
    };
}

/// Starts a local runtime, runs `case` as its root and drops it.
fn enter_local<A: LocalAdapter, Fut: Future>(case: impl FnOnce(A::Local) -> Fut) -> Fut::Output {
    let owner = A::start_local();
    let rt = A::local(&owner);
    owner.block_on(case(rt))
}

/// Remembers the thread that it is dropped on.
struct DroppedOn(Arc<Mutex<Option<ThreadId>>>);

impl Drop for DroppedOn {
    fn drop(&mut self) {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(thread::current().id());
    }
}

/// Checks that a task may own what cannot leave its thread.
pub fn l01_an_rc_lives_across_an_await<A: LocalAdapter>() {
    enter_local::<A, _>(|rt| async move {
        let shared = Rc::new(Cell::new(1));
        let (inside, timer) = (shared.clone(), rt.clone());
        let task = rt.spawn_local(async move {
            timer.yield_now().await;
            timer.sleep(Duration::from_millis(1)).await;
            inside.set(inside.get() + 1);
            inside
        });
        assert_eq!(task.await.expect("the task ends").get(), 2);
        assert_eq!(shared.get(), 2);
    });
}

/// Checks that 10,000 wakes from other threads never move a task.
pub fn l02_every_poll_is_on_one_thread<A: LocalAdapter>() {
    const WAKES: usize = 10_000;
    enter_local::<A, _>(|rt| async move {
        let _hold = rt.hold();
        let home = thread::current().id();
        let (wakers, done) = (
            Arc::new(Mutex::new(None::<Waker>)),
            Arc::new(AtomicBool::new(false)),
        );
        let (registered, end, polls) =
            (wakers.clone(), done.clone(), Arc::new(AtomicUsize::new(0)));
        let counted = polls.clone();
        let task = rt.spawn_local(poll_fn(move |cx| {
            assert_eq!(
                thread::current().id(),
                home,
                "a local task was polled elsewhere"
            );
            counted.fetch_add(1, Ordering::AcqRel);
            *registered.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
            if end.load(Ordering::Acquire) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        let waking = thread::spawn(move || {
            for wake in 1..=WAKES {
                done.store(wake == WAKES, Ordering::Release);
                let waker = wakers
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
        });
        task.await.expect("the task ends");
        waking.join().expect("the waking thread ends");
        assert!(polls.load(Ordering::Acquire) > 0);
    });
}

/// Checks that local tasks may start local tasks.
pub fn l03_a_local_task_can_start_another<A: LocalAdapter>() {
    enter_local::<A, _>(|rt| async move {
        let inside = rt.clone();
        let outer = rt.spawn_local(async move {
            let inner = inside.spawn_local(async { Rc::new(42) });
            inner.await.expect("the inner task ends")
        });
        assert_eq!(*outer.await.expect("the outer task ends"), 42);
    });
}

/// Checks that a task may be started on the runtime's thread before anybody has entered.
pub fn l03_a_task_started_before_the_entry_runs_in_it<A: LocalAdapter>() {
    let owner = A::start_local();
    let task = A::local(&owner).spawn_local(async { Rc::new(42) });
    let value = owner.block_on(task).expect("the task ends");
    assert_eq!(*value, 42);
}

/// Checks the way of a value.
pub fn l04_a_local_task_gives_its_value<A: LocalAdapter>() {
    enter_local::<A, _>(|rt| async move {
        let task = rt.spawn_local(async { 6 * 7 });
        assert_eq!(task.await.expect("the task ends"), 42);
    });
}

/// Checks abort, and that the future is gone when `cancel` returns.
pub fn l04_an_aborted_local_task_is_cancelled<A: LocalAdapter>() {
    enter_local::<A, _>(|rt| async move {
        let drops = Drops::new();
        let probe = drops.probe();
        let task = rt.spawn_local(async move {
            let _probe = probe;
            core::future::pending::<()>().await;
        });
        rt.yield_now().await;
        assert_eq!(drops.count(), 0, "it is pending, and its handle is held");
        let outcome = task.cancel().await;
        assert!(matches!(outcome, Err(JoinError::Cancelled)), "{outcome:?}");
        assert_eq!(drops.count(), 1, "the future is gone when `cancel` returns");
    });
}

/// Checks that the handle owns the task.
pub fn l04_dropping_the_handle_cancels_a_local_task<A: LocalAdapter>() {
    enter_local::<A, _>(|rt| async move {
        let _hold = rt.hold();
        let gone = Event::new();
        let set = gone.on_drop();
        let task = rt.spawn_local(async move {
            let _set = set;
            core::future::pending::<()>().await;
        });
        rt.yield_now().await;
        drop(task);
        gone.wait().await;
    });
}

/// Checks that `detach` lets the task run.
pub fn l04_a_detached_local_task_runs_to_its_end<A: LocalAdapter>() {
    enter_local::<A, _>(|rt| async move {
        let done = Event::new();
        let (inside, timer) = (done.clone(), rt.clone());
        let task = rt.spawn_local(async move {
            timer.yield_now().await;
            inside.set();
        });
        task.detach();
        done.wait().await;
    });
}

/// Checks that a panic goes to the awaiter as a value and to nobody else.
pub fn l04_a_panic_of_a_local_task_arrives<A: LocalAdapter>() {
    enter_local::<A, _>(|rt| async move {
        let outcome = rt.spawn_local(async { panic!("on purpose") }).await;
        let outcome: Result<(), _> = outcome;
        match outcome {
            Err(JoinError::Panicked(payload)) => assert_eq!(payload.message(), Some("on purpose")),
            other => panic!("{other:?}"),
        }
        assert_eq!(
            rt.spawn_local(async { 1 })
                .await
                .expect("the runtime goes on"),
            1
        );
    });
}

/// Checks that a wake from another thread reaches an idle local runtime.
pub fn l05_a_foreign_thread_wakes_a_local_task<A: LocalAdapter>() {
    enter_local::<A, _>(|rt| async move {
        let _hold = rt.hold();
        let (waits, event) = (Event::new(), Event::new());
        let (here, woken) = (waits.clone(), event.clone());
        let task = rt.spawn_local(async move {
            here.set();
            woken.wait().await;
        });
        let waking = thread::spawn(move || {
            waits.expect("the task starts");
            event.set();
        });
        task.await.expect("the task ends");
        waking.join().expect("the waking thread ends");
    });
}

/// Checks that an abort from elsewhere only asks: the destructor runs on the task's own thread.
pub fn l07_an_abort_from_a_foreign_thread_drops_the_future_at_home<A: LocalAdapter>() {
    enter_local::<A, _>(|rt| async move {
        let _hold = rt.hold();
        let place = Arc::new(Mutex::new(None));
        let probe = DroppedOn(place.clone());
        let task = rt.spawn_local(async move {
            let _probe = probe;
            core::future::pending::<()>().await;
        });
        rt.yield_now().await;
        let abort = task.abort_handle();
        let aborting = thread::spawn(move || abort.abort());
        let outcome = task.await;
        aborting.join().expect("the aborting thread ends");
        assert!(matches!(outcome, Err(JoinError::Cancelled)), "{outcome:?}");
        let place = *place.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(place, Some(thread::current().id()));
    });
}

/// Checks that what is pending when the owner goes is dropped on its own thread, once.
pub fn l07_the_end_of_the_runtime_drops_the_future_at_home<A: LocalAdapter>() {
    let place = Arc::new(Mutex::new(None));
    let (probe, drops) = (DroppedOn(place.clone()), Drops::new());
    let counted = drops.probe();
    let owner = A::start_local();
    let rt = A::local(&owner);
    let inside = rt.clone();
    owner.block_on(async move {
        let task = inside.spawn_local(async move {
            let _owned = (probe, counted);
            core::future::pending::<()>().await;
        });
        task.detach();
        inside.yield_now().await;
    });
    assert_eq!(drops.count(), 0, "the task is pending");
    drop(rt);
    drop(owner);
    assert_eq!(drops.count(), 1, "the task is dropped with its runtime");
    let place = *place.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(place, Some(thread::current().id()));
}

/// Checks that erasing an erased local runtime gives it back.
pub fn a02_a_nested_local_any_collapses<A: LocalAdapter>() {
    let owner = A::start_local();
    let once = AnyLocalRuntime::new(A::local(&owner));
    let twice = AnyLocalRuntime::new(once.clone());
    assert!(
        twice.downcast_ref::<AnyLocalRuntime>().is_none(),
        "one is inside the other"
    );
    assert_eq!(twice.info(), once.info());
}
