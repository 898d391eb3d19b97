//! Channels: what was sent is received once and in order, or is told to be lost.

use std::num::NonZeroUsize;

use trunnion_core::{Spawn, TaskHandle};
use trunnion_patterns::flow::{self, FlowStats, Overflow, ReserveError, SendError, Sender, Sent};
use trunnion_sim::SimRuntime;

use crate::harness::{Space, WAKES, explore};
use crate::parts::{Log, pass};

const ONE: NonZeroUsize = NonZeroUsize::MIN;
const TWO: NonZeroUsize = ONE.saturating_add(1);

/// What is in a channel is accounted for, and nothing is reserved or waited for.
fn accounted(stats: &FlowStats) {
    let gone = stats.delivered + stats.displaced + stats.conflated + stats.leftover;
    let now = u64::try_from(stats.len).unwrap();
    assert_eq!(gone + now, stats.sent, "{stats:?}");
    assert_eq!((stats.reserved, stats.waiting), (0, 0), "{stats:?}");
}

/// A task that sends `items`, and gives what was handed back.
fn sends(
    rt: &SimRuntime,
    sender: &Sender<u32>,
    items: [u32; 2],
) -> impl TaskHandle<Vec<u32>> + use<> {
    let sender = sender.clone();
    rt.spawn(async move {
        let mut back = Vec::new();
        for item in items {
            match sender.send(item).await {
                Ok(Sent::Displaced { item, more }) => {
                    back.push(item);
                    back.extend(more);
                }
                Ok(_) => {}
                Err(error) => back.push(error.into_inner()),
            }
        }
        back
    })
}

/// Two senders against one receiver; gives what was received, and what was handed back.
async fn two_against_one(rt: &SimRuntime, overflow: Overflow<u32>) -> (Vec<u32>, Vec<u32>) {
    let (sender, mut receiver) = flow::channel(ONE).overflow(overflow).build();
    let senders = [sends(rt, &sender, [10, 11]), sends(rt, &sender, [20, 21])];
    let reads = rt.spawn(async move {
        let mut all = Vec::new();
        while let Some(item) = receiver.recv().await {
            all.push(item);
        }
        (all, receiver.stats())
    });
    drop(sender);
    let mut back = Vec::new();
    for sender in senders {
        back.extend(sender.await.unwrap());
    }
    let (all, stats) = reads.await.unwrap();
    accounted(&stats);
    (all, back)
}

/// The items of each sender come in their order.
fn in_order(all: &[u32]) {
    for sender in [10, 20] {
        let own: Vec<_> = all
            .iter()
            .filter(|item| **item / 10 * 10 == sender)
            .collect();
        assert!(own.is_sorted(), "{all:?}");
    }
}

/// Each of the four items is in one of the two, once.
fn all_there(all: &[u32], back: &[u32]) {
    let mut items = [all, back].concat();
    items.sort_unstable();
    assert_eq!(items, [10, 11, 20, 21]);
}

#[test]
fn senders_that_wait_lose_nothing() {
    explore(Space::All, WAKES, |rt| async move {
        let (all, back) = two_against_one(&rt, Overflow::Wait).await;
        assert!(back.is_empty());
        all_there(&all, &back);
        in_order(&all);
    });
}

#[test]
fn what_is_displaced_or_refused_is_handed_back() {
    type Rule = fn() -> Overflow<u32>;
    let rules: [Rule; 3] = [
        || Overflow::DropOldest,
        || Overflow::DropNewest,
        || Overflow::Reject,
    ];
    for rule in rules {
        explore(Space::All, WAKES, move |rt| async move {
            let (all, back) = two_against_one(&rt, rule()).await;
            all_there(&all, &back);
            in_order(&all);
        });
    }
}

#[test]
fn conflated_sums_are_whole() {
    explore(Space::All, WAKES, |rt| async move {
        let sum = Overflow::conflate(|old: &mut u32, new| *old += new);
        let (all, back) = two_against_one(&rt, sum).await;
        assert_eq!(
            (all.iter().sum::<u32>(), back.len()),
            (10 + 11 + 20 + 21, 0)
        );
    });
}

#[test]
fn conflated_keys_end_with_their_newest() {
    explore(Space::All, WAKES, |rt| async move {
        let newest = Overflow::keyed_conflate(|item: &u32| item / 10, |old, new| *old = new);
        let (all, back) = two_against_one(&rt, newest).await;
        assert!(back.is_empty());
        in_order(&all);
        for newest in [11, 21] {
            assert_eq!(
                all.iter().filter(|item| **item == newest).count(),
                1,
                "{all:?}"
            );
        }
    });
}

