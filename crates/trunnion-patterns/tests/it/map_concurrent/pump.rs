//! The body and the work in flight, polled by one future.

use std::cell::{Cell, RefCell};
use std::future::{pending, ready};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use futures::stream::FusedStream;
use trunnion_core::YieldOnce;
use trunnion_patterns::{Outputs, each, gather, map_concurrent, race};

use super::{drops, limit, polls, remotes, started};
use crate::hand::{Remote, Wakes, poll};

#[test]
fn m1_a_woken_operation_is_polled_whatever_the_body_waits_for() {
    let (remotes, body) = (remotes(3), Remote::default());
    let waits = body.operation();
    let map = map_concurrent(limit(2), each(&remotes), Remote::operation);
    let mut pump = pin!(map.pump(async move |mut outputs| {
        let first = outputs.next().await;
        waits.await;
        let mut count = usize::from(first.is_some());
        while outputs.next().await.is_some() {
            count += 1;
        }
        count
    }));
    remotes[0].finish();
    assert!(poll(pump.as_mut()).is_pending());
    assert_eq!(started(&remotes), 3, "the body has made room");
    for n in [1, 2] {
        let before = polls(&remotes);
        remotes[n].finish();
        assert!(poll(pump.as_mut()).is_pending());
        assert_eq!(remotes[n].polls(), before[n] + 1);
        assert_eq!(remotes[n].drops(), 1);
    }
    body.finish();
    assert_eq!(poll(pump), Poll::Ready(3));
}

#[test]
fn operations_and_the_body_wake_the_task() {
    let (remotes, body) = (remotes(2), Remote::default());
    let (waits, wakes) = (body.operation(), Arc::new(Wakes::default()));
    let map = map_concurrent(limit(1), each(&remotes), Remote::operation);
    let mut pump = pin!(map.pump(async move |mut outputs| {
        outputs.next().await;
        waits.await;
        while outputs.next().await.is_some() {}
    }));
    assert!(wakes.poll(pump.as_mut()).is_pending());
    remotes[0].finish();
    assert_eq!(wakes.count(), 1);
    assert!(wakes.poll(pump.as_mut()).is_pending());
    remotes[1].finish();
    assert_eq!(wakes.count(), 2);
    assert!(wakes.poll(pump.as_mut()).is_pending());
    body.finish();
    assert_eq!(wakes.count(), 3);
    assert!(wakes.poll(pump.as_mut()).is_ready());
}

#[test]
fn a_body_that_ends_early_drops_what_runs() {
    let remotes = remotes(4);
    remotes[0].finish();
    let map = map_concurrent(limit(3), each(&remotes), Remote::operation);
    let pump = map.pump(async |mut outputs| outputs.next().await);
    let mut pump = pin!(pump);
    assert_eq!(poll(pump.as_mut()), Poll::Ready(Some("done")));
    assert_eq!(drops(&remotes), [1, 1, 1, 0]);
}

#[test]
fn a_body_that_drops_its_outputs_goes_on_alone() {
    let (remotes, body) = (remotes(4), Remote::default());
    let waits = body.operation();
    let map = map_concurrent(limit(3), each(&remotes), Remote::operation);
    let mut pump = pin!(map.pump(async move |outputs| {
        YieldOnce::new().await;
        drop(outputs);
        waits.await
    }));
    assert!(poll(pump.as_mut()).is_pending());
    assert_eq!(started(&remotes), 3);
    assert!(poll(pump.as_mut()).is_pending());
    assert_eq!(drops(&remotes), [1, 1, 1, 0]);
    body.finish();
    assert!(poll(pump).is_ready());
}

#[test]
fn a_body_that_polls_only_what_was_woken_gets_its_outputs() {
    // `gather` of an array gives its futures wakers of their own.
    let remotes = remotes(3);
    let map = map_concurrent(limit(1), each(&remotes), Remote::operation);
    let mut pump = pin!(map.pump(async |mut outputs| {
        let count = async {
            let mut count = 0;
            while outputs.next().await.is_some() {
                count += 1;
            }
            count
        };
        gather(each([count])).await
    }));
    for remote in &remotes {
        assert!(poll(pump.as_mut()).is_pending());
        remote.finish();
    }
    let mut polls = 0;
    let counted = loop {
        if let Poll::Ready(counted) = poll(pump.as_mut()) {
            break counted;
        }
        polls += 1;
        assert!(polls < 9, "it was not woken");
    };
    assert_eq!(counted, [3]);
}

