//! Batches, debounced, sampled and shaped streams: on every runtime, in many schedules, and dropped at each point.

mod rates;
mod sweeps;

use std::num::{NonZeroU32, NonZeroUsize};
use std::pin::pin;
use std::time::Duration;

use futures::{Stream, StreamExt};
use trunnion_core::{AnyRuntime, Clock, Flavor, Instant, RuntimeInfo, Spawn, Timer};
use trunnion_patterns::flow;
use trunnion_patterns::{Batch, Edge, Flush, batch, debounce, sample, shape};

use crate::runtimes::everywhere;

const STEP: Duration = Duration::from_millis(4);

fn n(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("above zero")
}

/// Sends each number from another task at so many steps after now, and ends; real runtimes may be late.
fn numbers(rt: &AnyRuntime, steps: &'static [u32], end: u32) -> flow::Receiver<u32> {
    let (sender, receiver) = flow::channel(n(1)).build();
    let (clock, start) = (rt.clone(), rt.now());
    rt.spawn_detached(async move {
        for &step in steps {
            clock.sleep_until(start + step * STEP).await;
            if sender.send(step).await.is_err() {
                return;
            }
        }
        clock.sleep_until(start + end * STEP).await;
    });
    receiver
}

/// Takes all, with the time after `start` at which each came.
async fn timed<S: Stream>(rt: &AnyRuntime, start: Instant, stream: S) -> Vec<(Duration, S::Item)> {
    let mut stream = pin!(stream);
    let mut all = Vec::new();
    while let Some(item) = stream.next().await {
        all.push((rt.now() - start, item));
    }
    assert!(stream.next().await.is_none(), "the end stays the end");
    all
}

/// Asserts the exact steps at which items came; of a real clock only that none came before.
#[track_caller]
fn assert_steps<T>(rt: &AnyRuntime, all: &[(Duration, T)], steps: &[u32]) {
    let due = steps.iter().map(|step| *step * STEP);
    if is_virtual(rt) {
        assert!(all.iter().map(|(at, _)| *at).eq(due));
    } else {
        assert_eq!(all.len(), steps.len());
        assert!(all.iter().zip(due).all(|((at, _), due)| *at >= due));
    }
}

fn is_virtual(rt: &AnyRuntime) -> bool {
    rt.info().flavor == Flavor::Virtual
}

fn in_order(items: impl Iterator<Item = u32>) -> bool {
    items.is_sorted()
}

#[test]
fn batches_have_all_items_in_their_order() {
    everywhere(|rt| async move {
        let start = rt.now();
        let items = numbers(&rt, &[0, 2, 4, 6, 12, 18], 25);
        let batches = batch(&rt, items, n(3)).max_delay(3 * STEP).idle(11 * STEP);
        let all = timed(&rt, start, batches).await;
        let whole: Vec<_> = all
            .iter()
            .flat_map(|(_, batch)| batch.items.clone())
            .collect();
        assert_eq!(whole, [0, 2, 4, 6, 12, 18]);
        for (at, Batch { items, flush, .. }) in &all {
            assert!(!items.is_empty() && items.len() <= 3);
            match flush {
                Flush::Full => assert_eq!(items.len(), 3),
                Flush::Delay => assert!(*at >= (items[0] + 3) * STEP),
                Flush::End => assert_eq!(items.last(), Some(&18)),
                other => panic!("{other:?}: the delay comes first"),
            }
        }
        if is_virtual(&rt) {
            let flushes = all.iter().map(|(_, batch)| batch.flush);
            assert!(flushes.eq([Flush::Delay; 4]));
            assert_steps(&rt, &all, &[3, 7, 15, 21]);
        }
    });
}

#[test]
fn a_batch_is_full_by_number_or_weight_whatever_the_clock_does() {
    everywhere(|rt| async move {
        let items = numbers(&rt, &[1, 2, 3, 4, 5], 5);
        let whole = batch(&rt, items, n(2)).max_weight(6, |step| *step as usize);
        let all: Vec<_> = whole
            .map(|batch| (batch.items, batch.flush))
            .collect()
            .await;
        let expected = [
            (vec![1, 2], Flush::Full),
            (vec![3], Flush::Weight),
            (vec![4], Flush::Weight),
            (vec![5], Flush::End),
        ];
        assert_eq!(all, expected);
    });
}

