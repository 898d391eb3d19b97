//! Order, limits, weights, and how often what is polled.

use std::cell::{Cell, RefCell};
use std::future::{pending, ready};
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::stream::{self, StreamExt};
use trunnion_core::YieldOnce;
use trunnion_patterns::{each, map_concurrent};

use super::{drops, limit, polls, remotes, started};
use crate::hand::{Remote, Wakes, poll};

async fn numbered(remote: &Remote, number: usize) -> usize {
    remote.operation().await;
    number
}

#[test]
fn m4_outputs_come_in_the_order_of_the_items() {
    let remotes = remotes(3);
    let items = remotes.iter().enumerate();
    let map = map_concurrent(limit(3), each(items), |(n, remote)| numbered(remote, n));
    let mut outputs = pin!(map.collect::<Vec<_>>());
    assert!(poll(outputs.as_mut()).is_pending());
    for n in [2, 1, 0] {
        assert!(poll(outputs.as_mut()).is_pending());
        remotes[n].finish();
    }
    assert_eq!(poll(outputs), Poll::Ready(vec![0, 1, 2]));
}

#[test]
fn unordered_outputs_come_as_they_are_ready() {
    let remotes = remotes(4);
    let items = remotes.iter().enumerate();
    let map = map_concurrent(limit(3), each(items), |(n, remote)| numbered(remote, n));
    let mut outputs = pin!(map.unordered().collect::<Vec<_>>());
    assert!(poll(outputs.as_mut()).is_pending());
    for n in [2, 1, 3, 0] {
        assert!(poll(outputs.as_mut()).is_pending());
        remotes[n].finish();
    }
    assert_eq!(poll(outputs), Poll::Ready(vec![2, 1, 3, 0]));
}

#[test]
fn m2_waiting_outputs_keep_their_places_in_either_order() {
    for ordered in [true, false] {
        let remotes = remotes(5);
        let map = map_concurrent(limit(2), each(&remotes), Remote::operation);
        let map = if ordered { map } else { map.unordered() };
        let mut pump = pin!(map.pump(|outputs| async move {
            let _outputs = outputs;
            pending::<()>().await;
        }));
        assert!(poll(pump.as_mut()).is_pending());
        assert_eq!(started(&remotes), 2);
        remotes[1].finish();
        assert!(poll(pump.as_mut()).is_pending());
        remotes[0].finish();
        assert!(poll(pump.as_mut()).is_pending());
        assert_eq!(started(&remotes), 2, "nobody has taken an output");
        assert_eq!(drops(&remotes), [1, 1, 0, 0, 0], "M3: what ends is dropped");
    }
}

#[test]
fn m2_a_ready_buffer_adds_places_for_outputs_and_none_for_operations() {
    let remotes = remotes(9);
    let map = map_concurrent(limit(2), each(&remotes), Remote::operation).ready_buffer(3);
    let mut pump = pin!(map.pump(|outputs| async move {
        let _outputs = outputs;
        pending::<()>().await;
    }));
    assert!(poll(pump.as_mut()).is_pending());
    assert_eq!(started(&remotes), 2);
    remotes.iter().for_each(Remote::finish);
    assert!(poll(pump.as_mut()).is_pending());
    assert_eq!(
        started(&remotes),
        5,
        "two places and three more for outputs"
    );
}

#[test]
fn m4_one_slow_operation_does_not_let_outputs_pile_up_behind_it() {
    let (slow, calls) = (Remote::default(), Cell::new(0));
    let map = map_concurrent(limit(4), each(0..1_000), |n| {
        calls.set(calls.get() + 1);
        let slow = (n == 0).then(|| slow.operation());
        async move {
            if let Some(slow) = slow {
                slow.await;
            }
        }
    });
    let mut outputs = pin!(map.collect::<Vec<_>>());
    assert!(poll(outputs.as_mut()).is_pending());
    assert_eq!(calls.get(), 4);
    slow.finish();
    while poll(outputs.as_mut()).is_pending() {}
    assert_eq!(calls.get(), 1_000);
}

#[test]
fn items_are_taken_only_when_there_is_room() {
    let taken = Cell::new(0);
    let items = (0..100).inspect(|_| taken.set(taken.get() + 1));
    let map = map_concurrent(limit(4), each(items), |_| pending::<()>());
    let mut outputs = pin!(map.collect::<Vec<_>>());
    assert_eq!(taken.get(), 0);
    assert!(poll(outputs.as_mut()).is_pending());
    assert!(poll(outputs.as_mut()).is_pending());
    assert_eq!(taken.get(), 4);
}

