//! E: entry from synchronous code.

use core::cell::Cell;
use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Poll;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use trunnion_core::{BlockOn, Clock, PanicPayload, Spawn, Timer, WouldDeadlock, YieldNow};

use super::enter;
use crate::Adapter;
use crate::probe::{Event, process};

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! entry_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; entry [
            e01_block_on_gives_the_value_and_may_borrow,
            e02_the_root_need_not_be_send,
            e03_a_second_thread_enters_or_is_refused_as_declared,
            e04_a_nested_entry_in_the_root_is_refused_unpolled,
            e04_a_nested_entry_in_a_task_is_refused_and_the_thread_goes_on,
            e04_a_nested_block_on_panics_with_the_reason,
            e04_a_refused_entry_leaves_the_runtime_usable,
            e06_spawned_work_goes_on_or_stops_as_declared,
            e07_tasks_live_from_one_entry_to_the_next,
            e08_an_owner_dropped_inside_another_runtime_does_no_harm,
            e08_an_owner_dropped_in_its_own_task_does_no_harm,
        ] alone [e09_a_blocked_entry_uses_no_processor_time] }
    };
}

/// Checks the value, and that root and caller may share a borrow.
pub fn e01_block_on_gives_the_value_and_may_borrow<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let mut text = String::from("borrowed");
    let length = owner.block_on(async {
        rt.yield_now().await;
        text.push('!');
        rt.sleep(Duration::from_millis(1)).await;
        text.len()
    });
    assert_eq!((length, text.as_str()), (9, "borrowed!"));
}

/// Checks that the root may own what cannot leave its thread.
pub fn e02_the_root_need_not_be_send<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let home = thread::current().id();
        let count = Rc::new(Cell::new(0));
        for _ in 0..10 {
            rt.yield_now().await;
            count.set(count.get() + 1);
            assert_eq!(thread::current().id(), home, "the root stays on its thread");
        }
        assert_eq!(count.get(), 10);
    });
}

/// Checks what the adapter says about two threads in one runtime.
pub fn e03_a_second_thread_enters_or_is_refused_as_declared<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let (entered, leave) = (Event::new(), Event::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            let _hold = rt.hold();
            owner.block_on(async {
                entered.set();
                leave.wait().await;
            });
        });
        let leaving = leave.on_drop();
        entered.expect("the first thread enters");
        let second = owner.try_block_on(async { rt.spawn(async { 6 * 7 }).await });
        drop(leaving);
        assert_eq!(second.is_ok(), A::CONCURRENT_BLOCK_ON, "it is as declared");
        if let Ok(value) = second {
            assert_eq!(value.expect("the task ends"), 42);
        }
    });
    assert_eq!(
        owner.block_on(async { 1 }),
        1,
        "the runtime is usable afterwards"
    );
}

/// Checks that the future comes back as it was.
pub fn e04_a_nested_entry_in_the_root_is_refused_unpolled<A: Adapter>() {
    let owner = A::start();
    owner.block_on(async {
        let polled = Cell::new(false);
        let nested = owner.try_block_on(async { polled.set(true) });
        assert!(!polled.get(), "a refused future is not polled");
        let future = nested.expect_err("it would wait for itself").into_inner();
        future.await;
        assert!(polled.get(), "the future came back and works");
    });
}

/// Checks that a worker survives a refused entry.
pub fn e04_a_nested_entry_in_a_task_is_refused_and_the_thread_goes_on<A: Adapter>() {
    let owner = Arc::new(A::start());
    let rt = A::runtime(&owner);
    owner.block_on(async {
        for _ in 0..8 {
            let (again, inside) = (owner.clone(), rt.clone());
            let task = rt.spawn(async move {
                let refused = again.try_block_on(async {}).is_err();
                drop(again);
                inside.yield_now().await;
                refused
            });
            assert!(
                task.await.expect("the task goes on"),
                "it would wait for itself"
            );
        }
    });
}

/// Checks that the panic of `block_on` says what to do instead.
pub fn e04_a_nested_block_on_panics_with_the_reason<A: Adapter>() {
    let owner = A::start();
    owner.block_on(async {
        let nested = catch_unwind(AssertUnwindSafe(|| owner.block_on(async {})));
        let payload = PanicPayload::new(nested.expect_err("it would wait for itself"));
        let text = payload.message().expect("the panic has a text");
        assert_eq!(text, WouldDeadlock::new(()).to_string());
    });
}