#[test]
fn debounce_gives_the_last_item_always_and_none_twice() {
    for edge in [Edge::Trailing, Edge::Leading, Edge::Both] {
        everywhere(|rt| async move {
            let start = rt.now();
            let items = numbers(&rt, &[0, 1, 2, 6, 12, 13], 14);
            let calm = debounce(&rt, items, 3 * STEP).edge(edge).max_wait(9 * STEP);
            let all = timed(&rt, start, calm).await;
            let given: Vec<_> = all.iter().map(|(_, item)| *item).collect();
            let twice = given.windows(2).any(|pair| pair[0] >= pair[1]);
            assert!(!twice, "{edge:?}: {given:?}");
            if edge != Edge::Leading {
                assert_eq!(given.last(), Some(&13), "{edge:?}");
            }
            if edge != Edge::Trailing {
                assert_eq!(given.first(), Some(&0), "{edge:?}");
            }
            let (items, steps): (&[u32], &[u32]) = match edge {
                Edge::Trailing => (&[2, 6, 13], &[5, 9, 14]),
                Edge::Leading => (&[0, 6, 12], &[0, 6, 12]),
                _ => (&[0, 2, 6, 12, 13], &[0, 5, 6, 12, 14]),
            };
            if is_virtual(&rt) {
                assert_eq!(given, items, "{edge:?}");
                assert_steps(&rt, &all, steps);
            }
        });
    }
}

#[test]
fn sample_gives_the_newest_at_its_beats_and_the_last_at_the_end() {
    everywhere(|rt| async move {
        let start = rt.now();
        let items = numbers(&rt, &[0, 1, 5, 6, 13], 14);
        let shown = sample(&rt, items, 4 * STEP).expect("not zero");
        let all = timed(&rt, start, shown).await;
        assert!(in_order(all.iter().map(|(_, item)| *item)));
        assert_eq!(all.last().map(|(_, item)| *item), Some(13));
        // Between two beats there is one at most.
        let beats = all.len() - 1;
        let time = all[beats.saturating_sub(1)].0;
        assert!(time >= u32::try_from(beats).expect("few") * 4 * STEP);
        if is_virtual(&rt) {
            assert!(all.iter().map(|(_, item)| *item).eq([1, 6, 13]));
            assert_steps(&rt, &all, &[4, 8, 14]);
        }
    });
}

#[test]
fn shape_keeps_all_items_their_order_and_the_rate() {
    everywhere(|rt| async move {
        let start = rt.now();
        let items = numbers(&rt, &[0, 0, 0, 0, 1, 20], 20);
        let two = NonZeroU32::MIN.saturating_add(1);
        let shaped = shape(&rt, items, 2 * STEP, two).expect("not zero");
        let all = timed(&rt, start, shaped).await;
        assert!(all.iter().map(|(_, item)| *item).eq([0, 0, 0, 0, 1, 20]));
        assert_steps(&rt, &all, &[0, 0, 2, 4, 6, 20]);
    });
}

#[test]
fn they_feed_each_other() {
    everywhere(|rt| async move {
        let items = numbers(&rt, &[0, 1, 2, 3, 4, 5, 6, 7], 9);
        let every = shape(&rt, items, STEP, NonZeroU32::MIN).expect("not zero");
        let pairs = batch(&rt, every, n(2));
        let newest = sample(&rt, pairs, STEP / 2).expect("not zero");
        let all: Vec<_> = newest.collect().await;
        let last = all.last().map(|batch| batch.items.clone());
        assert_eq!(last, Some(vec![6, 7]));
        let first = all.iter().map(|batch| batch.items[0]);
        assert!(in_order(first) && all.len() <= 4);
    });
}
