//! Bounded maps: nothing is lost, nothing runs beyond the limit, nothing waits for a body that waits for it.

use std::num::NonZeroUsize;

use trunnion_core::{CancelToken, Spawn};
use trunnion_patterns::{each, flow, map_concurrent};
use trunnion_sim::SimRuntime;

use crate::harness::{Space, WAKES, explore};
use crate::parts::{Census, Fault, pass};

const ONE: NonZeroUsize = NonZeroUsize::MIN;
const TWO: NonZeroUsize = ONE.saturating_add(1);

/// An operation that a task of its own does.
async fn double(rt: SimRuntime, running: Census, n: u32) -> u32 {
    let _member = running.join();
    rt.spawn(async move { (pass(usize::from(n == 0)).await, 2 * n).1 })
        .await
        .unwrap()
}

#[test]
fn outputs_come_in_the_order_of_the_items_and_within_the_limit() {
    explore(Space::All, WAKES, |rt| async move {
        let running = Census::default();
        let doubled = map_concurrent(TWO, each(0..3), |n| double(rt.clone(), running.clone(), n));
        assert_eq!(doubled.collect::<Vec<_>>().await, [0, 2, 4]);
        assert!(running.alive() == 0 && running.peak() <= 2);
    });
}

#[test]
fn unordered_outputs_are_the_same_ones() {
    explore(Space::All, WAKES, |rt| async move {
        let running = Census::default();
        let doubled = map_concurrent(TWO, each(0..3), |n| double(rt.clone(), running.clone(), n));
        let mut all = doubled.unordered().collect::<Vec<_>>().await;
        all.sort_unstable();
        assert_eq!(all, [0, 2, 4]);
        assert!(running.alive() == 0 && running.peak() <= 2);
    });
}

#[test]
fn a_pump_goes_on_while_its_body_waits_for_a_channel() {
    explore(Space::All, WAKES, |rt| async move {
        let running = Census::default();
        let (sender, mut receiver) = flow::channel(ONE).build();
        let reads = rt.spawn(async move {
            let mut all = Vec::new();
            while let Some(n) = receiver.recv().await {
                all.push(n);
            }
            all
        });
        let doubled = map_concurrent(TWO, each(0..3), |n| double(rt.clone(), running.clone(), n));
        let sent = doubled.pump(async move |mut outputs| {
            let mut sent = 0;
            while let Some(n) = outputs.next().await {
                sender.send(n).await.unwrap();
                sent += 1;
            }
            sent
        });
        assert_eq!(sent.await, 3);
        assert_eq!(reads.await.unwrap(), [0, 2, 4]);
        assert_eq!(running.alive(), 0);
    });
}

#[test]
fn a_source_that_is_slow_wakes_the_map() {
    explore(Space::All, WAKES, |rt| async move {
        let running = Census::default();
        let (sender, receiver) = flow::channel(ONE).build();
        let feeds = rt.spawn(async move {
            for n in 0..3 {
                sender.send(n).await.unwrap();
            }
        });
        let doubled = map_concurrent(TWO, receiver, |n| running.steps(1, 2 * n));
        assert_eq!(doubled.collect::<Vec<_>>().await, [0, 2, 4]);
        feeds.await.unwrap();
        assert_eq!(running.alive(), 0);
    });
}

#[test]
fn the_first_error_ends_a_map_with_all_that_runs() {
    explore(Space::All, WAKES, |rt| async move {
        let running = Census::default();
        let checked = map_concurrent(TWO, each(0..3), |n| {
            let doubled = double(rt.clone(), running.clone(), n);
            async move {
                match doubled.await {
                    2 => Err("two"),
                    n => Ok::<_, Fault>(n),
                }
            }
        });
        let failed = checked.try_collect::<_, _, Vec<_>>().await.unwrap_err();
        assert_eq!(failed.into_first(), "two");
        assert_eq!(running.alive(), 0);
        rt.settle().await;
        assert_eq!(rt.tasks(), 0, "the operations have ended with their tasks");
    });
}

#[test]
fn a_map_that_drains_gives_what_has_begun() {
    explore(Space::All, WAKES, |rt| async move {
        let (running, token) = (Census::default(), CancelToken::new());
        let cancels = {
            let token = token.clone();
            rt.spawn(async move { token.cancel() })
        };
        let doubled = map_concurrent(TWO, each(0..4), |n| double(rt.clone(), running.clone(), n));
        let given = doubled.drain(token).collect::<Vec<_>>().await;
        let all = given.unwrap_or_else(|cut| cut.so_far);
        assert_eq!(
            all.len(),
            running.entered(),
            "each operation that began is given"
        );
        assert_eq!(running.alive(), 0);
        assert!(cancels.await.unwrap());
    });
}

#[test]
fn a_map_that_is_cancelled_drops_what_runs() {
    explore(Space::All, WAKES, |rt| async move {
        let (running, token) = (Census::default(), CancelToken::new());
        let cancels = {
            let token = token.clone();
            rt.spawn(async move { (pass(1).await, token.cancel()).1 })
        };
        let doubled = map_concurrent(TWO, each(0..3), |n| double(rt.clone(), running.clone(), n));
        let given = doubled.cancel(token).collect::<Vec<_>>().await;
        assert_eq!(running.alive(), 0);
        let all = given.unwrap_or_else(|cut| cut.so_far);
        assert!(
            all.is_sorted() && all.iter().all(|n| [0, 2, 4].contains(n)),
            "{all:?}"
        );
        cancels.await.unwrap();
    });
}

#[test]
fn a_limit_that_is_raised_by_the_body_starts_more() {
    explore(Space::All, WAKES, |rt| async move {
        let running = Census::default();
        let doubled = map_concurrent(ONE, each(0..4), |n| double(rt.clone(), running.clone(), n));
        let all = doubled.pump(async |mut outputs| {
            let mut all = Vec::new();
            while let Some(n) = outputs.next().await {
                outputs.set_limit(TWO);
                all.push(n);
            }
            all
        });
        assert_eq!(all.await, [0, 2, 4, 6]);
        assert!(running.alive() == 0 && running.peak() <= 2);
    });
}
