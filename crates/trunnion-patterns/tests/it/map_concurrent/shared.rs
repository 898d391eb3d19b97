//! Maps that share a limit, and maps in tasks.

use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use futures::StreamExt;
use trunnion_core::YieldOnce;
use trunnion_patterns::{OwnedPermit, Semaphore, each, map_concurrent};

use super::{limit, remotes, started};
use crate::hand::poll;

#[test]
fn maps_that_share_a_semaphore_take_no_place_while_they_wait_for_it() {
    let (memory, remotes) = (Semaphore::new(3), &remotes(4)[..]);
    let map = |range: Range<usize>| {
        let memory = memory.clone();
        let admitted = each(range).then(move |n| {
            let permit = memory.acquire_many_owned(2);
            async move { (permit.await.expect("it is open"), n) }
        });
        map_concurrent(
            limit(9),
            admitted,
            move |(permit, n): (OwnedPermit, usize)| {
                let operation = remotes[n].operation();
                async move {
                    operation.await;
                    drop(permit);
                }
            },
        )
    };
    let mut first = pin!(map(0..2).collect::<()>());
    let mut second = pin!(map(2..4).collect::<()>());
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    for n in 0..4 {
        // Both maps waited with one item each: the first one's asked first.
        assert_eq!((started(remotes), memory.stats().held), (n + 1, 2));
        remotes[n].finish();
        if n < 2 {
            assert_eq!(poll(first.as_mut()).is_ready(), n == 1);
        }
        assert_eq!(poll(second.as_mut()).is_ready(), n == 3);
    }
    assert_eq!(memory.stats().held, 0);
}

#[test]
fn every_future_of_it_can_be_spawned_when_its_parts_can() {
    fn spawnable<T: Future + Send + 'static>(_: &T) {}
    let map = || map_concurrent(limit(2), each(0..3), |n| async move { Ok::<_, u8>(n) });
    spawnable(&map().collect::<Vec<_>>());
    spawnable(&map().try_collect::<_, _, Vec<_>>());
    spawnable(&map().settle::<_, _, Vec<_>>());
    spawnable(&map().pump(async |mut outputs| while outputs.next().await.is_some() {}));
    spawnable(&map().try_pump(async |mut outputs| {
        let mut sum = 0;
        while let Some(n) = outputs.next().await {
            YieldOnce::new().await;
            sum += n;
        }
        Ok(sum)
    }));
    spawnable(&async move {
        map().for_each(async |_| YieldOnce::new().await).await;
        let done = map().try_for_each(async |_| Ok(())).await;
        let folded = map().fold(0, async |sum, n| sum + n.unwrap_or(0)).await;
        let tried = map().try_fold(0, async |sum, n| Ok(sum + n)).await;
        (done, folded, tried)
    });
    let sum = AtomicU32::new(0);
    spawnable(&async move {
        let add = async |n| {
            YieldOnce::new().await;
            sum.fetch_add(n, Relaxed);
            Ok(())
        };
        map().try_for_each(add).await
    });
}
