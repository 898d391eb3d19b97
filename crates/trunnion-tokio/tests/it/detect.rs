//! Which runtime detection finds.

use trunnion_core::{
    AnyRuntime, BlockOn, RuntimeId, RuntimeInfo, Spawn, SpawnBlocking, with_runtime,
};
use trunnion_tokio::{Tokio, TokioLocalOwned, TokioOwned};

use crate::hook::panics_seen;

fn current() -> Option<RuntimeId> {
    AnyRuntime::current().ok().map(|rt| rt.info().id)
}

fn both() -> [TokioOwned; 2] {
    [
        TokioOwned::multi_thread().expect("tokio starts"),
        TokioOwned::current_thread().expect("tokio starts"),
    ]
}

#[test]
fn roots_tasks_and_blocking_closures_find_their_runtime() {
    for owner in both() {
        let rt = owner.handle();
        let id = Some(rt.info().id);
        owner.block_on(async {
            assert_eq!(current(), id);
            assert_eq!(rt.spawn(async { current() }).await.unwrap(), id);
            assert_eq!(rt.spawn_blocking(current).await.unwrap(), id);
            let any = AnyRuntime::current().expect("inside");
            assert_eq!(
                any.downcast_ref::<Tokio>().expect("tokio").info(),
                rt.info()
            );
        });
        assert_eq!(current(), None);
    }
}

#[test]
fn a_native_root_is_found_by_the_probe() {
    trunnion_tokio::register();
    let native = tokio::runtime::Runtime::new().expect("tokio starts");
    let id = Tokio::new(native.handle().clone())
        .expect("it has a timer")
        .info()
        .id;
    assert_eq!(native.block_on(async { current() }), Some(id));
}

#[test]
fn tasks_of_a_runtime_inside_another_context_find_their_own() {
    let outer = TokioOwned::multi_thread().expect("tokio starts");
    for inner in both() {
        let rt = inner.handle();
        let id = Some(rt.info().id);
        let context = AnyRuntime::new(outer.handle());
        let mut polled = std::pin::pin!(with_runtime(context, async {
            let outside = current();
            let inside = inner.block_on(async { (current(), rt.spawn(async { current() }).await) });
            (outside, inside)
        }));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready((outside, (root, task))) =
            Future::poll(polled.as_mut(), &mut cx)
        else {
            panic!("it blocks")
        };
        assert_eq!(outside, Some(outer.handle().info().id));
        assert_eq!((root, task.unwrap()), (id, id));
    }
}

#[test]
fn a_local_runtime_is_named_but_not_given() {
    let owner = TokioLocalOwned::new().expect("tokio starts");
    let error = owner
        .block_on(async { AnyRuntime::current().map(drop) })
        .unwrap_err();
    assert_eq!(error.local, Some("tokio"));
}

#[test]
fn a_runtime_without_a_timer_is_asked_once() {
    trunnion_tokio::register();
    let native = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("tokio starts");
    let seen = panics_seen(|| {
        native.block_on(async {
            (0..5).for_each(|_| assert_eq!(current(), None));
        });
    });
    assert_eq!(seen, 1);
}
