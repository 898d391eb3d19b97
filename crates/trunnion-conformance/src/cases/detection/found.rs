//! D1, D2: where the current runtime is found, and where nothing is.

use core::task::Waker;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake;

use trunnion_core::{
    AnyRuntime, BlockOn, NoRuntime, RuntimeId, RuntimeInfo, Spawn, SpawnBlocking, TaskHandle,
    YieldNow,
};

use super::{AskInDrop, current, enter};
use crate::Adapter;
use crate::probe::process;

/// Checks detection directly inside `block_on`.
pub fn d01_the_current_runtime_is_found_in_the_root<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    enter::<A, _>(|rt| async move {
        assert_eq!(current(), Some(rt.info().id));
        rt.yield_now().await;
        assert_eq!(current(), Some(rt.info().id), "at a later poll as well");
    });
}

/// Checks detection in a task, and in a task of that task.
pub fn d01_the_current_runtime_is_found_in_a_task<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    enter::<A, _>(|rt| async move {
        let inside = rt.clone();
        let task = rt.spawn(async move {
            inside.yield_now().await;
            let inner = inside.spawn(async { current() });
            (current(), inner.await.expect("the inner task ends"))
        });
        let id = Some(rt.info().id);
        assert_eq!(task.await.expect("the task ends"), (id, id));
    });
}

/// Checks detection on a thread for blocking code.
pub fn d01_the_current_runtime_is_found_in_a_blocking_closure<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    enter::<A, _>(|rt| async move {
        let found = rt.spawn_blocking(current).await.expect("the closure ends");
        assert_eq!(found, Some(rt.info().id));
    });
}

/// Checks detection in the destructor of a cancelled task.
pub fn d01_the_current_runtime_is_found_in_a_destructor<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    enter::<A, _>(|rt| async move {
        let found = Arc::new(Mutex::new(None));
        let ask = AskInDrop(found.clone());
        let task = rt.spawn(async move {
            let _ask = ask;
            core::future::pending::<()>().await;
        });
        rt.yield_now().await;
        assert!(task.cancel().await.is_err_and(|error| error.is_cancelled()));
        let found = *found.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(found, Some(rt.info().id));
    });
}

/// Remembers what is current when it is woken.
struct AskInWake(Mutex<Option<RuntimeId>>);

impl Wake for AskInWake {
    fn wake(self: Arc<Self>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = current();
    }
}

/// Checks that a waker sees the context of whoever calls it.
pub fn d01_the_current_runtime_is_found_in_a_waker_that_a_task_calls<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    enter::<A, _>(|rt| async move {
        let asked = Arc::new(AskInWake(Mutex::new(None)));
        let waker = Waker::from(asked.clone());
        rt.spawn(async move { waker.wake() })
            .await
            .expect("the task ends");
        let found = *asked.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(found, Some(rt.info().id));
    });
}

/// Checks that what is found is the runtime itself, not only its name.
pub fn d01_the_runtime_that_is_found_can_be_used<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    async fn use_current() -> u32 {
        let any = AnyRuntime::current().expect("a runtime is current");
        any.yield_now().await;
        let task = any.spawn(async { 20 }).await.expect("the task ends");
        task + any.spawn_blocking(|| 22).await.expect("the closure ends")
    }
    enter::<A, _>(|rt| async move {
        assert_eq!(use_current().await, 42, "in the root");
        assert_eq!(
            rt.spawn(use_current()).await.expect("the task ends"),
            42,
            "in a task"
        );
    });
}

/// Checks that leaving the runtime is noticed.
pub fn d02_nothing_is_found_after_the_entry<A: Adapter<Runtime: SpawnBlocking>>() {
    let owner = A::start();
    assert_eq!(
        current(),
        None,
        "an owner that is not entered is not current"
    );
    owner.block_on(async {});
    assert_eq!(current(), None);
    let failed = catch_unwind(AssertUnwindSafe(|| {
        owner.block_on(async { panic!("on purpose") })
    }));
    assert!(failed.is_err());
    assert_eq!(current(), None, "after a panic as well");
}

/// Checks that failing to find a runtime starts nothing, and says who was asked.
pub fn d02_outside_nothing_is_found_and_no_thread_is_started<A>()
where
    A: Adapter<Runtime: SpawnBlocking>,
{
    let threads = process::threads();
    assert!(AnyRuntime::current().is_err());
    assert_eq!(
        process::threads(),
        threads,
        "a failed detection started a thread"
    );
    drop(A::start());
    let error = AnyRuntime::current().expect_err("the runtime is gone and was never entered");
    assert_eq!(error, NoRuntime::new());
    let text = error.to_string();
    for asked in &error.asked {
        assert!(text.contains(asked), "{text:?} does not name {asked}");
    }
}
