//! What tasks leave behind.

use trunnion_core::{BlockOn, Spawn, TaskHandle};

use crate::Adapter;
use crate::probe::{Seen, assert_flat};

/// 100,000 tasks: awaited, detached and cancelled.
pub fn s20_spawned_tasks_leave_no_memory<A: Adapter>() {
    let owner = A::start();
    let rt = A::runtime(&owner);
    // A lost task would hold a hundred bytes at least.
    assert_flat(4 << 20, 1_000, || {
        owner.block_on(spawn_a_hundred(&rt));
    });
}

async fn spawn_a_hundred<R: Spawn>(rt: &R) {
    let seen = Seen::new();
    let awaited: Vec<_> = (0..50)
        .map(|number| rt.spawn(async move { number }))
        .collect();
    let cancelled: Vec<_> = (0..25).map(|_| rt.spawn(seen.endless())).collect();
    for _ in 0..25 {
        rt.spawn(async {}).detach();
    }
    for task in awaited {
        task.await.expect("the task ends");
    }
    for task in cancelled {
        task.cancel().await.expect_err("it never ends by itself");
    }
    assert_eq!(seen.drops(), 25);
}
