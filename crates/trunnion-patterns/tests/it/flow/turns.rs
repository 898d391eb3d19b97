//! Who gives way, who is woken, and what a place weighs.

use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use trunnion_patterns::flow::{self, Overflow, Sent};

use super::channel;
use crate::hand::{Wakes, poll};

/// How often one of 300 runs of `work`, which never has to wait, gives way, each time with a wake.
fn gives_way(mut work: impl AsyncFnMut()) -> usize {
    let wakes = Arc::new(Wakes::default());
    let mut times = 0;
    for _ in 0..300 {
        let mut future = pin!(work());
        if wakes.poll(future.as_mut()).is_pending() {
            times += 1;
            assert_eq!(wakes.count(), times, "it is polled again");
            assert!(wakes.poll(future).is_ready());
        }
    }
    times
}

#[test]
fn sends_and_reserves_give_way_now_and_then() {
    let (sender, mut receiver) = channel(1, Overflow::Wait);
    let send = async || {
        sender.send(1).await.expect("there is room");
        receiver.try_recv().expect("it is there");
    };
    assert_eq!(gives_way(send), 2);
    assert_eq!(gives_way(async || drop(sender.reserve().await)), 2);
}

#[test]
fn receives_give_way_now_and_then() {
    let (sender, mut receiver) = channel(1, Overflow::Wait);
    let recv = async || {
        let _sent = sender.try_send(1);
        receiver.recv().await.expect("it is there");
    };
    assert_eq!(gives_way(recv), 2);
    let mut many = Vec::new();
    let recv_many = async || {
        let _sent = sender.try_send(1);
        receiver.recv_many(&mut many, NonZeroUsize::MIN).await;
    };
    assert_eq!(gives_way(recv_many), 2);
}

#[test]
fn only_the_last_waker_of_the_receiver_is_woken() {
    let (sender, mut receiver) = channel(1, Overflow::Wait);
    let (first, second) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
    let mut recv = pin!(receiver.recv());
    assert!(first.poll(recv.as_mut()).is_pending());
    assert!(second.poll(recv.as_mut()).is_pending());
    assert!(second.poll(recv.as_mut()).is_pending());
    sender.try_send(1).expect("there is room");
    assert_eq!((first.count(), second.count()), (0, 1));
    assert_eq!(poll(recv), Poll::Ready(Some(1)));
}

#[test]
fn a_send_that_was_refused_gives_its_item_back_and_no_place() {
    let (sender, mut receiver) = channel(1, Overflow::Wait);
    sender.try_send(0).expect("there is room");
    let wakes = Arc::new(Wakes::default());
    let mut refused = Box::pin(sender.send(1));
    let mut dropped = Box::pin(sender.send(2));
    assert!(wakes.poll(refused.as_mut()).is_pending());
    assert!(wakes.poll(dropped.as_mut()).is_pending());
    sender.close();
    assert_eq!(wakes.count(), 2);
    drop(dropped);
    let Poll::Ready(Err(error)) = poll(refused.as_mut()) else {
        panic!("it is refused");
    };
    assert_eq!(error.into_inner(), 1);
    let stats = sender.stats();
    assert_eq!(
        (stats.reserved, stats.granted_unclaimed, stats.waiting),
        (0, 0, 0)
    );
    assert_eq!(receiver.try_recv(), Ok(0));
    assert!(receiver.try_recv().is_err());
}

#[test]
fn places_weigh_nothing_where_nobody_weighs() {
    let (sender, _receiver) = channel::<u8>(2, Overflow::Wait);
    let permit = sender
        .try_reserve_weight(usize::MAX)
        .expect("there is room");
    assert_eq!(sender.stats().weight, 0);
    assert_eq!(permit.send(1), Ok(Sent::Queued));
    assert_eq!((sender.stats().weight, sender.stats().peak_weight), (0, 0));
}

#[test]
fn a_reserved_place_counts_in_the_peak_of_the_weight() {
    let (sender, _receiver) = flow::channel(NonZeroUsize::MIN)
        .weigh(9, |item: &usize| *item)
        .build();
    drop(sender.try_reserve_weight(5));
    let stats = sender.stats();
    assert_eq!((stats.weight, stats.peak_weight, stats.peak), (0, 5, 0));
}

#[test]
fn not_even_what_weighs_nothing_comes_in_beside_too_much() {
    let (sender, mut receiver) = flow::channel(NonZeroUsize::MIN.saturating_add(2))
        .overflow(Overflow::keyed_conflate(
            |item: &(u8, usize)| item.0,
            |old, new| old.1 += new.1,
        ))
        .weigh(4, |item| item.1)
        .build();
    sender.try_send((1, 3)).expect("it fits");
    assert_eq!(sender.try_send((1, 3)), Ok(Sent::Conflated));
    assert!(sender.try_send((2, 0)).is_err());
    assert!(sender.try_reserve_weight(0).is_err());
    assert_eq!(receiver.try_recv(), Ok((1, 6)));
    assert_eq!(sender.try_send((2, 0)), Ok(Sent::Queued));
}

#[test]
fn closing_at_once_wakes_all_who_wait() {
    let (sender, mut receiver) = channel(1, Overflow::Wait);
    sender.try_send(0).expect("there is room");
    let wakes = [(); 3].map(|()| Arc::new(Wakes::default()));
    let mut send = pin!(sender.send(1));
    let mut reserve = pin!(sender.reserve());
    let mut drained = pin!(sender.drained());
    assert!(wakes[0].poll(send.as_mut()).is_pending());
    assert!(wakes[1].poll(reserve.as_mut()).is_pending());
    assert!(wakes[2].poll(drained.as_mut()).is_pending());
    assert_eq!(receiver.close_now(), [0]);
    assert_eq!(wakes.map(|wakes| wakes.count()), [1, 1, 1]);
    assert!(matches!(poll(send), Poll::Ready(Err(_))));
    assert!(matches!(poll(reserve), Poll::Ready(Err(_))));
    assert_eq!(poll(drained), Poll::Ready(1));
}

#[test]
fn a_receiver_that_waits_is_woken_in_whatever_way_an_item_comes() {
    let keyed = || Overflow::keyed_conflate(|item: &u32| *item, |old, new| *old = new);
    for rule in [Overflow::Wait, Overflow::DropOldest, keyed()] {
        let (sender, mut receiver) = channel(1, rule);
        let wakes = Arc::new(Wakes::default());
        assert!(wakes.poll(pin!(receiver.recv())).is_pending());
        assert_eq!(sender.try_send(1), Ok(Sent::Queued));
        assert_eq!(wakes.count(), 1);
        assert_eq!(receiver.try_recv(), Ok(1));
        assert!(wakes.poll(pin!(receiver.recv())).is_pending());
        let permit = sender.try_reserve().expect("there is room");
        assert_eq!(permit.send(2), Ok(Sent::Queued));
        assert_eq!(wakes.count(), 2);
        assert_eq!(receiver.try_recv(), Ok(2));
    }
}