#[test]
fn a_sender_that_leaves_takes_no_room_with_it() {
    explore(Space::All, WAKES, |rt| async move {
        let (sender, mut receiver) = flow::channel(ONE).build();
        let leaves = sends(&rt, &sender, [10, 11]);
        let stays = sends(&rt, &sender, [20, 21]);
        drop(sender);
        let cancels = rt.spawn(async move { drop(leaves.cancel().await) });
        let mut all = Vec::new();
        while let Some(item) = receiver.recv().await {
            all.push(item);
        }
        cancels.await.unwrap();
        assert!(stays.await.unwrap().is_empty());
        in_order(&all);
        assert!(all.ends_with(&[21]) || all.contains(&21));
        accounted(&receiver.stats());
    });
}

#[test]
fn a_permit_keeps_its_place_and_gives_it_back() {
    explore(Space::All, WAKES, |rt| async move {
        let (sender, mut receiver) = flow::channel(ONE).build();
        let reserves = [true, false].map(|uses| {
            let sender = sender.clone();
            rt.spawn(async move {
                let permit = sender.reserve().await.unwrap();
                pass(1).await;
                if uses {
                    assert_eq!(permit.send(1), Ok(Sent::Queued));
                }
            })
        });
        let last = sends(&rt, &sender, [2, 3]);
        drop(sender);
        let mut all = Vec::new();
        while let Some(item) = receiver.recv().await {
            all.push(item);
        }
        for reserve in reserves {
            reserve.await.unwrap();
        }
        assert!(last.await.unwrap().is_empty());
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3]);
        accounted(&receiver.stats());
    });
}

#[test]
fn close_refuses_who_waits_and_lets_through_what_is_there() {
    explore(Space::All, WAKES, |rt| async move {
        let (sender, mut receiver) = flow::channel(ONE).build();
        let senders = [sends(&rt, &sender, [10, 11]), sends(&rt, &sender, [20, 21])];
        let drains = {
            let sender = sender.clone();
            rt.spawn(async move {
                sender.close();
                sender.drained().await
            })
        };
        let mut all = Vec::new();
        while receiver.recv_many(&mut all, TWO).await > 0 {}
        assert_eq!(drains.await.unwrap(), 0);
        let mut back = Vec::new();
        for sender in senders {
            back.extend(sender.await.unwrap());
        }
        all_there(&all, &back);
        in_order(&all);
        assert_eq!(sender.reserve().await.err(), Some(ReserveError::Closed));
        accounted(&receiver.stats());
    });
}

#[test]
fn a_receiver_that_is_dropped_ends_those_who_wait() {
    explore(Space::All, WAKES, |rt| async move {
        let (sender, mut receiver) = flow::channel(ONE).build();
        let log = Log::default();
        let senders = [1, 2, 3].map(|item| {
            let (sender, log) = (sender.clone(), log.clone());
            rt.spawn(async move {
                match sender.send(item).await {
                    Ok(_) => log.add(item),
                    Err(SendError::Closed(back)) => assert_eq!(back, item),
                    Err(error) => panic!("{error}"),
                }
            })
        });
        let first = receiver.recv().await.unwrap();
        drop(receiver);
        for sender in senders {
            sender.await.unwrap();
        }
        assert!(log.take().contains(&first));
        let stats = sender.stats();
        assert_eq!((stats.delivered, stats.sent - 1), (1, stats.leftover));
        accounted(&stats);
    });
}

#[test]
fn a_receiver_that_gives_up_loses_nothing() {
    explore(Space::All, WAKES, |rt| async move {
        let (sender, mut receiver) = flow::channel(ONE).build();
        let sender = sends(&rt, &{ sender }, [10, 11]);
        let signal = rt.spawn(pass(1));
        let mut all = Vec::new();
        trunnion_patterns::race((
            async {
                while let Some(item) = receiver.recv().await {
                    all.push(item);
                }
            },
            async { signal.await.unwrap() },
        ))
        .await;
        while let Some(item) = receiver.recv().await {
            all.push(item);
        }
        assert!(sender.await.unwrap().is_empty());
        assert_eq!(all, [10, 11]);
    });
}
