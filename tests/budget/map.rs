//! What bounded maps allocate.

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use trunnion_core::YieldOnce;
use trunnion_patterns::map_concurrent::{Every, Feed, TheEnd};
use trunnion_patterns::{Each, LazyStream, Pump, each, map_concurrent};

type Yields = fn(u64) -> YieldOnce;

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("not zero")
}

/// Runs to the end and counts allocations.
fn cost<F: Future>(make: impl FnOnce() -> F) -> u64 {
    let run = || {
        let mut future = pin!(make());
        let mut cx = Context::from_waker(Waker::noop());
        while future.as_mut().poll(&mut cx).is_pending() {}
    };
    measure(run).count_total
}

async fn yields(_: u64) {
    YieldOnce::new().await;
}

#[test]
fn a_map_allocates_four_times_at_most_however_many_items_there_are() {
    for most in [1, 16, 1_024] {
        for items in [2_000, 20_000] {
            let map = || map_concurrent(limit(most), each(0..items), yields);
            let unordered = cost(|| map().unordered().collect::<()>());
            // Few wakers lie beside their count.
            let fewer = u64::from(most <= 16);
            assert_eq!(
                unordered,
                4 - fewer,
                "{most}: operations, wakers, their count, outputs"
            );
            let all = 5 - fewer;
            let ordered = cost(|| map().collect::<()>());
            assert_eq!(ordered, all, "{most}: and which operation has which place");
            let weighed = cost(|| map().weigh(limit(9), |_| 1).collect::<()>());
            assert_eq!(weighed, all);
            let settled = cost(|| {
                let map = map_concurrent(limit(most), each(0..items), |n| async move {
                    yields(n).await;
                    Ok::<_, u8>(())
                });
                map.settle::<_, _, ()>()
            });
            assert_eq!(settled, all);
        }
    }
}

#[test]
fn a_pump_allocates_once_more_and_its_queue() {
    for items in [2_000, 20_000] {
        let map = || map_concurrent(limit(16), each(0..items), yields).unordered();
        let pumped =
            cost(|| map().pump(async |mut outputs| while outputs.next().await.is_some() {}));
        // The queue grows to 16 like a `Vec`: 4, 8, 16.
        assert!(pumped <= 3 + 1 + 3, "{pumped}");
    }
}

#[test]
fn the_future_of_a_map_has_a_fixed_size() {
    type Jobs = Feed<Each<std::ops::Range<u64>>, Yields>;
    let words = |bytes: usize| bytes / size_of::<usize>();
    assert!(words(size_of::<LazyStream<Jobs, TheEnd>>()) <= 41);
    assert!(words(size_of::<Pump<Jobs, TheEnd, Every, ()>>()) <= 43);
    let mut none = pin!(map_concurrent(limit(4), each(0..0), yields).collect::<()>());
    let info = measure(|| {
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(none.as_mut().poll(&mut cx), Poll::Ready(()));
    });
    assert_eq!(
        info.count_total, 4,
        "what is empty takes the memory of an ordered map all the same"
    );
}
