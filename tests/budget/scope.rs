//! What scopes that spawn allocate.

use std::convert::Infallible;
use std::future::Future;

use allocation_counter::{AllocationInfo, measure};
use trunnion_core::{BlockOn, CancelKind, YieldOnce};
use trunnion_patterns::{Discard, TaskScope};
use trunnion_tokio::Tokio;

use crate::tokio;

async fn child(waits: bool) -> Result<(), Infallible> {
    if waits {
        YieldOnce::new().await;
    }
    Ok(())
}

async fn discarding(rt: Tokio, children: u64, waits: bool) {
    let scope = TaskScope::builder(&rt).joiner(Discard::new());
    let done = scope.run(async |s| {
        (0..children).for_each(|_| drop(s.spawn(child(waits))));
        Ok(())
    });
    assert!(done.await.is_ok());
}

async fn natively(rt: Tokio, children: u64, waits: bool) {
    for handle in (0..children)
        .map(|_| rt.handle().spawn(child(waits)))
        .collect::<Vec<_>>()
    {
        assert!(handle.await.is_ok());
    }
}

/// Measures in a runtime of its own, so that its queues grow in each case.
fn inside<F: Future>(f: impl FnOnce(Tokio) -> F) -> AllocationInfo {
    let owner = tokio();
    let future = f(owner.handle());
    measure(|| _ = owner.block_on(future))
}

#[test]
fn a_child_whose_value_is_discarded_allocates_what_its_task_does() {
    for waits in [false, true] {
        let native = inside(|rt| natively(rt, 1_000, waits)).count_total;
        let scope = inside(|rt| discarding(rt, 1_000, waits)).count_total;
        // The scope itself, its token, and the amortised growth of one table of children.
        assert!(
            (native..native + 16).contains(&scope),
            "{scope} where tokio has {native}"
        );
    }
}

/// Children that wait without end, and are killed.
async fn killing(rt: Tokio, children: u64) {
    let scope = TaskScope::builder(&rt).joiner(Discard::<Infallible>::new());
    let done = scope.run(async |s| {
        (0..children)
            .for_each(|_| s.spawn_detached(std::future::pending::<Result<(), Infallible>>()));
        YieldOnce::new().await;
        s.token().kill(CancelKind::Requested);
        Ok::<_, Infallible>(())
    });
    assert!(done.await.is_err());
}

#[test]
fn a_child_that_is_killed_allocates_what_its_task_does() {
    let few = inside(|rt| killing(rt, 500)).count_total;
    let many = inside(|rt| killing(rt, 1_000)).count_total;
    // And the tables of reports, which grow.
    assert!((500..510).contains(&(many - few)), "{few} and {many}");
}

/// Children one after the other on one scope.
async fn one_by_one(rt: Tokio, children: u64) {
    let scope = TaskScope::builder(&rt).joiner(Discard::<Infallible>::new());
    let done = scope.run(async |s| {
        for _ in 0..children {
            assert!(s.spawn(child(true)).await.is_ok());
        }
        Ok(())
    });
    assert!(done.await.is_ok());
}

#[test]
fn a_hundred_thousand_short_children_on_one_scope_keep_memory_flat() {
    // What the thread allocates once is not counted.
    let _warm = inside(|rt| one_by_one(rt, 10));
    let few = inside(|rt| one_by_one(rt, 10)).bytes_max;
    let many = inside(|rt| one_by_one(rt, 100_000)).bytes_max;
    assert_eq!(many, few);
}
