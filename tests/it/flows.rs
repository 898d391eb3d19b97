//! The flow channel on every runtime, under random schedules, dropped at every point, and against a model.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use proptest::prelude::*;
use trunnion_core::{BlockOn, Runtime, Spawn, YieldOnce};
use trunnion_patterns::flow::{self, FlowStats, Overflow, SendError, Sender, Sent};
use trunnion_sim::{Schedule, Sim, cancel_sweep_in};

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
    assert_eq!((stats.reserved, stats.waiting), (0, 0), "{stats:?}");
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

/// Counts those that were received, taken back or dropped.
struct Counted(Arc<AtomicU64>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn dropping_any_future_of_a_channel_loses_neither_items_nor_places() {
    for seed in 0..64 {
        let sweep = cancel_sweep_in(
            || Sim::new().schedule(Schedule::Random).seed(seed),
            |rt| {
                let (sender, mut receiver) = flow::channel(NonZeroUsize::MIN).build();
                let gone = Arc::new(AtomicU64::new(0));
                let state = (sender.clone(), Arc::clone(&gone));
                let (other, others) = (sender.clone(), Arc::clone(&gone));
                rt.spawn_detached(async move {
                    for _ in 0..3 {
                        drop(other.send(Counted(Arc::clone(&others))).await);
                    }
                });
                let whole = async move {
                    let produce = async {
                        drop(sender.send(Counted(Arc::clone(&gone))).await);
                        let permit = sender.reserve().await;
                        YieldOnce::new().await;
                        drop(permit.map(|permit| permit.send(Counted(gone))));
                        sender.close();
                        sender.drained().await;
                    };
                    let consume = async {
                        drop(receiver.recv().await);
                        let mut many = Vec::new();
                        while receiver.recv_many(&mut many, NonZeroUsize::MAX).await > 0 {}
                    };
                    trunnion_patterns::gather((produce, consume)).await;
                };
                (state, whole)
            },
            |_, (sender, gone)| async move {
                // The receiver is gone: all items are, and nobody has a place or waits for one.
                assert_conserved(sender.stats());
                assert_eq!(sender.stats().len, 0);
                let made = sender.stats().sent;
                assert!(gone.load(Relaxed) >= made, "an item is kept");
            },
        );
        assert!(sweep.polls > 1, "it waits");
    }
}

/// What somebody does with a channel.
#[derive(Clone, Debug)]
enum Step {
    Send(u8),
    Recv,
    Reserve,
    Use(u8),
    GiveUp,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u8..6).prop_map(Step::Send),
        3 => Just(Step::Recv),
        1 => Just(Step::Reserve),
        1 => (0_u8..6).prop_map(Step::Use),
        1 => Just(Step::GiveUp),
    ]
}

const CAPACITY: usize = 3;
const MAX_WEIGHT: usize = 9;

/// The channel as one would write it down; an item weighs itself.
#[derive(Default)]
struct Model {
    items: VecDeque<u8>,
    reserved: usize,
}

impl Model {
    fn fits(&self, item: u8) -> bool {
        let weight: usize = self.items.iter().map(|item| usize::from(*item)).sum();
        self.items.len() + self.reserved < CAPACITY
            && weight + self.reserved * 5 + usize::from(item) <= MAX_WEIGHT
    }

    fn send(&mut self, item: u8, oldest: Option<bool>) -> Result<Vec<u8>, ()> {
        let before = self.items.clone();
        let mut gone = Vec::new();
        while !self.fits(item) {
            let next = match oldest {
                Some(true) => self.items.pop_front(),
                Some(false) => self.items.pop_back(),
                None => None,
            };
            let Some(next) = next else {
                self.items = before;
                return Err(());
            };
            gone.push(next);
        }
        self.items.push_back(item);
        Ok(gone)
    }
}

proptest! {
    #[test]
    fn it_does_what_the_model_does(steps in proptest::collection::vec(step(), 0..60), rule in 0..3) {
        let (overflow, oldest) = match rule {
            0 => (Overflow::Wait, None),
            1 => (Overflow::DropOldest, Some(true)),
            _ => (Overflow::DropNewest, Some(false)),
        };
        let capacity = NonZeroUsize::new(CAPACITY).expect("above zero");
        let (sender, mut receiver) = flow::channel(capacity)
            .overflow(overflow)
            .weigh(MAX_WEIGHT, |item: &u8| usize::from(*item))
            .build();
        let (mut model, mut permits) = (Model::default(), Vec::new());
        for step in steps {
            match step {
                Step::Send(item) => {
                    let gone = match sender.try_send(item) {
                        Ok(Sent::Queued) => Ok(Vec::new()),
                        Ok(Sent::Displaced { item, mut more }) => {
                            more.insert(0, item);
                            Ok(more)
                        }
                        _ => Err(()),
                    };
                    prop_assert_eq!(gone, model.send(item, oldest));
                }
                Step::Recv => prop_assert_eq!(receiver.try_recv().ok(), model.items.pop_front()),
                Step::Reserve => {
                    let permit = sender.try_reserve_weight(5);
                    prop_assert_eq!(permit.is_ok(), model.fits(5));
                    permits.extend(permit);
                    model.reserved = permits.len();
                }
                Step::Use(item) => if let Some(permit) = permits.pop() {
                    prop_assert_eq!(permit.send(item), Ok(Sent::Queued));
                    model.items.push_back(item);
                    model.reserved = permits.len();
                },
                Step::GiveUp => {
                    permits.pop();
                    model.reserved = permits.len();
                }
            }
            prop_assert_eq!(sender.stats().len, model.items.len());
            prop_assert!(sender.stats().peak_weight <= MAX_WEIGHT);
        }
        drop(permits);
        assert_conserved(sender.stats());
        prop_assert_eq!(receiver.close_now(), Vec::from(model.items));
    }
}