/// Checks that a refusal changes nothing.
pub fn e04_a_refused_entry_leaves_the_runtime_usable<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    owner.block_on(async {
        assert!(owner.try_block_on(async {}).is_err());
        rt.sleep(Duration::from_millis(1)).await;
        assert_eq!(rt.spawn(async { 1 }).await.expect("the task ends"), 1);
        assert!(
            owner.try_block_on(async {}).is_err(),
            "a second time as well"
        );
    });
    assert_eq!(owner.block_on(async { 2 }), 2);
}

/// Checks whether tasks run while nobody is inside.
pub fn e06_spawned_work_goes_on_or_stops_as_declared<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let (gate, done) = (Event::new(), Event::new());
    let (opened, finished) = (gate.clone(), done.clone());
    owner.block_on(async {
        rt.spawn_detached(async move {
            opened.wait().await;
            finished.set();
        });
    });
    gate.set();
    if A::RUNS_IN_BACKGROUND {
        done.expect("the task runs in the background");
    } else {
        let ran = done.wait_blocking(Duration::from_millis(20));
        assert!(!ran, "nobody is inside, and the runtime has no threads");
        owner.block_on(done.wait());
    }
}

/// Checks that leaving the runtime ends no task.
pub fn e07_tasks_live_from_one_entry_to_the_next<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let gate = Event::new();
    let (opened, timer) = (gate.clone(), rt.clone());
    let task = rt.spawn(async move {
        opened.wait().await;
        timer.sleep(Duration::from_millis(1)).await;
        42
    });
    owner.block_on(rt.yield_now());
    for _ in 0..10 {
        owner.block_on(rt.yield_now());
    }
    gate.set();
    assert_eq!(owner.block_on(task).expect("the task ends"), 42);
}

/// Checks that a runtime may end inside a root of another one: nothing panics, and the outer one goes on.
pub fn e08_an_owner_dropped_inside_another_runtime_does_no_harm<A: Adapter>() {
    let (outer, inner) = (A::start(), A::start());
    let rt = A::runtime(&outer);
    inner.block_on(async {});
    outer.block_on(async {
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(inner)));
        assert!(dropped.is_ok(), "dropping an owner must not panic");
        rt.sleep(Duration::from_millis(1)).await;
        assert_eq!(rt.spawn(async { 1 }).await.expect("the task ends"), 1);
    });
}

/// Checks that a task may drop the last owner of its own runtime: the process goes on, and the task is not polled for ever.
pub fn e08_an_owner_dropped_in_its_own_task_does_no_harm<A: Adapter>() {
    if !A::RUNS_IN_BACKGROUND {
        // Only a thread inside `block_on` runs its tasks, and that thread borrows the owner.
        return;
    }
    let owner = A::start();
    let rt = A::runtime(&owner);
    let (dropped, panicked) = (Event::new(), Arc::new(AtomicBool::new(false)));
    let (after, failed) = (dropped.clone(), panicked.clone());
    rt.spawn_detached(async move {
        let outcome = catch_unwind(AssertUnwindSafe(|| drop(owner)));
        failed.store(outcome.is_err(), Ordering::Release);
        after.set();
    });
    dropped.expect("the drop returns");
    assert!(
        !panicked.load(Ordering::Acquire),
        "dropping an owner must not panic"
    );
}

/// Checks that a thread that waits in `block_on` sleeps, and so does everything that it started.
pub fn e09_a_blocked_entry_uses_no_processor_time<A: Adapter>() {
    const BLOCKED: Duration = Duration::from_millis(400);
    let used = enter::<A, _>(|rt| async move {
        let _hold = rt.hold();
        let pending = rt.spawn(poll_fn(|_| Poll::<()>::Pending));
        rt.yield_now().await;
        let woken = Event::new();
        let event = woken.clone();
        // The threads have time to come to rest before the measurement starts.
        let measure = thread::spawn(move || {
            let _never = Event::new().wait_blocking(BLOCKED / 4);
            let before = process::cpu_time();
            let _never = Event::new().wait_blocking(BLOCKED);
            let after = process::cpu_time();
            event.set();
            Some(after?.saturating_sub(before?))
        });
        woken.wait().await;
        drop(pending);
        measure.join().expect("the measuring thread ends")
    });
    if let Some(used) = used {
        assert!(
            used < BLOCKED / 10,
            "{used:?} of processor time in {BLOCKED:?} of waiting"
        );
    }
}
