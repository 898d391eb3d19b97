//! P: panics.

use core::future::{Future, pending};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::task::Wake;

use trunnion_core::{BlockOn, JoinError, PanicPayload, Runtime, Spawn, TaskHandle, Timer};

use super::enter;
use crate::Adapter;
use crate::limit::{soon, until};
use crate::probe::{Event, poll_by};

/// Lists the cases of this group.
#[doc(hidden)]
#[macro_export]
macro_rules! panic_cases {
    ($($for:tt)*) => {
        $crate::__tests! { $($for)*; panic [
            p01_a_panic_arrives_with_its_payload_and_harms_nobody_else,
            p01_a_panic_in_a_later_poll_arrives_too,
            p02_panics_in_detached_tasks_kill_no_worker,
            p03_a_panic_in_the_destructor_of_an_aborted_future_arrives,
            p03_a_panic_in_the_destructor_of_a_cancelled_future_is_contained,
            p04_a_panic_in_the_destructor_of_an_output_is_contained,
            p06_a_panic_in_the_awaiters_waker_is_contained,
            p07_a_panic_in_the_root_unwinds_to_the_caller,
            p08_panics_unwind_in_this_build,
            p09_the_payload_is_intact_and_has_a_message,
        ] alone [] }
    };
}

/// Checks that tasks still run, on every worker there may be.
async fn assert_alive<R: Runtime>(rt: &R) {
    let tasks: Vec<_> = (0..64_u32)
        .map(|number| rt.spawn(async move { number }))
        .collect();
    for (number, task) in (0..).zip(tasks) {
        assert_eq!(soon(rt, task).await.expect("the task ends"), number);
    }
}

fn panicked<T: core::fmt::Debug>(joined: Result<T, JoinError>) -> PanicPayload {
    match joined {
        Err(JoinError::Panicked(payload)) => payload,
        other => panic!("a panic should have arrived, not {other:?}"),
    }
}

/// The awaiter goes on, and so do the siblings.
pub fn p01_a_panic_arrives_with_its_payload_and_harms_nobody_else<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let go = Event::new();
        let sibling = rt.spawn(go.wait());
        let task = rt.spawn(async { panic!("on purpose") });
        let payload = panicked::<()>(soon(&rt, task).await);
        assert_eq!(payload.message(), Some("on purpose"));
        go.set();
        soon(&rt, sibling).await.expect("the sibling ends");
        assert_alive(&rt).await;
    });
}

/// After the task was pending.
pub fn p01_a_panic_in_a_later_poll_arrives_too<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let pause = rt.sleep(core::time::Duration::from_millis(1));
        let task = rt.spawn(async move {
            pause.await;
            assert_eq!(1, 2, "on purpose");
        });
        let payload = panicked(soon(&rt, task).await);
        assert!(
            payload
                .message()
                .is_some_and(|text| text.contains("on purpose"))
        );
        assert_alive(&rt).await;
    });
}

/// More of them than there are workers.
pub fn p02_panics_in_detached_tasks_kill_no_worker<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for _ in 0..32 {
            rt.spawn_detached(async { panic!("on purpose") });
            rt.spawn(async { panic!("on purpose") }).detach();
        }
        assert_alive(&rt).await;
        rt.sleep(core::time::Duration::from_millis(2)).await;
        assert_alive(&rt).await;
    });
}

/// Panics when it is dropped, once told that it lives.
#[derive(Debug)]
struct PanicsInDrop(Event);

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        self.0.set();
        panic!("on purpose, in a destructor");
    }
}

/// Holds a value whose destructor panics, for ever.
fn endless_that_panics_in_drop(
    started: &Event,
    gone: &Event,
) -> impl Future<Output = ()> + Send + use<> {
    let (owned, started) = (PanicsInDrop(gone.clone()), started.clone());
    async move {
        started.set();
        pending::<()>().await;
        drop(owned);
    }
}

/// As the task's panic, whether it is awaited after the abort or cancelled.
pub fn p03_a_panic_in_the_destructor_of_an_aborted_future_arrives<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for by_cancel in [false, true] {
            let (started, gone) = (Event::new(), Event::new());
            let task = rt.spawn(endless_that_panics_in_drop(&started, &gone));
            soon(&rt, started.wait()).await;
            task.abort();
            let joined = if by_cancel {
                soon(&rt, task.cancel()).await
            } else {
                soon(&rt, task).await
            };
            assert_eq!(
                panicked(joined).message(),
                Some("on purpose, in a destructor")
            );
            assert!(gone.is_set());
        }
        assert_alive(&rt).await;
    });
}

