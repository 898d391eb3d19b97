//! What several futures in one task cost, and ticks.

use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use trunnion_core::set::FutureSet;
use trunnion_core::{CancelToken, Instant, Timer, YieldOnce};
use trunnion_patterns::{
    as_completed, each, gather, interval, race, race_ok, try_gather, with_deadline,
};
use trunnion_sim::Sim;

use super::{HOUR, count};

/// Runs to the end and counts allocations and their bytes.
fn cost<F: Future>(make: impl FnOnce() -> F) -> (u64, u64) {
    let info = measure(|| {
        let mut future = pin!(make());
        let mut cx = Context::from_waker(Waker::noop());
        while future.as_mut().poll(&mut cx).is_pending() {}
    });
    (info.count_total, info.bytes_total)
}

async fn yields(number: u64) -> Result<u64, u64> {
    YieldOnce::new().await;
    Ok(number)
}

#[test]
fn futures_of_one_type_together_allocate_four_times_at_most_however_many_there_are() {
    for n in [1, 10, 100, 10_000] {
        // Few wakers lie beside their count.
        let times = if n <= 16 { 3 } else { 4 };
        let (gathered, bytes) = cost(|| gather(each((0..n).map(yields))));
        assert_eq!(
            gathered, times,
            "gather of {n}: futures, wakers and their count, outputs"
        );
        // A place, a waker and an output for each.
        let each_one = size_of_val(&Some(yields(0))) + 24 + size_of::<Option<Result<u64, u64>>>();
        assert!(
            bytes <= n * each_one as u64 + 256 + 16 * 24,
            "{bytes} bytes for {n}"
        );
        assert_eq!(
            cost(|| try_gather(each((0..n).map(yields)))).0,
            times,
            "try_gather of {n}"
        );
        assert_eq!(
            cost(|| race(each((0..n).map(yields)))).0,
            times,
            "race of {n}"
        );
        let mut taken = as_completed((0..n).map(yields));
        let counted = count_once(|| while poll_once(taken.next()) {});
        assert_eq!(counted, 0, "as_completed allocates when it is made");
    }
    assert_eq!(cost(|| gather([0, 1, 2].map(yields))).0, 3);
}

fn count_once(operation: impl FnOnce()) -> u64 {
    measure(operation).count_total
}

/// Polls; false when that was the last output.
fn poll_once<T>(next: impl Future<Output = Option<T>>) -> bool {
    let polled = pin!(next).poll(&mut Context::from_waker(Waker::noop()));
    !matches!(polled, Poll::Ready(None))
}

#[test]
fn a_tuple_together_allocates_nothing_and_adds_three_words_and_a_mark_for_each() {
    assert_eq!(cost(|| gather((yields(1), yields(2), yields(3)))).0, 0);
    assert_eq!(cost(|| try_gather((yields(1), yields(2)))).0, 0);
    assert_eq!(cost(|| race((yields(1), yields(2)))).0, 0);
    assert_eq!(cost(|| race_ok((yields(1), yields(2)))).0, 0);
    let pair = gather((yields(1), yields(2)));
    let words = size_of::<[usize; 4]>();
    assert!(size_of_val(&pair) <= 2 * (size_of_val(&yields(1)) + 8) + words);
}

#[test]
fn a_future_set_grows_by_slabs_and_wakes_and_reuses_without_allocating() {
    let grown = count_once(|| FutureSet::new().extend((0..10_000).map(yields)));
    // Eleven slabs: futures, wakers, their count; and now and then the list of slabs.
    assert!(
        grown <= 3 * 11 + 4,
        "{grown} allocations for 10,000 children"
    );
    let mut set = FutureSet::with_capacity(8);
    set.extend((0..8).map(yields));
    let mut cx = Context::from_waker(Waker::noop());
    let reused = count(|| match set.poll_next(&mut cx) {
        Poll::Ready(Some((_, Ok(number)))) => assert!(set.insert(yields(number)) < 8),
        _ => assert_eq!(set.len(), 8),
    });
    assert_eq!(reused, 0);
    assert!(size_of::<FutureSet<Ready<u8>>>() <= size_of::<[usize; 14]>());
}

#[test]
fn an_interval_allocates_once_and_a_tick_never() {
    let (clock, period) = (Sim::new(), HOUR);
    let rt = clock.handle();
    let sleep = measure(|| drop(rt.sleep(HOUR))).count_total;
    let mut beat = None;
    let made = count_once(|| beat = interval(&rt, period).ok());
    assert_eq!(made, sleep + 1);
    let mut beat = beat.expect("not zero");
    let ticks = count_once(|| {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(beat.tick()).poll(&mut cx).is_ready());
    });
    assert_eq!(ticks, 0);
}

#[test]
fn a_deadline_allocates_a_token_below_the_one_around_it_or_two() {
    let sim = Sim::new();
    let (rt, token, at) = (sim.handle(), CancelToken::new(), Instant::ORIGIN + HOUR);
    let alone = cost(|| with_deadline(&rt, at, |_| ready(())));
    assert_eq!(alone.0, 2);
    let below = cost(|| with_deadline(&rt, at, |_| ready(())).token(&token));
    assert_eq!(below.0, 1);
}
