//! Children of one type inside one task: ours, and those of peers. No runtime takes part.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures_concurrency::future::FutureGroup;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use trunnion_core::YieldOnce;
use trunnion_patterns::{group, scope};

use super::Scenario;
use crate::host::{Host, Started};
use crate::subject::Subject;

pub(super) const TEN: Scenario = Scenario {
    id: "group-10",
    expected: expected::<10>,
    subjects: subjects::<10>,
    ..with(10)
};

pub(super) const THOUSAND: Scenario = Scenario {
    id: "group-1000",
    expected: expected::<1_000>,
    subjects: subjects::<1_000>,
    ..with(1_000)
};

pub(super) const TEN_THOUSAND: Scenario = Scenario {
    id: "group-10000",
    expected: expected::<10_000>,
    subjects: subjects::<10_000>,
    ..with(10_000)
};

const fn with(children: u32) -> Scenario {
    Scenario {
        id: "",
        about: "A set is made, children of one type are put into it, and all are awaited: each gives way once, then gives a number. \
                The set and its growth are part of it; the children make nothing.",
        unit: "child",
        operations: children,
        threaded: false,
        hosts: &[Host::TokioCurrent],
        headline: (Host::TokioCurrent, "trunnion group"),
        expected: expected::<0>,
        subjects: subjects::<0>,
    }
}

fn expected<const N: u64>(iterations: u32) -> u64 {
    u64::from(iterations) * (N * (N + 1) / 2)
}

/// One child.
async fn child(number: u64) -> u64 {
    YieldOnce::new().await;
    black_box(number)
}

/// One child of a scope, whose sum lies outside.
#[expect(
    clippy::manual_async_fn,
    reason = "an async function holds its arguments twice"
)]
fn adds(number: u64, sum: &AtomicU64) -> impl Future<Output = ()> {
    async move {
        YieldOnce::new().await;
        // One thread runs all of them: no locked addition.
        sum.store(sum.load(Relaxed) + black_box(number), Relaxed);
    }
}

fn subjects<const N: u64>(_: Host, _: &Started) -> Vec<Subject> {
    vec![
        Subject::peer("futures-buffered", |n| times(n, buffered::<N>)),
        Subject::peer("FuturesUnordered", |n| times(n, unordered::<N>)),
        Subject::peer("futures-concurrency", |n| times(n, concurrent::<N>)),
        Subject::peer("moro", |n| times(n, moro::<N>))
            .note("children of any type, which may borrow; one that panics aborts the process"),
        Subject::ours("trunnion group", |n| times(n, grouped::<N>))
            .note("children may borrow and spawn others; their panics are kept"),
        Subject::ours("trunnion group, with handles", |n| {
            times(n, with_handles::<N>)
        })
        .note("outputs come through a handle for each child"),
        Subject::ours("trunnion scope", |n| times(n, scoped::<N>))
            .note("children of any type, which may borrow"),
    ]
}

async fn times<F: Future<Output = u64>>(iterations: u32, work: impl Fn() -> F) -> u64 {
    let mut sum = 0;
    for _ in 0..iterations {
        sum += work().await;
    }
    sum
}

async fn buffered<const N: u64>() -> u64 {
    let mut set = futures_buffered::FuturesUnordered::new();
    (1..=N).for_each(|number| set.push(child(number)));
    let mut sum = 0;
    while let Some(number) = set.next().await {
        sum += number;
    }
    sum
}

async fn unordered<const N: u64>() -> u64 {
    let mut set = FuturesUnordered::new();
    (1..=N).for_each(|number| set.push(child(number)));
    let mut sum = 0;
    while let Some(number) = set.next().await {
        sum += number;
    }
    sum
}

async fn concurrent<const N: u64>() -> u64 {
    let mut set = FutureGroup::new();
    (1..=N).for_each(|number| _ = set.insert(child(number)));
    let (mut set, mut sum) = (pin!(set), 0);
    while let Some(number) = set.next().await {
        sum += number;
    }
    sum
}

async fn moro<const N: u64>() -> u64 {
    let sum = AtomicU64::new(0);
    let total = &sum;
    moro::async_scope!(|scope| {
        for number in 1..=N {
            scope.spawn(adds(number, total));
        }
    })
    .await;
    sum.into_inner()
}

async fn grouped<const N: u64>() -> u64 {
    let sum = AtomicU64::new(0);
    group(async |s| (1..=N).for_each(|number| s.spawn_detached(adds(number, &sum)))).await;
    sum.into_inner()
}

async fn with_handles<const N: u64>() -> u64 {
    group(async |s| {
        let children: Vec<_> = (1..=N).map(|number| s.spawn(child(number))).collect();
        let mut sum = 0;
        for child in children {
            sum += child.await.unwrap_or(0);
        }
        sum
    })
    .await
}

async fn scoped<const N: u64>() -> u64 {
    let sum = AtomicU64::new(0);
    scope(async |s| (1..=N).for_each(|number| s.spawn_detached(adds(number, &sum)))).await;
    sum.into_inner()
}
