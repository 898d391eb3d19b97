//! The flow channel on every runtime, under random schedules, dropped at every point, and against a model.

mod model;
mod probes;
mod sweeps;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use trunnion_core::{BlockOn, Runtime};
use trunnion_patterns::flow::{self, FlowStats, Overflow, SendError, Sender, Sent};
use trunnion_sim::{Schedule, Sim};

use crate::runtimes::ALL;

const SENDERS: u64 = 3;
const EACH: u64 = 20;

/// An item: who sent it, and which of his it is.
type Item = (u64, u64);

fn rules() -> [Overflow<Item>; 6] {
    [
        Overflow::Wait,
        Overflow::DropOldest,
        Overflow::DropNewest,
        Overflow::Reject,
        Overflow::conflate(|old, new| *old = new),
        Overflow::keyed_conflate(|item: &Item| item.0, |old, new| *old = new),
    ]
}

#[track_caller]
fn assert_conserved(stats: FlowStats) {
    let gone = stats.delivered + stats.displaced + stats.conflated + stats.leftover;
    let len = u64::try_from(stats.len).expect("it is small");
    assert_eq!(gone + len, stats.sent, "{stats:?}");
    assert!(stats.peak <= stats.capacity, "{stats:?}");
    let places = (stats.reserved, stats.granted_unclaimed, stats.waiting);
    assert_eq!(places, (0, 0, 0), "{stats:?}");
}

/// Sends, half of it through permits; counts what was displaced or refused, and what went into another item.
async fn produce<R: Runtime>(rt: R, who: u64, sender: Sender<Item>) -> (u64, u64) {
    let (mut lost, mut conflated) = (0, 0);
    for number in 0..EACH {
        let sent = if number % 2 == 0 {
            sender.send((who, number)).await
        } else {
            let permit = sender.reserve().await.expect("it is open");
            permit.send((who, number))
        };
        match sent {
            Ok(Sent::Queued) => {}
            Ok(Sent::Conflated) => conflated += 1,
            Ok(_) | Err(SendError::Full(_)) => lost += 1,
            Err(error) => panic!("{error}"),
        }
        if number % 3 == 0 {
            rt.yield_now().await;
        }
    }
    (lost, conflated)
}

async fn converse<R: Runtime>(rt: &R, rule: Overflow<Item>) {
    let name = format!("{rule:?}");
    let capacity = NonZeroUsize::MIN.saturating_add(1);
    let (sender, mut receiver) = flow::channel(capacity).overflow(rule).build();
    let tasks: Vec<_> = (0..SENDERS)
        .map(|who| rt.spawn(produce(rt.clone(), who, sender.clone())))
        .collect();
    let watch = sender.clone();
    drop(sender);
    let counting = rt.spawn(async move {
        let (mut next, mut count) = (BTreeMap::new(), 0);
        while let Some((who, number)) = receiver.recv().await {
            let next = next.entry(who).or_insert(0);
            assert!(number >= *next, "{name}: out of order");
            *next = number + 1;
            count += 1;
        }
        count
    });
    let (mut lost, mut conflated) = (0, 0);
    for task in tasks {
        let (gone, merged) = task.await.expect("it ends");
        lost += gone;
        conflated += merged;
    }
    watch.close();
    assert_eq!(watch.drained().await, 0);
    let stats = watch.stats();
    assert_conserved(stats);
    let arrived: u64 = counting.await.expect("it ends");
    assert_eq!(arrived + lost + stats.conflated, SENDERS * EACH);
    // Who merges may also merge what another one queued meanwhile.
    assert!(conflated <= stats.conflated && (conflated > 0) == (stats.conflated > 0));
}

#[test]
fn each_rule_accounts_for_each_item_on_every_runtime() {
    for (_, start) in ALL {
        let owner = start();
        let rt = owner.runtime();
        owner.block_on(async {
            for rule in rules() {
                converse(&rt, rule).await;
            }
        });
    }
}

#[test]
fn each_rule_accounts_for_each_item_under_random_schedules() {
    for seed in 0..256 {
        let sim = Sim::new().schedule(Schedule::Random).seed(seed);
        let rt = sim.handle();
        sim.block_on(async {
            for rule in rules() {
                converse(&rt, rule).await;
            }
        });
    }
}
