//! Streams in time: batches, bursts, beats and rates.
//!
//! The source is a channel that a task feeds, so that an item and a timer may come at one instant.

use std::num::{NonZeroU32, NonZeroUsize};
use std::pin::pin;

use futures::StreamExt;
use trunnion_core::{Clock, Spawn, Timer};
use trunnion_patterns::flow::{self, Receiver};
use trunnion_patterns::{Edge, Flush, batch, debounce, sample, shape};
use trunnion_sim::SimRuntime;

use crate::harness::{LATE, Space, explore};
use crate::parts::MOMENT;

/// Items, each so many moments after the one before.
fn feed<const N: usize>(rt: &SimRuntime, pauses: [u32; N]) -> Receiver<usize> {
    let (sender, receiver) = flow::channel(NonZeroUsize::MIN).build();
    let clock = rt.clone();
    rt.spawn_detached(async move {
        for (number, pause) in pauses.into_iter().enumerate() {
            if pause > 0 {
                clock.sleep(MOMENT * pause).await;
            }
            drop(sender.send(number).await);
        }
    });
    receiver
}

#[test]
fn batches_hold_every_item_once_and_in_order() {
    explore(Space::All, LATE, |rt| async move {
        let two = NonZeroUsize::new(2).unwrap();
        let items = feed(&rt, [0, 1, 1, 0, 2]);
        let batches = batch(&rt, items, two).max_delay(MOMENT).idle(2 * MOMENT);
        let mut batches = pin!(batches);
        let mut all = Vec::new();
        while let Some(batch) = batches.next().await {
            assert!(!batch.items.is_empty() && batch.items.len() <= 2);
            assert_eq!(batch.flush == Flush::Full, batch.items.len() == 2);
            all.extend(batch.items);
        }
        assert_eq!(all, [0, 1, 2, 3, 4]);
    });
}

#[test]
fn a_batch_is_given_although_no_more_items_come() {
    explore(Space::All, LATE, |rt| async move {
        let many = NonZeroUsize::new(9).unwrap();
        let (sender, items) = flow::channel(many).build();
        let mut batches = pin!(batch(&rt, items, many).max_delay(3 * MOMENT));
        let sends = {
            let (sender, clock) = (sender.clone(), rt.clone());
            rt.spawn(async move {
                sender.send(1).await.unwrap();
                clock.sleep(MOMENT).await;
                sender.send(2).await.unwrap();
                clock.now()
            })
        };
        let start = rt.now();
        let first = batches.next().await.unwrap();
        assert_eq!(first.flush, Flush::Delay);
        assert!(rt.now() - start >= 3 * MOMENT);
        drop(sender);
        let second = sends.await.unwrap();
        let all: Vec<_> = first
            .items
            .into_iter()
            .chain(
                batches
                    .collect::<Vec<_>>()
                    .await
                    .into_iter()
                    .flat_map(|batch| batch.items),
            )
            .collect();
        assert_eq!(all, [1, 2], "{second:?}");
    });
}

#[test]
fn the_last_item_of_a_burst_is_never_lost() {
    for edge in [Edge::Trailing, Edge::Both] {
        explore(Space::All, LATE, move |rt| async move {
            let items = feed(&rt, [0, 1, 2, 4]);
            let given = debounce(&rt, items, 2 * MOMENT)
                .edge(edge)
                .collect::<Vec<_>>()
                .await;
            assert!(given.is_sorted() && given.ends_with(&[3]), "{given:?}");
            let mut once = given.clone();
            once.dedup();
            assert_eq!(once, given);
        });
    }
}

#[test]
fn a_leading_edge_gives_the_first_of_each_burst() {
    explore(Space::All, LATE, |rt| async move {
        let items = feed(&rt, [0, 1, 9]);
        let given = debounce(&rt, items, 2 * MOMENT)
            .edge(Edge::Leading)
            .collect::<Vec<_>>()
            .await;
        assert!(
            given.first() == Some(&0) && given.last() == Some(&2),
            "{given:?}"
        );
    });
}

#[test]
fn samples_are_the_newest_items_and_the_last_is_given() {
    explore(Space::All, LATE, |rt| async move {
        let items = feed(&rt, [0, 1, 1, 2]);
        let given = sample(&rt, items, 2 * MOMENT)
            .unwrap()
            .collect::<Vec<_>>()
            .await;
        let mut once = given.clone();
        once.dedup();
        assert!(given.is_sorted() && once == given, "{given:?}");
        assert_eq!(given.last(), Some(&3));
    });
}

#[test]
fn shape_loses_nothing_and_keeps_the_rate() {
    explore(Space::All, LATE, |rt| async move {
        let items = feed(&rt, [0, 0, 1, 0]);
        let two = NonZeroU32::new(2).unwrap();
        let mut shaped = pin!(shape(&rt, items, 2 * MOMENT, two).unwrap());
        let mut times = Vec::new();
        let mut all = Vec::new();
        while let Some(item) = shaped.next().await {
            all.push(item);
            times.push(rt.now());
        }
        assert_eq!(all, [0, 1, 2, 3]);
        for (n, window) in times.windows(3).enumerate() {
            assert!(
                window[2] - window[0] >= 2 * MOMENT,
                "three at once from item {n}"
            );
        }
    });
}
