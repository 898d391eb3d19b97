//! The futures of maps, dropped at each of their points.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use futures::lock::Mutex;
use trunnion_core::{CancelToken, Timer, YieldNow};
use trunnion_patterns::{each, map_concurrent};
use trunnion_sim::{Schedule, Sim, SimRuntime, cancel_sweep_in};

use super::limit;

/// What became of the items.
#[derive(Clone, Default)]
struct Books(Arc<Inner>);

#[derive(Default)]
struct Inner {
    taken: AtomicUsize,
    finished: AtomicUsize,
    dropped: AtomicUsize,
    // Held by every operation now and then: whoever was dropped must have given it back.
    lock: Mutex<()>,
}

/// One operation; it is dropped or finished, never both.
struct Entry(Books, bool);

impl Books {
    fn open(&self) -> Entry {
        self.0.taken.fetch_add(1, SeqCst);
        Entry(self.clone(), false)
    }

    fn balance(&self) {
        let [taken, finished, dropped] =
            [&self.0.taken, &self.0.finished, &self.0.dropped].map(|count| count.load(SeqCst));
        assert_eq!(taken, finished + dropped, "something is left or lost");
        assert!(self.0.lock.try_lock().is_some(), "the lock is kept");
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let inner = &self.0.0;
        let count = if self.1 {
            &inner.finished
        } else {
            &inner.dropped
        };
        count.fetch_add(1, SeqCst);
    }
}

async fn work(rt: &SimRuntime, books: Books, n: u32) -> Result<u32, u32> {
    let mut entry = books.open();
    rt.yield_now().await;
    {
        let _held = books.0.lock.lock().await;
        rt.sleep(Duration::from_millis(u64::from(n % 2))).await;
    }
    entry.1 = true;
    if n == 7 { Err(n) } else { Ok(n) }
}

/// Drops what `make` makes at each of its points; the books must balance.
fn sweep<F, M>(make: M)
where
    F: Future,
    M: Fn(SimRuntime, Books) -> F,
{
    for seed in 0..32 {
        let sweep = cancel_sweep_in(
            || Sim::new().schedule(Schedule::Random).seed(seed),
            |rt| {
                let books = Books::default();
                (books.clone(), make(rt, books))
            },
            |_, books| async move { books.balance() },
        );
        assert!(sweep.polls > 1, "it waits");
    }
}

#[test]
fn m8_collections_are_dropped_whole() {
    sweep(|rt, books| async move {
        let map = map_concurrent(limit(3), each(0..7), |n| work(&rt, books.clone(), n));
        assert_eq!(map.collect::<Vec<_>>().await.len(), 7);
    });
    sweep(|rt, books| async move {
        let map = map_concurrent(limit(3), each(0..12), |n| work(&rt, books.clone(), n));
        let tried = map.unordered().weigh(limit(4), |n| 1 + *n as usize % 3);
        assert!(tried.try_collect::<_, _, Vec<_>>().await.is_err());
    });
}

#[test]
fn m8_pumps_are_dropped_whole_with_their_bodies() {
    sweep(|rt, books| async move {
        let map = map_concurrent(limit(3), each(0..6), |n| work(&rt, books.clone(), n));
        let pump = map.ready_buffer(1).pump(async |mut outputs| {
            let mut count = 0;
            while outputs.next().await.is_some() {
                let _entry = books.open();
                let _held = books.0.lock.lock().await;
                rt.yield_now().await;
                count += 1;
            }
            count
        });
        assert_eq!(pump.await, 6);
    });
    sweep(|rt, books| async move {
        let map = map_concurrent(limit(2), each(0..9), |n| work(&rt, books.clone(), n));
        let tried = map.try_for_each(async |_| {
            rt.yield_now().await;
            Ok(())
        });
        assert!(tried.await.is_err());
    });
}

#[test]
fn m8_cancelled_maps_and_streams_are_dropped_whole() {
    sweep(|rt, books| async move {
        let token = CancelToken::new();
        let map = map_concurrent(limit(2), each(0..9), |n| {
            if n == 5 {
                token.cancel();
            }
            work(&rt, books.clone(), n)
        });
        let cut = map
            .drain(token.clone())
            .for_each(async |_| rt.yield_now().await);
        assert!(cut.await.is_err());
    });
    sweep(|rt, books| async move {
        let map = map_concurrent(limit(2), each(0..5), |n| work(&rt, books.clone(), n));
        let mut stream = std::pin::pin!(map.lazy_stream());
        while futures::StreamExt::next(&mut stream).await.is_some() {}
    });
}
