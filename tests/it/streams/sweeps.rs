//! Waiting for the next of them, dropped at each point: nothing is lost, nothing is given twice, and no timer is left.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures::{Stream, StreamExt};
use trunnion_core::{Clock, Spawn, Timer};
use trunnion_patterns::flow::{self, Receiver};
use trunnion_patterns::{Batch, Batches, Edge, batch, debounce, sample, shape};
use trunnion_sim::{Schedule, Sim, SimRuntime, cancel_sweep_in};

use super::{NonZeroU32, STEP, n};
use crate::lent::Place;

const SEEDS: u64 = 64;
const ITEMS: u32 = 9;

type Given = Arc<Mutex<Vec<u32>>>;

fn seeded(seed: u64) -> Sim {
    Sim::new().schedule(Schedule::Random).seed(seed)
}

/// Sends numbers from another task, some of them at once.
fn numbers(rt: &SimRuntime) -> Receiver<u32> {
    let (sender, receiver) = flow::channel(n(2)).build();
    let clock = rt.clone();
    rt.spawn_detached(async move {
        for number in 0..ITEMS {
            if sender.send(number).await.is_err() {
                return;
            }
            clock.sleep((number % 3) * STEP).await;
        }
    });
    receiver
}

/// Takes three from what `make` makes, dropped at each point; then what `rest` takes out and all that follows. `flat` gives the numbers of
/// one of them, and `check` looks at all numbers.
fn sweep<S: Stream>(
    make: impl Fn(&'static SimRuntime, Receiver<u32>) -> S,
    flat: fn(S::Item) -> Vec<u32>,
    rest: fn(Pin<&mut S>) -> Vec<u32>,
    check: fn(&[u32]),
) {
    for seed in 0..SEEDS {
        let polls = cancel_sweep_in(
            || seeded(seed),
            |rt| {
                let rt: &'static SimRuntime = Box::leak(Box::new(rt));
                let place = Place::new(Box::pin(make(rt, numbers(rt))));
                let given = Given::default();
                let (lent, all) = (place.clone(), Arc::clone(&given));
                let future = async move {
                    let mut stream = lent.take().expect("it is there");
                    for _ in 0..3 {
                        let item = stream.next().await.expect("there are more");
                        all.lock().expect("nobody panics").extend(flat(item));
                    }
                };
                ((place, given), future)
            },
            |rt, (place, given)| async move {
                let mut all = std::mem::take(&mut *given.lock().expect("nobody panics"));
                let mut stream = place.take().expect("it is there");
                all.extend(rest(stream.as_mut()));
                while let Some(item) = stream.next().await {
                    all.extend(flat(item));
                }
                check(&all);
                assert_eq!(rt.next_deadline(), None, "a timer is left");
            },
        )
        .polls;
        assert!(polls > 1, "it waits");
    }
}

fn nothing<S: Stream>(_: Pin<&mut S>) -> Vec<u32> {
    Vec::new()
}

fn items(batch: Batch<u32>) -> Vec<u32> {
    assert!(!batch.items.is_empty());
    batch.items
}

fn one(item: u32) -> Vec<u32> {
    vec![item]
}

fn assert_whole(items: &[u32]) {
    assert!(items.iter().copied().eq(0..ITEMS), "{items:?}");
}

fn assert_newest(items: &[u32]) {
    assert!(items.is_sorted_by(|one, other| one < other), "{items:?}");
    assert_eq!(items.last(), Some(&(ITEMS - 1)), "{items:?}");
}

#[test]
fn a_batch_loses_nothing_wherever_the_wait_for_it_is_dropped() {
    let make = |rt, items| {
        let batches = batch(rt, items, n(3)).max_delay(STEP + STEP / 2);
        batches
            .idle(STEP)
            .max_weight(7, |item: &u32| *item as usize)
    };
    sweep(make, items, nothing, assert_whole);
}

#[test]
fn the_remainder_of_a_batch_is_what_was_not_given() {
    type Gathered = Batches<'static, SimRuntime, Receiver<u32>>;
    let make = |rt, items| batch(rt, items, n(2)).max_delay(STEP);
    sweep(make, items, Gathered::take_remainder, assert_whole);
}

#[test]
fn a_rate_loses_nothing_wherever_the_wait_is_dropped() {
    let two = NonZeroU32::MIN.saturating_add(1);
    let make = |rt, items| shape(rt, items, 2 * STEP, two).expect("not zero");
    sweep(make, one, nothing, assert_whole);
}

#[test]
fn the_last_of_a_burst_is_given_wherever_the_wait_is_dropped() {
    for edge in [Edge::Trailing, Edge::Both] {
        let make = |rt, items| debounce(rt, items, STEP / 2).edge(edge);
        sweep(make, one, nothing, assert_newest);
    }
}

#[test]
fn the_newest_at_a_beat_is_given_wherever_the_wait_is_dropped() {
    let make = |rt, items| sample(rt, items, STEP / 2).expect("not zero");
    sweep(make, one, nothing, assert_newest);
}

#[test]
fn dropping_any_of_them_at_any_point_leaves_no_timer() {
    for which in 0..4 {
        let polls = cancel_sweep_in(
            || seeded(which),
            |rt| {
                let future = async move {
                    let items = numbers(&rt);
                    match which {
                        0 => batch(&rt, items, n(9))
                            .max_delay(STEP)
                            .map(drop)
                            .boxed_local(),
                        1 => debounce(&rt, items, STEP).map(drop).boxed_local(),
                        2 => sample(&rt, items, STEP)
                            .expect("not zero")
                            .map(drop)
                            .boxed_local(),
                        _ => {
                            let shaped = shape(&rt, items, STEP, NonZeroU32::MIN);
                            shaped.expect("not zero").map(drop).boxed_local()
                        }
                    }
                    .for_each(async |()| ())
                    .await;
                };
                ((), future)
            },
            |rt, ()| async move {
                // Who sends notices at his next item.
                rt.sleep(9 * STEP).await;
                assert_eq!(rt.next_deadline(), None, "a timer is left");
                assert!(rt.now() > trunnion_core::Instant::ORIGIN);
            },
        )
        .polls;
        assert!(polls > 2, "it waits");
    }
}