#[test]
fn a_next_that_loses_a_race_loses_no_output() {
    let map = map_concurrent(limit(2), each(0..4), |n| async move {
        YieldOnce::new().await;
        n
    });
    let mut pump = pin!(map.pump(async |mut outputs| {
        let mut seen = Vec::new();
        while seen.len() < 4 {
            let next = async { outputs.next().await };
            let either = race((next, async {
                YieldOnce::new().await;
                None
            }));
            seen.extend(either.await);
        }
        (seen, outputs.next().await)
    }));
    let mut polls = 0;
    let (seen, end) = loop {
        if let Poll::Ready(seen) = poll(pump.as_mut()) {
            break seen;
        }
        polls += 1;
        assert!(polls < 99, "it hangs");
    };
    assert_eq!((seen, end), (vec![0, 1, 2, 3], None));
}

#[test]
fn outputs_may_be_given_to_another_task_which_then_wakes_the_driver() {
    let kept: Rc<RefCell<Option<Outputs<usize>>>> = Rc::default();
    let (driver, reader) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
    let remote = Remote::default();
    let map = map_concurrent(limit(1), each(0..3), |n| {
        let operation = (n == 1).then(|| remote.operation());
        async move {
            if let Some(operation) = operation {
                operation.await;
            }
            n
        }
    });
    let slot = Rc::clone(&kept);
    let mut pump = pin!(map.pump(async move |outputs| {
        slot.replace(Some(outputs));
        pending::<()>().await;
    }));
    assert!(driver.poll(pump.as_mut()).is_pending());
    let mut outputs = kept.take().expect("the body has run");
    assert_eq!(reader.poll(pin!(outputs.next())), Poll::Ready(Some(0)));
    assert_eq!(driver.count(), 1, "there is room again");
    assert!(driver.poll(pump.as_mut()).is_pending());
    assert!(reader.poll(pin!(outputs.next())).is_pending());
    remote.finish();
    assert!(driver.poll(pump.as_mut()).is_pending());
    assert_eq!(reader.count(), 1, "there is an output");
    assert_eq!(reader.poll(pin!(outputs.next())), Poll::Ready(Some(1)));
    assert!(driver.poll(pump.as_mut()).is_pending());
    assert_eq!(reader.poll(pin!(outputs.next())), Poll::Ready(Some(2)));
    assert!(driver.poll(pump.as_mut()).is_pending());
    assert_eq!(reader.poll(pin!(outputs.next())), Poll::Ready(None));
    assert!(outputs.is_terminated());
}

#[test]
fn outputs_end_when_the_pump_is_dropped() {
    let kept: Rc<RefCell<Option<Outputs<()>>>> = Rc::default();
    let slot = Rc::clone(&kept);
    let map = map_concurrent(limit(1), each(0..3), |_| pending::<()>());
    let mut pump = Box::pin(map.pump(async move |outputs| {
        slot.replace(Some(outputs));
        pending::<()>().await;
    }));
    assert!(poll(pump.as_mut()).is_pending());
    let (mut outputs, wakes) = (kept.take().expect("it has run"), Arc::new(Wakes::default()));
    assert!(wakes.poll(pin!(outputs.next())).is_pending());
    drop(pump);
    assert_eq!(wakes.count(), 1);
    assert_eq!(wakes.poll(pin!(outputs.next())), Poll::Ready(None));
}

#[test]
fn a_body_changes_the_limit() {
    let remotes = remotes(9);
    let map = map_concurrent(limit(1), each(&remotes), Remote::operation).unordered();
    let mut pump = pin!(map.pump(async |mut outputs| {
        outputs.next().await;
        outputs.set_limit(limit(4));
        pending::<()>().await;
    }));
    remotes[0].finish();
    assert!(poll(pump.as_mut()).is_pending());
    assert_eq!(started(&remotes), 5);
}

#[test]
fn a_body_that_asks_for_a_limit_at_each_turn_gives_way() {
    let (remotes, done, turns) = (remotes(1), Cell::new(false), Cell::new(0));
    let map = map_concurrent(limit(1), each(&remotes), Remote::operation);
    let mut pump = pin!(map.pump(async |mut outputs| {
        while !done.get() {
            turns.set(turns.get() + 1);
            assert!(turns.get() < 1_000, "nobody else is polled");
            outputs.set_limit(limit(2));
            YieldOnce::new().await;
        }
    }));
    assert!(poll(pump.as_mut()).is_pending());
    done.set(true);
    assert!(poll(pump).is_ready());
}

#[test]
fn for_each_gives_each_output_once_one_at_a_time_in_order() {
    let (seen, busy) = (RefCell::new(Vec::new()), Cell::new(false));
    let map = map_concurrent(limit(3), each(0..9), ready);
    let mut all = pin!(map.for_each(async |n| {
        assert!(!busy.replace(true));
        YieldOnce::new().await;
        busy.set(false);
        seen.borrow_mut().push(n);
    }));
    while poll(all.as_mut()).is_pending() {}
    assert_eq!(*seen.borrow(), (0..9).collect::<Vec<_>>());
}
