//! What flow channels allocate, and how large their handles and futures are.

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use trunnion_patterns::flow::{self, Overflow, Permit, Receiver, Sender, Sent};

use crate::{TIMES, count};

fn n(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("above zero")
}

/// A channel whose ring has grown to its capacity.
fn grown(capacity: usize, overflow: Overflow<u64>) -> (Sender<u64>, Receiver<u64>) {
    let (sender, mut receiver) = flow::channel(n(capacity)).overflow(overflow).build();
    let all: Vec<_> = (0..capacity).map(|_| sender.try_reserve()).collect();
    for (number, permit) in (0..).zip(all) {
        let permit = permit.expect("there is room");
        permit.send(number).expect("it is reserved");
    }
    while receiver.try_recv().is_ok() {}
    (sender, receiver)
}

/// Polls; one that gives way is polled once more.
fn poll<F: Future>(cx: &mut Context<'_>, mut future: Pin<&mut F>) -> Poll<F::Output> {
    let first = future.as_mut().poll(cx);
    if first.is_pending() {
        return future.poll(cx);
    }
    first
}

struct Nothing;

impl std::task::Wake for Nothing {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_channel_is_one_allocation_and_its_ring() {
    let made = measure(|| drop(flow::channel::<u64>(n(100)).build()));
    assert_eq!(made.count_total, 1);
    let weighed = flow::channel::<u64>(n(100)).weigh(9, |_| 1);
    let made = measure(|| drop(weighed.build()));
    assert_eq!(made.count_total, 1, "a function that holds nothing");
    let (sender, mut receiver) = flow::channel(n(100)).build();
    let filled = measure(|| {
        for item in 0_u64..100 {
            assert_eq!(sender.try_send(item), Ok(Sent::Queued));
        }
    });
    // 4, 8, 16, 32, 64 and 128 places.
    assert_eq!(filled.count_total, 6);
    let again = measure(|| while receiver.try_recv().is_ok() {});
    assert_eq!(again.count_total, 0);
    assert_eq!(count(|| drop(sender.clone())), 0);
}

#[test]
fn handles_and_futures_are_small() {
    let (sender, mut receiver) = flow::channel::<u64>(n(1)).build();
    assert_eq!(size_of_val(&sender), size_of::<usize>());
    assert_eq!(size_of_val(&receiver), size_of::<usize>());
    assert_eq!(size_of_val(&sender.reserve()), 80);
    assert_eq!(size_of_val(&sender.drained()), 56);
    assert_eq!(size_of::<Permit<'_, u64>>(), 24);
    assert_eq!(size_of_val(&receiver.recv()), size_of::<usize>());
    let mut many = Vec::new();
    assert_eq!(size_of_val(&receiver.recv_many(&mut many, n(9))), 24);
    // A pointer needs no word to say that it is gone.
    assert_eq!(size_of_val(&sender.send(1)), 96 + size_of::<u64>());
    let (sender, _receiver) = flow::channel::<Box<u64>>(n(1)).build();
    assert_eq!(
        size_of_val(&sender.send(Box::new(1))),
        88 + size_of::<usize>()
    );
}

#[test]
fn what_finds_room_and_items_allocates_nothing() {
    let (sender, mut receiver) = grown(4, Overflow::Wait);
    let mut many = Vec::with_capacity(4);
    let mut rounds = 0;
    let mut cx = Context::from_waker(Waker::noop());
    let counted = count(|| {
        assert!(poll(&mut cx, pin!(sender.send(1))).is_ready());
        assert!(sender.try_send(2).is_ok());
        if let Poll::Ready(Ok(permit)) = poll(&mut cx, pin!(sender.reserve())) {
            assert!(permit.send(3).is_ok());
        }
        assert!(sender.try_reserve().is_ok());
        assert_eq!(poll(&mut cx, pin!(receiver.recv())), Poll::Ready(Some(1)));
        assert_eq!(
            poll(&mut cx, pin!(receiver.recv_many(&mut many, n(9)))),
            Poll::Ready(2)
        );
        assert!(receiver.try_recv().is_err());
        many.clear();
        rounds += 1;
    });
    assert_eq!((counted, rounds), (0, TIMES));
    assert_eq!(sender.stats().delivered, 4 + 3 * TIMES);
}

#[test]
fn waiting_leaving_and_handing_over_allocate_nothing() {
    let (sender, mut receiver) = grown(1, Overflow::Wait);
    let waker = Waker::from(Arc::new(Nothing));
    let mut cx = Context::from_waker(&waker);
    let mut drained_at_the_end = 0;
    let counted = count(|| {
        assert!(poll(&mut cx, pin!(receiver.recv())).is_pending());
        assert!(sender.try_send(1).is_ok());
        let mut first = pin!(sender.send(2));
        let mut second = pin!(sender.reserve());
        assert!(poll(&mut cx, first.as_mut()).is_pending());
        assert!(poll(&mut cx, second.as_mut()).is_pending());
        assert!(poll(&mut cx, pin!(sender.send(3))).is_pending());
        let mut drained = pin!(sender.drained());
        assert!(poll(&mut cx, drained.as_mut()).is_pending());
        assert_eq!(receiver.try_recv(), Ok(1));
        assert!(poll(&mut cx, first).is_ready());
        assert_eq!(receiver.try_recv(), Ok(2));
        let Poll::Ready(Ok(permit)) = poll(&mut cx, second) else {
            return;
        };
        assert!(permit.send(4).is_ok());
        assert_eq!(poll(&mut cx, pin!(receiver.recv())), Poll::Ready(Some(4)));
        assert_eq!(poll(&mut cx, drained), Poll::Ready(0));
        drained_at_the_end += 1;
    });
    assert_eq!((counted, drained_at_the_end), (0, TIMES));
}

#[test]
fn no_rule_allocates_for_what_finds_no_room() {
    let rules = [
        Overflow::DropOldest,
        Overflow::DropNewest,
        Overflow::Reject,
        Overflow::conflate(|old, new| *old += new),
        Overflow::keyed_conflate(|_| (), |old, new| *old += new),
    ];
    for rule in rules {
        let name = format!("{rule:?}");
        let (sender, mut receiver) = grown(2, rule);
        assert!(sender.try_send(1).is_ok(), "{name}");
        // With one key the second goes into the first.
        let _second = sender.try_send(2);
        let counted = count(|| drop(sender.try_send(3)));
        assert_eq!(counted, 0, "{name}");
        assert!(receiver.try_recv().is_ok(), "{name}");
    }
}

#[test]
fn a_heavy_item_allocates_for_those_that_it_displaces_beside_the_first() {
    let (sender, _receiver) = flow::channel(n(9))
        .overflow(Overflow::DropOldest)
        .weigh(4, |item: &usize| *item)
        .build();
    let send = |weight| measure(|| drop(sender.try_send(weight))).count_total;
    (0..4).for_each(|_| assert!(sender.try_send(1).is_ok()));
    assert_eq!(send(1), 0);
    assert_eq!(send(3), 1);
}