#[test]
fn m5_an_operation_is_polled_once_and_once_more_for_each_wake() {
    let remotes = remotes(200);
    let map = map_concurrent(limit(100), each(&remotes), Remote::operation).unordered();
    let mut outputs = pin!(map.collect::<Vec<_>>());
    for remote in &remotes {
        // The parent is polled all the time; only one operation has something to do.
        assert!(poll(outputs.as_mut()).is_pending());
        remote.finish();
    }
    assert!(poll(outputs.as_mut()).is_ready());
    let total: usize = polls(&remotes).into_iter().sum();
    assert!(total <= 200 + 200, "{total} polls");
}

#[test]
fn m6_an_operation_that_wakes_itself_has_one_turn_in_each_poll() {
    let turns = Cell::new(0);
    let map = map_concurrent(limit(2), each(0..2), |n| {
        let turns = &turns;
        async move {
            for _ in 0..3 {
                turns.set(turns.get() + 1);
                YieldOnce::new().await;
            }
            n
        }
    });
    let mut outputs = pin!(map.collect::<Vec<_>>());
    for polls in 1..=3 {
        assert!(poll(outputs.as_mut()).is_pending());
        assert_eq!(turns.get(), 2 * polls);
    }
    assert_eq!(poll(outputs), Poll::Ready(vec![0, 1]));
}

#[test]
fn m6_what_is_always_ready_gives_way_after_128_items() {
    let (calls, wakes) = (Cell::new(0), Arc::new(Wakes::default()));
    let map = map_concurrent(limit(7), each(0..1_000), |n| {
        calls.set(calls.get() + 1);
        ready(n)
    });
    let mut outputs = pin!(map.collect::<Vec<_>>());
    let mut polls = 1;
    while wakes.poll(outputs.as_mut()).is_pending() {
        assert_eq!(wakes.count(), polls, "it wakes itself");
        assert!(calls.get() <= polls * 129);
        polls += 1;
    }
    assert!((7..=9).contains(&polls), "{polls} polls");
}

#[test]
fn any_running_operation_and_the_source_wake_the_task() {
    let (remotes, wakes) = (remotes(3), Arc::new(Wakes::default()));
    let (mut sender, items) = futures::channel::mpsc::channel(9);
    let map = map_concurrent(limit(9), items, |n: usize| remotes[n].operation());
    let mut outputs = pin!(map.collect::<Vec<_>>());
    assert!(wakes.poll(outputs.as_mut()).is_pending());
    for n in 0..3 {
        sender.try_send(n).expect("there is room");
    }
    assert_eq!(wakes.count(), 1);
    assert!(wakes.poll(outputs.as_mut()).is_pending());
    for (n, woken) in [(2, 2), (0, 3)] {
        remotes[n].finish();
        assert_eq!(wakes.count(), woken);
        assert!(wakes.poll(outputs.as_mut()).is_pending());
    }
    drop(sender);
    assert_eq!(wakes.count(), 4);
    remotes[1].finish();
    assert!(wakes.poll(outputs.as_mut()).is_ready());
}

#[test]
fn weights_hold_beside_the_limit_and_no_light_item_passes_a_heavy_one() {
    let remotes = remotes(5);
    let weights = [3, 2, 4, 1, 9];
    let items = remotes.iter().zip(weights);
    let map = map_concurrent(limit(3), each(items), |(remote, _)| remote.operation())
        .weigh(limit(5), |(_, weight)| *weight);
    let mut outputs = pin!(map.collect::<Vec<_>>());
    assert!(poll(outputs.as_mut()).is_pending());
    assert_eq!(started(&remotes), 2, "3 and 2, but not 4");
    remotes[1].finish();
    assert!(poll(outputs.as_mut()).is_pending());
    assert_eq!(
        started(&remotes),
        2,
        "3 and 4 are too much, and 1 waits behind"
    );
    remotes[0].finish();
    assert!(poll(outputs.as_mut()).is_pending());
    assert_eq!(started(&remotes), 4, "4 and 1");
    remotes[3].finish();
    assert!(poll(outputs.as_mut()).is_pending());
    assert_eq!(started(&remotes), 4);
    remotes[2].finish();
    assert!(poll(outputs.as_mut()).is_pending());
    assert_eq!(started(&remotes), 5, "what is too heavy runs alone");
    remotes[4].finish();
    assert_eq!(poll(outputs), Poll::Ready(vec!["done"; 5]));
}

