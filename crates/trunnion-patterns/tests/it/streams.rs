//! Batches, debounced, sampled and shaped streams, tick by tick.

use std::fmt::Debug;
use std::future::Future;
use std::num::{NonZeroU32, NonZeroUsize};
use std::pin::{Pin, pin};
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use trunnion_core::{BlockOn, Clock, Timer};
use trunnion_patterns::{Edge, Flush, batch, debounce, sample, shape};
use trunnion_sim::{Sim, SimRuntime};

use crate::hand::poll;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn n(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("above zero")
}

type Source = Pin<Box<dyn Stream<Item = u64>>>;

/// Gives each number at that millisecond, and ends at `end`.
fn at(rt: &SimRuntime, times: &[u64], end: u64) -> Source {
    let start = rt.now();
    let (rt, times) = (rt.clone(), times.to_vec());
    let last = [(end, None)];
    let items = times.into_iter().map(|at| (at, Some(at))).chain(last);
    Box::pin(
        stream::iter(items)
            .then(move |(at, item)| {
                let sleep = rt.sleep_until(start + ms(at));
                async move {
                    sleep.await;
                    item
                }
            })
            .filter_map(async |item| item),
    )
}

/// Gives what comes, with the millisecond at which it came.
fn timed<S, F>(make: F) -> Vec<(u64, S::Item)>
where
    S: Stream<Item: Debug>,
    F: AsyncFnOnce(&'static SimRuntime) -> S,
{
    let sim = Sim::new();
    let rt: &'static SimRuntime = Box::leak(Box::new(sim.handle()));
    sim.block_on(async {
        let start = rt.now();
        let mut stream = pin!(make(rt).await);
        let mut all = Vec::new();
        while let Some(item) = stream.next().await {
            let at = u64::try_from((rt.now() - start).as_millis()).expect("it is short");
            all.push((at, item));
        }
        assert!(stream.next().await.is_none(), "the end stays the end");
        all
    })
}

fn batches(
    times: &[u64],
    end: u64,
    delay: Option<u64>,
    idle: Option<u64>,
) -> Vec<(u64, Vec<u64>, Flush)> {
    let all = timed(async |rt| {
        let mut batches = batch(rt, at(rt, times, end), n(3));
        if let Some(delay) = delay {
            batches = batches.max_delay(ms(delay));
        }
        if let Some(idle) = idle {
            batches = batches.idle(ms(idle));
        }
        batches
    });
    all.into_iter()
        .map(|(at, batch)| (at, batch.items, batch.flush))
        .collect()
}

#[test]
fn a_batch_is_given_when_it_is_full_and_at_the_end() {
    let expected = [
        (30, vec![10, 20, 30], Flush::Full),
        (99, vec![40], Flush::End),
    ];
    assert_eq!(batches(&[10, 20, 30, 40], 99, None, None), expected);
    assert_eq!(batches(&[], 99, Some(1), Some(1)), [], "never empty");
}

#[test]
fn the_clock_of_a_batch_starts_with_its_first_item() {
    let expected = [
        (150, vec![100, 120], Flush::Delay),
        (250, vec![200], Flush::Delay),
        (301, vec![300], Flush::End),
    ];
    assert_eq!(
        batches(&[100, 120, 200, 300], 301, Some(50), None),
        expected
    );
}

#[test]
fn a_batch_is_given_when_nothing_comes() {
    let expected = [
        (40, vec![0, 20], Flush::Idle),
        (70, vec![50], Flush::Idle),
        (115, vec![80, 95], Flush::Idle),
    ];
    assert_eq!(batches(&[0, 20, 50, 80, 95], 500, None, Some(20)), expected);
    let delayed = [
        (25, vec![0, 15], Flush::Delay),
        (45, vec![30, 45], Flush::End),
    ];
    assert_eq!(batches(&[0, 15, 30, 45], 45, Some(25), Some(20)), delayed);
}

#[test]
fn a_batch_stops_before_the_item_that_is_too_much() {
    let all = timed(async |rt| {
        let items = stream::iter([2, 2, 2, 9, 1, 4]);
        batch(rt, items, n(10)).max_weight(5, |item| *item)
    });
    let all: Vec<_> = all
        .into_iter()
        .map(|(_, batch)| (batch.items, batch.flush))
        .collect();
    let expected = [
        (vec![2, 2], Flush::Weight),
        (vec![2], Flush::Weight),
        (vec![9], Flush::Weight),
        (vec![1, 4], Flush::Weight),
    ];
    assert_eq!(all, expected);
}

#[test]
fn an_item_that_was_carried_has_waited_since_it_came() {
    for flush in [Flush::Delay, Flush::Idle] {
        let sim = Sim::new();
        let rt = sim.handle();
        sim.block_on(async {
            let start = rt.now();
            let items = stream::iter([6_usize, 6]).chain(stream::pending());
            let batches = batch(&rt, items, n(10)).max_weight(10, |item| *item);
            let mut batches = pin!(match flush {
                Flush::Delay => batches.max_delay(ms(1_000)),
                _ => batches.idle(ms(1_000)),
            });
            let first = batches.next().await.map(|batch| batch.flush);
            assert_eq!((first, rt.now() - start), (Some(Flush::Weight), ms(0)));
            rt.sleep(ms(5_000)).await;
            let second = batches.next().await.map(|batch| batch.flush);
            assert_eq!((second, rt.now() - start), (Some(flush), ms(5_000)));
        });
    }
}

#[test]
fn an_item_that_was_carried_is_part_of_the_remainder() {
    let sim = Sim::new();
    let rt = sim.handle();
    sim.block_on(async {
        let items = stream::iter([2_usize, 4, 4]).chain(stream::pending());
        let mut batches = pin!(batch(&rt, items, n(10)).max_weight(5, |item| *item));
        assert_eq!(batches.next().await.map(|batch| batch.items), Some(vec![2]));
        assert_eq!(batches.as_mut().take_remainder(), [4]);
        assert_eq!(batches.take_remainder(), [0; 0]);
    });
}

#[test]
fn a_stream_that_is_always_ready_does_not_keep_a_batch_beyond_its_time() {
    let sim = Sim::new();
    let rt = sim.handle();
    sim.block_on(async {
        let endless = stream::repeat(());
        let mut batches = pin!(batch(&rt, endless, NonZeroUsize::MAX).max_delay(Duration::ZERO));
        let first = batches.next().await.expect("there is always more");
        assert_eq!(first.flush, Flush::Delay);
        assert!(first.items.len() <= 129, "{}", first.items.len());
    });
}

#[test]
fn streams_that_are_always_ready_keep_neither_a_burst_nor_a_beat_beyond_its_time() {
    let sim = Sim::new();
    let rt = sim.handle();
    sim.block_on(async {
        let count = std::cell::Cell::new(0);
        let endless = || stream::repeat_with(|| count.replace(count.get() + 1));
        let mut calm = pin!(debounce(&rt, endless(), ms(1)).max_wait(Duration::ZERO));
        let first = calm.next().await.expect("there is always more");
        assert!(first <= 129, "{first}");
        count.set(0);
        let at_once = Duration::from_nanos(1);
        let mut newest = pin!(sample(&rt, endless(), at_once).expect("not zero"));
        // The beat comes when the simulator's clock moves, and that is when this task gives way.
        let wakes = std::sync::Arc::new(crate::hand::Wakes::default());
        assert!(wakes.poll(pin!(newest.next())).is_pending() && count.get() <= 129);
        assert_eq!(wakes.count(), 1, "it is polled again");
        count.set(0);
        let burst = NonZeroU32::MAX;
        let mut fast = pin!(shape(&rt, endless(), ms(1), burst).expect("not zero"));
        let ready = (0..200).take_while(|_| wakes.poll(pin!(fast.next())).is_ready());
        assert!(ready.count() <= 128);
    });
}

fn debounced(edge: Edge, max_wait: Option<u64>, times: &[u64], end: u64) -> Vec<(u64, u64)> {
    timed(async |rt| {
        let calm = debounce(rt, at(rt, times, end), ms(30)).edge(edge);
        match max_wait {
            Some(max_wait) => calm.max_wait(ms(max_wait)),
            None => calm,
        }
    })
}

#[test]
fn debounce_gives_the_last_of_a_burst_the_first_or_both() {
    let times = [0, 20, 40, 100, 200, 210];
    assert_eq!(
        debounced(Edge::Trailing, None, &times, 500),
        [(70, 40), (130, 100), (240, 210)]
    );
    assert_eq!(
        debounced(Edge::Leading, None, &times, 500),
        [(0, 0), (100, 100), (200, 200)]
    );
    assert_eq!(
        debounced(Edge::Both, None, &times, 500),
        [(0, 0), (70, 40), (100, 100), (200, 200), (240, 210)]
    );
}

#[test]
fn debounce_ends_a_burst_that_does_not_and_keeps_the_last_at_the_end() {
    let times: Vec<u64> = (0..10).map(|n| 20 * n).collect();
    assert_eq!(
        debounced(Edge::Trailing, Some(70), &times, 185),
        [(70, 60), (150, 140), (185, 180)]
    );
    assert_eq!(debounced(Edge::Trailing, None, &times, 185), [(185, 180)]);
    assert_eq!(
        debounced(Edge::Both, None, &[0, 10], 20),
        [(0, 0), (20, 10)]
    );
}

#[test]
fn sample_gives_the_newest_at_each_beat_that_has_one() {
    let times = [10, 90, 100, 110, 350, 360];
    let all = timed(async |rt| sample(rt, at(rt, &times, 390), ms(100)).expect("not zero"));
    assert_eq!(all, [(100, 100), (200, 110), (390, 360)]);
    let sim = Sim::new();
    assert!(sample(&sim.handle(), stream::empty::<()>(), Duration::ZERO).is_err());
}

#[test]
fn shape_gives_a_burst_and_then_the_rate_and_saves_a_burst_up() {
    let burst = NonZeroU32::new(3).expect("above zero");
    let times = [0, 0, 0, 0, 5, 12, 200, 200, 200, 200];
    let all = timed(async |rt| shape(rt, at(rt, &times, 200), ms(10), burst).expect("not zero"));
    let given: Vec<_> = all.iter().map(|(at, _)| *at).collect();
    assert_eq!(given, [0, 0, 0, 10, 20, 30, 200, 200, 200, 210]);
    assert!(all.iter().map(|(_, item)| *item).eq(times), "none is lost");
}

#[test]
fn who_comes_late_for_an_item_does_not_get_the_next_one_early() {
    let sim = Sim::new();
    let rt = sim.handle();
    sim.block_on(async {
        let start = rt.now();
        let mut slow =
            pin!(shape(&rt, stream::repeat(()), ms(10), NonZeroU32::MIN).expect("not zero"));
        assert!(slow.next().await.is_some());
        assert!(poll(pin!(slow.next())).is_pending());
        rt.sleep(ms(25)).await;
        assert!(poll(pin!(slow.next())).is_ready());
        assert!(slow.next().await.is_some());
        assert_eq!(rt.now() - start, ms(35));
    });
}

#[test]
fn a_beat_has_one_item_also_if_another_comes_in_the_same_moment() {
    let sim = Sim::new();
    let rt = sim.handle();
    sim.block_on(async {
        let start = rt.now();
        let (sender, items) = trunnion_patterns::flow::channel(n(2)).build();
        let mut shown = pin!(sample(&rt, items, ms(100)).expect("not zero"));
        for number in 1..4 {
            sender.try_send(number).expect("there is room");
            assert_eq!(shown.next().await, Some(number));
            assert_eq!(rt.now() - start, number * ms(100));
        }
    });
}

#[test]
fn a_rate_that_is_never_reached_lets_the_burst_through_and_waits() {
    let sim = Sim::new();
    let rt = sim.handle();
    sim.block_on(async {
        let burst = NonZeroU32::new(2).expect("above zero");
        let mut slow =
            pin!(shape(&rt, stream::repeat(()), Duration::MAX, burst).expect("not zero"));
        assert!(slow.next().await.is_some() && slow.next().await.is_some());
        let third = trunnion_patterns::timeout(&rt, Duration::from_hours(24), slow.next());
        assert!(third.await.is_err());
    });
}

#[expect(dead_code, reason = "it only has to compile")]
fn they_are_send(rt: &SimRuntime) -> impl Future + Send {
    let items = stream::iter([1]);
    let items = debounce(rt, items, ms(1));
    let items = sample(rt, items, ms(1)).expect("not zero");
    let items = shape(rt, items, ms(1), NonZeroU32::MIN).expect("not zero");
    batch(rt, items, n(1))
        .max_weight(1, |_| 1)
        .collect::<Vec<_>>()
}