/// Nobody awaits it, and nobody else is hit.
pub fn p03_a_panic_in_the_destructor_of_a_cancelled_future_is_contained<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for _ in 0..16 {
            let (started, gone) = (Event::new(), Event::new());
            let task = rt.spawn(endless_that_panics_in_drop(&started, &gone));
            soon(&rt, started.wait()).await;
            drop(task);
            soon(&rt, gone.wait()).await;
        }
        assert_alive(&rt).await;
    });
}

/// Whoever drops it: the thread that lets go of the handle, or the runtime.
pub fn p04_a_panic_in_the_destructor_of_an_output_is_contained<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let output = |gone: &Event| {
            let value = PanicsInDrop(gone.clone());
            async move { value }
        };
        for _ in 0..16 {
            let (kept, detached) = (Event::new(), Event::new());
            let task = rt.spawn(output(&kept));
            until(&rt, || task.is_finished()).await;
            let dropped = catch_unwind(AssertUnwindSafe(|| drop(task)));
            assert!(
                dropped.is_ok(),
                "the panic unwound into the one who dropped the handle"
            );
            soon(&rt, kept.wait()).await;
            rt.spawn(output(&detached)).detach();
            soon(&rt, detached.wait()).await;
        }
        assert_alive(&rt).await;
    });
}

/// Panics when it is woken.
struct PanicsInWake(Event);

impl Wake for PanicsInWake {
    fn wake(self: Arc<Self>) {
        self.0.set();
        panic!("on purpose, in a waker");
    }
}

/// The task's value is there all the same.
pub fn p06_a_panic_in_the_awaiters_waker_is_contained<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        for _ in 0..16 {
            let (go, woken) = (Event::new(), Event::new());
            let wait = go.wait();
            let mut task = rt.spawn(async move {
                wait.await;
                7
            });
            let waker = Waker::from(Arc::new(PanicsInWake(woken.clone())));
            assert!(poll_by(&waker, &mut task).is_pending());
            go.set();
            soon(&rt, woken.wait()).await;
            assert_eq!(soon(&rt, task).await.expect("the task ended"), 7);
        }
        assert_alive(&rt).await;
    });
}

/// Panics in its second poll.
struct PanicsLater(bool);

impl Future for PanicsLater {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        assert!(!self.0, "on purpose, in the root");
        self.0 = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// And the runtime stays usable, with the tasks that it had.
pub fn p07_a_panic_in_the_root_unwinds_to_the_caller<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    let go = Event::new();
    let task = rt.spawn(go.wait());
    for _ in 0..2 {
        let caught = catch_unwind(AssertUnwindSafe(|| owner.block_on(PanicsLater(false))));
        let payload = PanicPayload::new(caught.expect_err("the root panics"));
        assert_eq!(payload.message(), Some("on purpose, in the root"));
    }
    owner.block_on(async {
        go.set();
        soon(&rt, task).await.expect("the task of before ends");
        assert_alive(&rt).await;
    });
}

/// With `panic = "abort"` no runtime can keep these promises: the first panic ends the process.
#[expect(
    clippy::assertions_on_constants,
    reason = "the build decides, and the test is to say so"
)]
pub fn p08_panics_unwind_in_this_build<A: Adapter>() {
    assert!(
        cfg!(panic = "unwind"),
        "the promises about panics need `panic = \"unwind\"`"
    );
    enter::<A, _>(|rt| async move { assert_alive(&rt).await });
}

/// Whatever its type; `resume` raises it again.
pub fn p09_the_payload_is_intact_and_has_a_message<A: Adapter>() {
    enter::<A, _>(|rt| async move {
        let text = rt.spawn(async { panic_any(format!("number {}", 7)) });
        let text = panicked::<()>(soon(&rt, text).await);
        assert_eq!(text.message(), Some("number 7"));
        assert_eq!(
            *text.into_inner().downcast::<String>().expect("it is text"),
            "number 7"
        );
        let value = rt.spawn(async { panic_any(7_u8) });
        let value = panicked::<()>(soon(&rt, value).await);
        assert_eq!(value.message(), None);
        let again = catch_unwind(AssertUnwindSafe(|| value.resume()));
        assert_eq!(
            *again
                .expect_err("it panics again")
                .downcast::<u8>()
                .expect("it is a number"),
            7
        );
    });
}
