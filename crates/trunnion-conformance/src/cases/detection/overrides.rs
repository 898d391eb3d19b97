//! D3: `with_runtime` wins, nests and ends.

use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use trunnion_core::{RuntimeInfo, SpawnBlocking, YieldNow, with_runtime};

use super::{AskInDrop, current, enter, other};
use crate::Adapter;

/// Checks `with_runtime` inside `with_runtime` inside a runtime.
pub fn d03_an_override_wins_and_nests<A: Adapter<Runtime: SpawnBlocking>>() {
    enter::<A, _>(|rt| async move {
        let (first, first_id) = other(&rt);
        let (second, second_id) = other(&rt);
        let inside = rt.clone();
        with_runtime(first, async move {
            assert_eq!(current(), first_id);
            with_runtime(second, async {
                inside.yield_now().await;
                assert_eq!(current(), second_id);
            })
            .await;
            assert_eq!(current(), first_id, "the inner one is over");
        })
        .await;
        assert_eq!(current(), Some(rt.info().id), "the outer one is over");
    });
}

/// Checks that a panic restores the context before.
pub fn d03_an_override_ends_with_a_panic<A: Adapter<Runtime: SpawnBlocking>>() {
    enter::<A, _>(|rt| async move {
        let (any, _) = other(&rt);
        let mut overridden = pin!(with_runtime(any, async { panic!("on purpose") }));
        let mut cx = Context::from_waker(Waker::noop());
        let poll = AssertUnwindSafe(|| overridden.as_mut().poll(&mut cx).is_ready());
        assert!(catch_unwind(poll).is_err());
        assert_eq!(current(), Some(rt.info().id));
    });
}

/// Checks that dropping a pending future restores the context before.
pub fn d03_an_override_ends_with_a_cancelled_future<A: Adapter<Runtime: SpawnBlocking>>() {
    enter::<A, _>(|rt| async move {
        let (any, id) = other(&rt);
        let mut overridden = Box::pin(with_runtime(any, async {
            assert_eq!(current(), id);
            core::future::pending::<()>().await;
        }));
        poll_once(overridden.as_mut()).await;
        assert_eq!(current(), Some(rt.info().id), "between two polls");
        drop(overridden);
        assert_eq!(current(), Some(rt.info().id));
    });
}

/// Checks that destructors see the context that their future had.
pub fn d03_an_override_holds_in_destructors<A: Adapter<Runtime: SpawnBlocking>>() {
    enter::<A, _>(|rt| async move {
        let (any, id) = other(&rt);
        let found = Arc::new(Mutex::new(None));
        let ask = AskInDrop(found.clone());
        let mut overridden = Box::pin(with_runtime(any, async move {
            let _ask = ask;
            core::future::pending::<()>().await;
        }));
        poll_once(overridden.as_mut()).await;
        drop(overridden);
        assert_eq!(*found.lock().unwrap_or_else(PoisonError::into_inner), id);
    });
}

/// Polls a pending future once, in the caller's task.
async fn poll_once(mut future: Pin<&mut impl Future<Output = ()>>) {
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}
