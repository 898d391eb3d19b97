//! The flow channel, polled by hand.

mod merges;
mod turns;

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

use trunnion_patterns::flow::{self, Overflow, Receiver, SendError, Sender, Sent, TryRecvError};

use crate::hand::{Wakes, poll};

fn channel<T>(capacity: usize, overflow: Overflow<T>) -> (Sender<T>, Receiver<T>) {
    let capacity = NonZeroUsize::new(capacity).expect("tests use capacities above zero");
    flow::channel(capacity).overflow(overflow).build()
}

fn drain<T>(receiver: &mut Receiver<T>) -> Vec<T> {
    std::iter::from_fn(|| receiver.try_recv().ok()).collect()
}

#[test]
fn c1_an_item_stays_when_the_woken_receive_is_dropped() {
    let (sender, mut receiver) = channel(1, Overflow::Wait);
    let wakes = Arc::new(Wakes::default());
    let mut recv = Box::pin(receiver.recv());
    assert!(wakes.poll(recv.as_mut()).is_pending());
    sender.try_send(1).expect("there is room");
    assert_eq!(wakes.count(), 1);
    drop(recv);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn c3_a_woken_send_that_is_dropped_wakes_the_next_and_sends_nothing() {
    let (sender, mut receiver) = channel(1, Overflow::Wait);
    sender.try_send(0).expect("there is room");
    let wakes = Arc::new(Wakes::default());
    let mut first = Box::pin(sender.send(1));
    let mut second = pin!(sender.send(2));
    assert!(poll(first.as_mut()).is_pending());
    assert!(wakes.poll(second.as_mut()).is_pending());
    assert_eq!(receiver.try_recv(), Ok(0));
    assert_eq!(wakes.count(), 0);
    drop(first);
    assert_eq!(wakes.count(), 1);
    assert_eq!(poll(second), Poll::Ready(Ok(Sent::Queued)));
    assert_eq!(drain(&mut receiver), [2]);
}

#[test]
fn who_waits_is_not_passed() {
    let (sender, mut receiver) = channel(1, Overflow::Wait);
    sender.try_send(0).expect("there is room");
    let mut waiting = pin!(sender.send(1));
    assert!(poll(waiting.as_mut()).is_pending());
    assert_eq!(receiver.try_recv(), Ok(0));
    assert_eq!(sender.try_send(2), Err(SendError::Full(2)));
    assert!(sender.try_reserve().is_err());
    assert!(poll(waiting).is_ready());
    assert_eq!(sender.stats().granted_unclaimed, 0);
}

#[test]
fn an_item_is_taken_back_from_a_send_that_was_granted_its_place() {
    let (sender, mut receiver) = channel(1, Overflow::Wait);
    sender.try_send(0).expect("there is room");
    let mut waiting = pin!(sender.send(1));
    assert!(poll(waiting.as_mut()).is_pending());
    assert_eq!(receiver.try_recv(), Ok(0));
    assert_eq!(sender.stats().granted_unclaimed, 1);
    assert_eq!(waiting.as_mut().into_inner(), Some(1));
    assert_eq!(waiting.into_inner(), None);
    assert_eq!((sender.stats().reserved, sender.stats().sent), (0, 1));
}

#[test]
fn each_rule_says_what_it_loses() {
    let (sender, mut receiver) = channel(2, Overflow::DropOldest);
    let sent: Vec<_> = (0..3).map(|n| sender.try_send(n)).collect();
    let (item, more) = (0, Vec::new());
    assert_eq!(sent[2], Ok(Sent::Displaced { item, more }));
    assert_eq!(drain(&mut receiver), [1, 2]);

    let (sender, mut receiver) = channel(2, Overflow::DropNewest);
    let sent: Vec<_> = (0..3).map(|n| sender.try_send(n)).collect();
    let (item, more) = (1, Vec::new());
    assert_eq!(sent[2], Ok(Sent::Displaced { item, more }));
    assert_eq!(drain(&mut receiver), [0, 2]);

    let (sender, mut receiver) = channel(1, Overflow::Reject);
    sender.try_send(0).expect("there is room");
    assert_eq!(
        poll(pin!(sender.send(1))),
        Poll::Ready(Err(SendError::Full(1)))
    );
    assert_eq!(
        (drain(&mut receiver), sender.stats().rejected),
        (vec![0], 1)
    );

    let (sender, mut receiver) = channel(2, Overflow::conflate(|old, new| *old += new));
    let sent: Vec<_> = (0..4).map(|n| sender.try_send(n)).collect();
    assert_eq!(sent[3], Ok(Sent::Conflated));
    assert_eq!(drain(&mut receiver), [0, 6]);
    assert_eq!(sender.stats().conflated, 2);
}

#[test]
fn a_heavy_item_displaces_several() {
    let (sender, mut receiver) = flow::channel(NonZeroUsize::new(9).expect("above zero"))
        .overflow(Overflow::DropOldest)
        .weigh(5, |item: &usize| *item)
        .build();
    for item in [2, 1, 2] {
        sender.try_send(item).expect("it fits");
    }
    let (item, more) = (2, vec![1]);
    assert_eq!(sender.try_send(3), Ok(Sent::Displaced { item, more }));
    let (item, weight, max) = (6, 6, 5);
    assert_eq!(
        sender.try_send(6),
        Err(SendError::TooHeavy { item, weight, max })
    );
    assert_eq!(sender.stats().weight, 5);
    assert_eq!(drain(&mut receiver), [2, 3]);
}

#[test]
fn a_light_send_behind_a_heavy_one_is_served_when_that_leaves() {
    let (sender, _receiver) = flow::channel(NonZeroUsize::new(9).expect("above zero"))
        .weigh(5, |item: &usize| *item)
        .build();
    sender.try_send(4).expect("it fits");
    let wakes = Arc::new(Wakes::default());
    let mut heavy = Box::pin(sender.send(3));
    let mut light = pin!(sender.send(1));
    assert!(poll(heavy.as_mut()).is_pending());
    assert!(wakes.poll(light.as_mut()).is_pending());
    drop(heavy);
    assert_eq!(wakes.count(), 1);
    assert_eq!(poll(light), Poll::Ready(Ok(Sent::Queued)));
}

#[test]
fn what_is_reserved_is_neither_displaced_nor_merged_with() {
    let (sender, mut receiver) = channel(1, Overflow::DropOldest);
    let permit = sender.try_reserve().expect("there is room");
    assert_eq!(sender.try_send(1), Err(SendError::Full(1)));
    assert_eq!(permit.send(2), Ok(Sent::Queued));
    assert_eq!(drain(&mut receiver), [2]);
    let (sender, _receiver) = channel(1, Overflow::conflate(|old, new| *old += new));
    let permit = sender.try_reserve().expect("there is room");
    assert_eq!(sender.try_send(1), Err(SendError::Full(1)));
    drop(permit);
    assert_eq!(sender.try_send(1), Ok(Sent::Queued));
}

#[test]
fn a_permit_outlives_the_close_and_the_receiver_waits_for_it() {
    let (sender, mut receiver) = channel(2, Overflow::Wait);
    let (permit, unused) = (sender.try_reserve(), sender.try_reserve());
    let permit = permit.expect("there is room");
    sender.close();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(permit.send(1), Ok(Sent::Queued));
    assert_eq!(receiver.try_recv(), Ok(1));
    let wakes = Arc::new(Wakes::default());
    assert!(wakes.poll(pin!(receiver.recv())).is_pending());
    let mut drained = pin!(sender.drained());
    assert!(wakes.poll(drained.as_mut()).is_pending());
    drop(unused);
    assert_eq!(wakes.count(), 2);
    assert_eq!(poll(drained), Poll::Ready(0));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn closing_at_once_gives_what_is_there_and_refuses_permits() {
    let (sender, mut receiver) = channel(3, Overflow::Wait);
    sender.try_send(1).expect("there is room");
    sender.try_send(2).expect("there is room");
    let permit = sender.try_reserve().expect("there is room");
    let mut waiting = pin!(sender.send(3));
    assert!(poll(waiting.as_mut()).is_pending());
    assert_eq!(receiver.close_now(), [1, 2]);
    assert_eq!(permit.send(4), Err(SendError::Closed(4)));
    assert_eq!(poll(waiting), Poll::Ready(Err(SendError::Closed(3))));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(poll(pin!(sender.drained())), Poll::Ready(2));
}

#[test]
fn keys_with_one_hash_are_not_merged() {
    /// Every key has the same hash.
    #[derive(PartialEq, Eq)]
    struct Colliding(u32);
    impl std::hash::Hash for Colliding {
        fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
    }
    let newest =
        Overflow::keyed_conflate(|item: &(u32, u32)| Colliding(item.0), |old, new| *old = new);
    let (sender, mut receiver) = channel(4, newest);
    for item in [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2)] {
        sender.try_send(item).expect("there is room");
    }
    assert_eq!(drain(&mut receiver), [(1, 2), (2, 2), (3, 1)]);
}

#[test]
fn the_users_functions_may_use_the_channel() {
    type Slot = OnceLock<(Sender<u32>, Mutex<Receiver<u32>>)>;
    let slot: &'static Slot = Box::leak(Box::new(OnceLock::new()));
    let look = || {
        let Some((sender, receiver)) = slot.get() else {
            return;
        };
        assert!(sender.stats().len <= 2);
        let receiver = receiver.lock().expect("nobody panics under it");
        assert!(!receiver.is_closed());
    };
    let merge = move |old: &mut u32, new: u32| {
        look();
        if let Some((sender, receiver)) = slot.get() {
            // What is merged is in nobody's place meanwhile.
            let empty = receiver.lock().expect("nobody panics under it").try_recv();
            assert_eq!(empty, Err(TryRecvError::Empty));
            if new == 2 {
                sender.try_send(10).expect("it is taken in");
            }
        }
        *old += new;
    };
    let (sender, receiver) = flow::channel(NonZeroUsize::MIN)
        .overflow(Overflow::conflate(merge))
        .weigh(100, move |item: &u32| {
            look();
            usize::try_from(*item).expect("it is small")
        })
        .build();
    drop(slot.set((sender, Mutex::new(receiver))));
    let (sender, receiver) = slot.get().expect("it was set");
    sender.try_send(1).expect("there is room");
    assert_eq!(sender.try_send(2), Ok(Sent::Conflated));
    let mut receiver = receiver.lock().expect("nobody panics under it");
    assert_eq!(drain(&mut receiver), [13]);
    assert_eq!(sender.stats().weight, 0);
}

/// Looks how many wait when it is woken, and keeps the most.
struct Looks(&'static Sender<u32>, Arc<AtomicUsize>);

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        self.1.fetch_max(self.0.stats().waiting, SeqCst);
    }
}

