//! Ten million short children on one scope: memory stays as flat as with the first thousand.

use std::alloc::System;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use trunnion_core::{BlockOn, YieldOnce};
use trunnion_patterns::{Discard, TaskScope};
use trunnion_tokio::{Tokio, TokioOwned};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const CHILDREN: u64 = 10_000_000;
/// How many there are at once.
const BATCH: u64 = 1_000;

/// What is held, and how often memory was asked for.
#[derive(Clone, Copy)]
struct Held {
    bytes: usize,
    requests: usize,
}

fn held() -> Held {
    let stats = ALLOCATOR.stats();
    Held {
        bytes: stats.bytes_allocated - stats.bytes_deallocated,
        requests: stats.allocations + stats.reallocations,
    }
}

/// Is ready at its first poll or at its second.
async fn child(waits: bool, ended: Arc<AtomicU64>) -> Result<(), Infallible> {
    if waits {
        YieldOnce::new().await;
    }
    ended.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Starts a batch, in each of the ways in which nobody keeps a handle, and waits until all have ended.
async fn batch(scope: &TaskScope<Tokio, (), Infallible>, ended: &Arc<AtomicU64>) {
    let before = ended.load(Ordering::Relaxed);
    for number in 0..BATCH {
        let child = child(number.is_multiple_of(2), Arc::clone(ended));
        if number % 4 < 2 {
            scope.spawn_detached(child);
        } else {
            drop(scope.spawn(child));
        }
    }
    while ended.load(Ordering::Relaxed) < before + BATCH {
        YieldOnce::new().await;
    }
}

#[test]
fn ten_million_short_children_on_one_scope_keep_memory_flat() {
    let owner = TokioOwned::current_thread().expect("a runtime");
    let rt = owner.handle();
    let scope = TaskScope::builder(&rt).joiner(Discard::new());
    let done = scope.run(async |scope| {
        let ended = Arc::new(AtomicU64::new(0));
        batch(&scope, &ended).await;
        let (first, mut most) = (held(), 0);
        for _ in 1..CHILDREN / BATCH {
            batch(&scope, &ended).await;
            most = most.max(held().bytes);
        }
        assert_eq!(ended.load(Ordering::Relaxed), CHILDREN);
        // The last to end may still be on their way out.
        assert!(most < first.bytes + 4_096, "{} grew to {most}", first.bytes);
        let requests = held().requests - first.requests;
        let tasks = usize::try_from(CHILDREN - BATCH).expect("a number of children");
        assert!(requests < tasks + 100, "{requests} for {tasks} tasks");
        Ok(())
    });
    assert!(owner.block_on(done).is_ok());
}
