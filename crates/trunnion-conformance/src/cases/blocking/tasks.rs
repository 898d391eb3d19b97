//! Blocking closures and tasks: one spawns the other, and a panic in one harms none.

use trunnion_core::{Clock, JoinError, Spawn, SpawnBlocking, SpawnOptions};

use crate::Adapter;
use crate::cases::enter;
use crate::limit::soon;

/// A blocking thread needs nothing but the value.
pub fn s03_a_blocking_closure_can_spawn<A: Adapter<Runtime: SpawnBlocking>>() {
    enter::<A, _>(|rt| async move {
        let _hold = rt.hold();
        let inside = rt.clone();
        let closure = rt.spawn_blocking(move || inside.spawn(async { 7 }));
        let task = soon(&rt, closure).await.expect("the closure ends");
        assert_eq!(soon(&rt, task).await.expect("the task ends"), 7);
    });
}

/// With its payload; the threads and the tasks go on.
pub fn p05_a_panic_in_a_blocking_closure_arrives<A: Adapter<Runtime: SpawnBlocking>>() {
    enter::<A, _>(|rt| async move {
        for _ in 0..16 {
            drop(rt.spawn_blocking::<_, ()>(|| panic!("on purpose, and nobody awaits it")));
            let detached = || panic!("on purpose, and nobody can await it");
            rt.spawn_blocking_detached_with(SpawnOptions::new(), detached);
            let joined: Result<(), JoinError> =
                soon(&rt, rt.spawn_blocking(|| panic!("on purpose"))).await;
            match joined {
                Err(JoinError::Panicked(payload)) => {
                    assert_eq!(payload.message(), Some("on purpose"));
                }
                other => panic!("a panic should have arrived, not {other:?}"),
            }
        }
        assert_eq!(
            soon(&rt, rt.spawn_blocking(|| 7))
                .await
                .expect("the closure ends"),
            7
        );
        assert_eq!(
            soon(&rt, rt.spawn(async { 7 }))
                .await
                .expect("the task ends"),
            7
        );
    });
}