#[test]
fn those_behind_one_that_leaves_are_served_in_batches() {
    for granted in [false, true] {
        let (sender, _receiver) = flow::channel(NonZeroUsize::new(200).expect("above zero"))
            .weigh(41, |_| 1)
            .build();
        let sender: &'static Sender<u32> = Box::leak(Box::new(sender));
        let _one = sender.try_reserve().expect("there is room");
        let many = sender.try_reserve_weight(40).expect("there is room");
        let mut head = Box::pin(sender.reserve_weight(if granted { 40 } else { 41 }));
        assert!(poll(head.as_mut()).is_pending());
        let most = Arc::new(AtomicUsize::new(0));
        let waker = Waker::from(Arc::new(Looks(sender, Arc::clone(&most))));
        let mut behind: Vec<_> = (0..40).map(|_| Box::pin(sender.reserve())).collect();
        for reserve in &mut behind {
            let polled = reserve.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        drop(many);
        drop(head);
        assert_eq!((sender.stats().waiting, sender.stats().reserved), (0, 41));
        assert_eq!(
            most.load(SeqCst),
            40 - 32,
            "the lock is held for 32 at most"
        );
    }
}

#[test]
fn the_last_sender_ends_it_and_clones_do_not() {
    let (sender, mut receiver) = channel(1, Overflow::Wait);
    let wakes = Arc::new(Wakes::default());
    assert!(wakes.poll(pin!(receiver.recv())).is_pending());
    drop(sender.clone());
    assert_eq!(wakes.count(), 0);
    sender.try_send(1).expect("there is room");
    drop(sender);
    assert_eq!(poll(pin!(receiver.recv())), Poll::Ready(Some(1)));
    assert_eq!(poll(pin!(receiver.recv())), Poll::Ready(None));
}

#[test]
fn a_receiver_that_is_dropped_drops_what_is_there_and_says_so() {
    let (sender, receiver) = channel(2, Overflow::Wait);
    let item = Arc::new(());
    sender.try_send(Arc::clone(&item)).expect("there is room");
    drop(receiver);
    assert_eq!(Arc::strong_count(&item), 1);
    assert!(sender.is_closed());
    assert_eq!(poll(pin!(sender.drained())), Poll::Ready(1));
}

#[test]
fn many_that_wait_are_served_by_one_take_of_many() {
    let (sender, mut receiver) = channel(100, Overflow::Wait);
    for item in 0..100 {
        sender.try_send(item).expect("there is room");
    }
    let mut waiting: Vec<_> = (100..200).map(|item| Box::pin(sender.send(item))).collect();
    for send in &mut waiting {
        assert!(poll(send.as_mut()).is_pending());
    }
    let mut items = Vec::new();
    let all = NonZeroUsize::MAX;
    assert_eq!(
        poll(pin!(receiver.recv_many(&mut items, all))),
        Poll::Ready(100)
    );
    assert_eq!(sender.stats().granted_unclaimed, 100);
    for send in &mut waiting {
        assert!(poll(send.as_mut()).is_ready());
    }
    assert_eq!(
        poll(pin!(receiver.recv_many(&mut items, all))),
        Poll::Ready(100)
    );
    assert_eq!(items, (0..200).collect::<Vec<_>>());
}
