//! The others, each as its users write it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures_buffered::BufferedStreamExt as _;
use futures_concurrency::concurrent_stream::ConcurrentStream as _;
use futures_concurrency::stream::StreamExt as _;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::ITEMS;
use super::operation::Operation;
use crate::subject::Subject;

/// A sum that operations in one task add to.
#[derive(Default)]
struct Total(AtomicU64);

impl Total {
    /// Adds without a locked step: nobody else does meanwhile.
    #[inline]
    fn add(&self, number: u64) {
        self.0.store(self.0.load(Relaxed) + number, Relaxed);
    }
}

async fn sum(outputs: impl Stream<Item = u64>) -> u64 {
    let mut outputs = pin!(outputs);
    let mut sum = 0;
    while let Some(one) = outputs.next().await {
        sum += one;
    }
    sum
}

pub(super) fn for_each_concurrent<O: Operation>(limit: usize) -> Subject {
    Subject::peer(
        "futures-util for_each_concurrent",
        move |iterations| async move {
            let total = Total::default();
            for _ in 0..iterations {
                let items = stream::iter(0..ITEMS);
                let all = StreamExt::for_each_concurrent(items, limit, |item| {
                    let (operation, total) = (O::new(item), &total);
                    async move { total.add(operation.await) }
                });
                all.await;
            }
            total.0.into_inner()
        },
    )
}

/// What can at best be had with one operation at a time that is polled once for each turn of the task.
pub(super) fn limit<O: Operation>() -> Subject {
    Subject::peer("limit", |iterations| async move {
        let mut total = 0;
        for _ in 0..iterations {
            for item in 0..ITEMS {
                total += O::new(item).await;
            }
        }
        total
    })
    .note("no map: a loop that awaits each operation, whose wakes go to the task")
}

pub(super) fn buffer_unordered<O: Operation>(limit: usize) -> Subject {
    Subject::peer(
        "futures-util buffer_unordered",
        move |iterations| async move {
            let mut total = 0;
            for _ in 0..iterations {
                total += sum(stream::iter(0..ITEMS).map(O::new).buffer_unordered(limit)).await;
            }
            total
        },
    )
}

pub(super) fn buffered<O: Operation>(limit: usize) -> Subject {
    Subject::peer("futures-util buffered", move |iterations| async move {
        let mut total = 0;
        for _ in 0..iterations {
            total += sum(stream::iter(0..ITEMS).map(O::new).buffered(limit)).await;
        }
        total
    })
    .note("in the order of the items")
}

pub(super) fn futures_buffered<O: Operation>(limit: usize) -> Subject {
    Subject::peer("futures-buffered", move |iterations| async move {
        let mut total = 0;
        for _ in 0..iterations {
            let outputs = stream::iter(0..ITEMS).map(O::new).buffered_unordered(limit);
            total += sum(outputs).await;
        }
        total
    })
}

pub(super) fn futures_concurrency<O: Operation>(limit: usize) -> Subject {
    let most = std::num::NonZeroUsize::new(limit);
    Subject::peer("futures-concurrency", move |iterations| async move {
        let total = Arc::new(Total::default());
        for _ in 0..iterations {
            let items = stream::iter(0..ITEMS).co().limit(most);
            let all = items.for_each(|item| {
                let (operation, total) = (O::new(item), Arc::clone(&total));
                async move { total.add(operation.await) }
            });
            all.await;
        }
        total.0.load(Relaxed)
    })
}

pub(super) fn join_set<O: Operation>(limit: usize) -> Subject {
    Subject::peer("JoinSet with a semaphore", move |iterations| async move {
        let mut total = 0;
        for _ in 0..iterations {
            let (permits, mut tasks) = (Arc::new(Semaphore::new(limit)), JoinSet::new());
            for item in 0..ITEMS {
                let permit = Arc::clone(&permits).acquire_owned().await;
                tasks.spawn(async move {
                    let _permit = permit;
                    O::new(item).await
                });
                while let Some(one) = tasks.try_join_next() {
                    total += one.unwrap_or(0);
                }
            }
            while let Some(one) = tasks.join_next().await {
                total += one.unwrap_or(0);
            }
        }
        total
    })
    .note("a task for each item")
}
