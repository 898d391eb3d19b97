//! D4, D7: several runtimes of different kinds in one process.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use trunnion_core::{
    AnyRuntime, BlockOn, RuntimeId, RuntimeInfo, Spawn, SpawnBlocking, YieldNow, with_runtime,
};
use trunnion_smol::SmolGlobal;

use crate::runtimes::{ALL, Start};

fn current() -> Option<RuntimeId> {
    AnyRuntime::current().ok().map(|any| any.info().id)
}

fn each_pair(case: impl Fn(&str, Start, Start)) {
    for (outer_name, outer) in ALL {
        for (inner_name, inner) in ALL {
            case(&format!("{inner_name} inside {outer_name}"), outer, inner);
        }
    }
}

/// Two tokio runtimes cannot be entered one inside the other on one thread; the global executor is one for all.
fn can_nest(pair: &str) -> bool {
    pair.matches("tokio").count() < 2 && pair != "smol global inside smol global"
}

#[test]
fn d07_the_innermost_of_two_nested_runtimes_is_found() {
    each_pair(|pair, outer, inner| {
        let (outer, inner) = (outer(), inner());
        let (outer_rt, inner_rt) = (outer.runtime(), inner.runtime());
        let (outer_id, inner_id) = (outer_rt.info().id, inner_rt.info().id);
        outer.block_on(async {
            assert_eq!(current(), Some(outer_id), "{pair}: the root outside");
            let nested = inner.try_block_on(async {
                assert_eq!(current(), Some(inner_id), "{pair}: the root inside");
                let in_task = inner_rt
                    .spawn(async { current() })
                    .await
                    .expect("the task ends");
                assert_eq!(in_task, Some(inner_id), "{pair}: a task inside");
            });
            assert_eq!(nested.is_ok(), can_nest(pair), "{pair}");
            assert_eq!(current(), Some(outer_id), "{pair}: afterwards");
            let in_task = outer_rt
                .spawn(async { current() })
                .await
                .expect("the task ends");
            assert_eq!(in_task, Some(outer_id), "{pair}: a task outside");
        });
        assert_eq!(current(), None, "{pair}: outside of both");
    });
}

#[test]
fn d07_the_innermost_is_found_in_a_closure_that_enters_another_runtime() {
    each_pair(|pair, outer, inner| {
        let (outer, inner) = (outer(), inner());
        let rt = outer.runtime();
        let (outer_id, inner_id) = (rt.info().id, inner.runtime().info().id);
        let closure = rt.spawn_blocking(move || {
            let before = current();
            let inside = inner.block_on(async { current() });
            (before, inside, current())
        });
        let found = outer.block_on(closure).expect("the closure ends");
        let outside = Some(outer_id);
        assert_eq!(found, (outside, Some(inner_id), outside), "{pair}");
    });
}

/// The native context of tokio is not asked while trunnion has one: `with_runtime` and foreign tasks win over it.
#[test]
fn d07_an_override_wins_over_the_native_runtime() {
    each_pair(|pair, outer, inner| {
        let (outer, inner) = (outer(), inner());
        let other = inner.runtime();
        outer.block_on(async {
            with_runtime(other.clone(), async {
                assert_eq!(current(), Some(other.info().id), "{pair}");
            })
            .await;
            assert_eq!(current(), Some(outer.runtime().info().id), "{pair}");
        });
    });
}

#[test]
fn d07_a_plain_tokio_program_is_found_by_its_probe() {
    trunnion_tokio::register();
    let native = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let native = native.expect("tokio starts");
    native.block_on(async {
        let any = AnyRuntime::current().expect("tokio is current");
        assert_eq!(any.info().name(), "tokio");
        assert_eq!(
            any.spawn(async { current() }).await.expect("the task ends"),
            current()
        );
    });
}

/// A native runtime entered inside a trunnion context without trunnion is not seen: this is what the documentation says.
#[test]
fn d07_a_native_runtime_inside_a_trunnion_context_is_not_seen() {
    let native = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let native = native.expect("tokio starts");
    SmolGlobal.block_on(async {
        native.block_on(async {
            assert_eq!(
                AnyRuntime::current()
                    .expect("smol is current")
                    .info()
                    .name(),
                "smol"
            );
        });
    });
}

#[test]
fn d04_two_runtimes_interleaved_per_poll_are_told_apart() {
    async fn sees(rt: AnyRuntime, pair: &str) {
        for _ in 0..100 {
            assert_eq!(current(), Some(rt.info().id), "{pair}");
            rt.yield_now().await;
        }
    }
    each_pair(|pair, outer, inner| {
        let (outer, inner) = (outer(), inner());
        let (one, two) = (outer.runtime(), inner.runtime());
        outer.block_on(async {
            let mut one = pin!(with_runtime(one.clone(), sees(one, pair)));
            let mut two = pin!(with_runtime(two.clone(), sees(two, pair)));
            let (mut first, mut second) = (false, false);
            poll_fn(|cx| {
                first = first || one.as_mut().poll(cx).is_ready();
                second = second || two.as_mut().poll(cx).is_ready();
                if first && second {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
        });
    });
}

/// Is ready at once with a value whose destructor panics, and panics in its own, where it notes what is current.
struct Bitter(Arc<Mutex<Vec<Option<RuntimeId>>>>);

struct Sour;

impl Future for Bitter {
    type Output = Sour;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Sour> {
        Poll::Ready(Sour)
    }
}

impl Drop for Bitter {
    fn drop(&mut self) {
        self.0.lock().expect("not poisoned").push(current());
        panic!("bitter");
    }
}

impl Drop for Sour {
    fn drop(&mut self) {
        panic!("sour");
    }
}

#[test]
fn a_destructor_runs_in_the_context_as_soon_as_the_future_is_ready() {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let rt = AnyRuntime::from_static(&SmolGlobal);
    let mut scoped = pin!(with_runtime(rt, Bitter(Arc::clone(&notes))));
    let mut cx = Context::from_waker(Waker::noop());
    let polled = catch_unwind(AssertUnwindSafe(|| scoped.as_mut().poll(&mut cx).map(drop)));
    let payload = polled.expect_err("the destructor panics");
    assert_eq!(payload.downcast_ref(), Some(&"bitter"));
    assert_eq!(
        *notes.lock().expect("not poisoned"),
        [Some(SmolGlobal.info().id)]
    );
    assert_eq!(current(), None, "the context was left");
}
