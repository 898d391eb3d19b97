//! What scopes of one task allocate.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use allocation_counter::{AllocationInfo, measure};
use trunnion_core::YieldOnce;
use trunnion_patterns::{group, local_scope, scope};

/// Measures a future that wakes itself until it is ready, but not what a thread allocates once to find children that await
/// themselves.
fn driven<F: Future>(future: F) -> AllocationInfo {
    let _once = measured(detached_in_a_group(1));
    measured(future)
}

fn measured<F: Future>(future: F) -> AllocationInfo {
    let mut cx = Context::from_waker(Waker::noop());
    measure(|| {
        let mut future = pin!(future);
        while future.as_mut().poll(&mut cx).is_pending() {}
    })
}

fn count<F: Future>(future: F) -> u64 {
    driven(future).count_total
}

async fn child(number: u32) -> u32 {
    YieldOnce::new().await;
    number
}

async fn detached_in_a_group(children: u32) {
    group(async |s| (0..children).for_each(|number| s.spawn_detached(child(number)))).await;
}

async fn with_handles_in_a_group(children: u32) {
    group(async |s| (0..children).for_each(|number| drop(s.spawn(child(number))))).await;
}

async fn detached_in_a_scope(children: u32) {
    scope(async |s| (0..children).for_each(|number| s.spawn_detached(child(number)))).await;
}

async fn with_handles_in_a_scope(children: u32) {
    scope(async |s| (0..children).for_each(|number| drop(s.spawn(child(number))))).await;
}

#[test]
fn a_scope_without_children_allocates_once() {
    assert_eq!(count(detached_in_a_group(0)), 1);
    assert_eq!(count(detached_in_a_scope(0)), 1);
    assert_eq!(count(local_scope(async |_s| ())), 1);
}

#[test]
fn children_of_a_group_allocate_nothing_of_their_own() {
    // The state; for each slab of 16 and 16 two, of 32, 64, ... three; the list of older slabs.
    assert_eq!(count(detached_in_a_group(16)), 1 + 2);
    assert_eq!(count(detached_in_a_group(32)), 1 + 2 * 2 + 1);
    assert_eq!(count(detached_in_a_group(1 << 10)), 1 + 2 * 2 + 5 * 3 + 2);
    assert_eq!(count(detached_in_a_group(1 << 14)), 1 + 2 * 2 + 9 * 3 + 3);
    // The seats grow beside them: 4, 8, 16, ...
    let seats = |children: u32| u64::from(children.ilog2()) - 1;
    for children in [16, 1 << 10, 1 << 14] {
        let without = count(detached_in_a_group(children));
        assert_eq!(
            count(with_handles_in_a_group(children)),
            without + seats(children)
        );
    }
}

#[test]
fn children_of_a_scope_allocate_once_and_those_with_handles_twice() {
    for children in [16, 1 << 10] {
        let boxes = u64::from(children);
        let group = count(detached_in_a_group(children));
        assert_eq!(count(detached_in_a_scope(children)), group + boxes);
        let group = count(with_handles_in_a_group(children));
        assert_eq!(count(with_handles_in_a_scope(children)), group + 2 * boxes);
    }
}

#[test]
fn a_hundred_thousand_short_children_on_one_scope_keep_memory_flat() {
    async fn one_by_one(children: u32) {
        scope(async |s| {
            for number in 0..children {
                assert!(s.spawn(child(number)).await.is_ok());
            }
        })
        .await;
    }
    let few = driven(one_by_one(10)).bytes_max;
    assert_eq!(driven(one_by_one(100_000)).bytes_max, few);
}

#[test]
fn handles_are_small() {
    type Group = trunnion_patterns::Group<std::future::Ready<u64>>;
    type Child = trunnion_patterns::GroupChild<std::future::Ready<u64>>;
    assert_eq!(size_of::<Group>(), 8);
    assert_eq!(size_of::<Child>(), 24);
    assert_eq!(size_of::<trunnion_patterns::ScopeChild<'_, u64>>(), 32);
}