#[test]
fn weights_of_zero_count_for_the_limit_only() {
    let remotes = remotes(4);
    let map = map_concurrent(limit(3), each(&remotes), Remote::operation).weigh(limit(1), |_| 0);
    let mut outputs = pin!(map.unordered().collect::<Vec<_>>());
    assert!(poll(outputs.as_mut()).is_pending());
    assert_eq!(started(&remotes), 3);
}

#[test]
fn m10_a_limit_that_shrinks_lets_nothing_start_before_enough_have_ended() {
    let remotes = remotes(12);
    let map = map_concurrent(limit(4), each(&remotes), Remote::operation).unordered();
    let mut outputs = pin!(map.lazy_stream());
    let mut next = || {
        outputs.as_mut().set_limit(limit(2));
        outputs
            .as_mut()
            .poll_next_unpin(&mut Context::from_waker(Waker::noop()))
    };
    let running = || {
        let ran = |remote: &&Remote| remote.polls() > 0 && remote.drops() == 0;
        remotes.iter().filter(ran).count()
    };
    assert!(next().is_pending());
    assert_eq!(running(), 2, "the first turn already keeps to it");
    let mut most = 0;
    for (number, remote) in remotes.iter().enumerate() {
        remote.finish();
        assert!(next().is_ready());
        most = most.max(running());
        assert!(running() <= 2, "after {number}");
    }
    assert_eq!(most, 2);

    let remotes = super::remotes(8);
    let map = map_concurrent(limit(4), each(&remotes), Remote::operation).unordered();
    let mut outputs = pin!(map.lazy_stream());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(outputs.as_mut().poll_next_unpin(&mut cx).is_pending());
    assert_eq!(started(&remotes), 4);
    outputs.as_mut().set_limit(limit(1));
    for (finished, remote) in remotes.iter().take(3).enumerate() {
        remote.finish();
        assert!(outputs.as_mut().poll_next_unpin(&mut cx).is_ready());
        assert_eq!(started(&remotes), 4, "after {finished} have ended");
    }
    remotes[3].finish();
    assert!(outputs.as_mut().poll_next_unpin(&mut cx).is_ready());
    assert_eq!(started(&remotes), 5);
    outputs.as_mut().set_limit(limit(3));
    assert!(outputs.as_mut().poll_next_unpin(&mut cx).is_pending());
    assert_eq!(started(&remotes), 7, "it may grow, too");
}

#[test]
fn an_empty_source_ends_at_once_and_a_limit_without_bounds_starts_everything() {
    let map = map_concurrent(limit(2), stream::empty::<u8>(), ready);
    assert_eq!(poll(pin!(map.collect::<Vec<_>>())), Poll::Ready(vec![]));
    let remotes = remotes(50);
    let map = map_concurrent(NonZeroUsize::MAX, each(&remotes), Remote::operation);
    let map = map.ready_buffer(usize::MAX);
    assert!(poll(pin!(map.collect::<Vec<_>>())).is_pending());
    assert_eq!(started(&remotes), 50);
}

#[test]
fn adaptors_of_futures_stand_on_both_sides() {
    let items = stream::iter(0..10).filter(|n| ready(n % 2 == 0));
    let map = map_concurrent(limit(3), items, |n| async move {
        YieldOnce::new().await;
        n
    });
    let mut all = pin!(
        map.lazy_stream()
            .chunks(2)
            .map(|pair| pair.len())
            .collect::<Vec<_>>()
    );
    let lengths = loop {
        if let Poll::Ready(lengths) = poll(all.as_mut()) {
            break lengths;
        }
    };
    assert_eq!(lengths, [2, 2, 1]);
}

#[test]
fn operations_may_borrow_and_need_not_be_send() {
    let log = RefCell::new(Vec::new());
    let all = map_concurrent(limit(3), each(0..3), |n| {
        let log = &log;
        async move { log.borrow_mut().push(n) }
    });
    assert!(poll(pin!(all.collect::<()>())).is_ready());
    assert_eq!(log.into_inner(), [0, 1, 2]);
}

#[test]
fn a_collection_that_stops_early_does_not_stop_the_map() {
    #[derive(Default)]
    struct First(Option<u32>);
    impl Extend<u32> for First {
        fn extend<I: IntoIterator<Item = u32>>(&mut self, numbers: I) {
            self.0 = self.0.or(numbers.into_iter().next());
        }
    }
    let calls = Cell::new(0);
    let map = map_concurrent(limit(2), each(1..=9), |n| {
        calls.set(calls.get() + 1);
        ready(n)
    });
    let Poll::Ready(First(Some(1))) = poll(pin!(map.collect::<First>())) else {
        panic!("the first is kept");
    };
    assert_eq!(calls.get(), 9);
}
