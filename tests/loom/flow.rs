//! The items and the line of a flow channel, from `trunnion-patterns`, compiled from their own files: they use nothing but core.

#[expect(dead_code, reason = "what only tells how things stand is not modelled")]
#[path = "../../crates/trunnion-patterns/src/flow/line.rs"]
mod line;
#[expect(dead_code, reason = "what only tells how things stand is not modelled")]
#[path = "../../crates/trunnion-patterns/src/flow/put.rs"]
mod put;
#[expect(dead_code, reason = "what only tells how things stand is not modelled")]
#[path = "../../crates/trunnion-patterns/src/flow/state.rs"]
mod state;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trunnion_core::sync::thread;
use trunnion_core::wait::Waiter;

use self::line::{
    Claim, Line, Refused, add_sender, close, cut, look, poll_idle, poll_reserve, poll_take,
    release, remove_sender, try_reserve, try_take,
};
use self::put::{Fill, Put, Way, fill, put, put_reserved};
use self::state::{Parcel, Rule, State};
use crate::harness::model;
use crate::payload::Payload;
use crate::waker::{Signal, assert_released};

type Chan = Arc<Line<u32>>;
type Reserving<'a> = Pin<Box<Waiter<&'a Line<u32>>>>;

fn chan(capacity: usize) -> Chan {
    Arc::new(line::new(capacity, usize::MAX))
}

const fn way(rule: Rule) -> Way {
    Way {
        rule,
        patient: true,
        below: None,
    }
}

const fn parcel(item: u32) -> Parcel<u32> {
    let (weight, mark) = (0, 0);
    Parcel { item, weight, mark }
}

/// Puts an item in; merging adds.
fn send(line: &Line<u32>, rule: Rule, item: u32) -> Put<u32> {
    let put = put(line, way(rule), parcel(item));
    let (mut hole, parcel) = match put {
        Put::Merge(hole, parcel) => (hole, parcel),
        Put::Late => return Put::Queued,
        put => return put,
    };
    hole.item += parcel.item;
    let mut hole = Some(hole);
    loop {
        match fill(line, &mut hole, true) {
            Fill::Done => return Put::Queued,
            Fill::Cut(item) => return Put::Closed(item),
            Fill::Late(item) => hole.as_mut().expect("it was not filled").item += item,
        }
    }
}

#[track_caller]
fn queue(line: &Line<u32>, item: u32) {
    let put = put(line, way(Rule::Wait), parcel(item));
    assert!(matches!(put, Put::Queued), "it is not full");
}

fn recv(line: &Line<u32>, signal: &Arc<Signal>) -> Poll<Option<u32>> {
    let waker = Waker::from(Arc::clone(signal));
    poll_take(line, &mut Context::from_waker(&waker), State::pop)
}

fn take(line: &Line<u32>) -> Option<u32> {
    try_take(line, State::pop).unwrap_or(None)
}

fn waiter(line: &Line<u32>) -> Reserving<'_> {
    Box::pin(Waiter::new(line, Claim::new(0)))
}

fn reserve(waiter: &mut Reserving<'_>, signal: &Arc<Signal>) -> Poll<Result<(), Refused>> {
    let waker = Waker::from(Arc::clone(signal));
    poll_reserve(waiter.as_mut(), &mut Context::from_waker(&waker))
}

/// An item comes while the receiver of an empty channel begins to wait: it gets it, with all that was done before, or is woken.
#[test]
fn a_send_races_the_receiver() {
    model("flow::a_send_races_the_receiver", || {
        let (chan, payload, signal) = (chan(1), Payload::new(), Signal::new());
        let sending = {
            let (chan, payload) = (Arc::clone(&chan), payload.clone());
            thread::spawn(move || {
                payload.write();
                queue(&chan, 7);
            })
        };
        let polled = recv(&chan, &signal);
        if polled.is_ready() {
            payload.read();
        }
        sending.join().unwrap();
        assert!(
            polled.is_ready() || signal.wakes() == 1,
            "it sleeps beside an item"
        );
        assert!(polled == Poll::Ready(Some(7)) || recv(&chan, &signal) == Poll::Ready(Some(7)));
        assert_released(&signal);
    });
}

/// Of two senders that wait the first was given the place that came, and is dropped before it was polled: the second gets it.
#[test]
fn a_parked_sender_is_dropped_around_its_wake() {
    model("flow::a_parked_sender_is_dropped_around_its_wake", || {
        let chan = chan(1);
        queue(&chan, 1);
        let (first, second) = (Signal::new(), Signal::new());
        let mut leaving = waiter(&chan);
        let mut staying = waiter(&chan);
        assert!(reserve(&mut leaving, &first).is_pending());
        assert!(reserve(&mut staying, &second).is_pending());
        let receiving = {
            let chan = Arc::clone(&chan);
            thread::spawn(move || assert_eq!(take(&chan), Some(1)))
        };
        drop(leaving);
        receiving.join().unwrap();
        assert_eq!(second.wakes(), 1);
        assert_eq!(reserve(&mut staying, &second), Poll::Ready(Ok(())));
        let put = put_reserved(&chan, way(Rule::Wait), 0, parcel(2));
        assert!(matches!(put, Put::Queued));
        assert_eq!(
            look(&chan, |state| (state.reserved(), state.unclaimed)),
            (0, 0)
        );
        drop(staying);
        assert_released(&first);
        assert_released(&second);
    });
}

/// A sender begins to wait while the channel is closed: it is refused, at once or when it is woken.
#[test]
fn a_close_races_a_sender_that_begins_to_wait() {
    model("flow::a_close_races_a_sender_that_begins_to_wait", || {
        let (chan, signal) = (chan(1), Signal::new());
        queue(&chan, 1);
        let closing = {
            let chan = Arc::clone(&chan);
            thread::spawn(move || close(&chan))
        };
        let mut sender = waiter(&chan);
        let polled = reserve(&mut sender, &signal);
        closing.join().unwrap();
        assert!(
            polled.is_ready() || signal.wakes() == 1,
            "nobody refuses it"
        );
        assert!(polled.is_ready() || reserve(&mut sender, &signal) == Poll::Ready(Err(Refused)));
        assert_eq!(take(&chan), Some(1));
        assert_eq!(try_take(&chan, State::pop), Err(Refused));
    });
}

/// A permit is dropped while a sender begins to wait: the place is the sender's.
#[test]
fn a_dropped_permit_races_a_sender() {
    model("flow::a_dropped_permit_races_a_sender", || {
        let (chan, signal) = (chan(1), Signal::new());
        assert_eq!(try_reserve(&chan, 0), Some(Ok(())));
        let dropping = {
            let chan = Arc::clone(&chan);
            thread::spawn(move || release(&chan, 0))
        };
        let mut sender = waiter(&chan);
        let polled = reserve(&mut sender, &signal);
        dropping.join().unwrap();
        assert!(
            polled.is_ready() || signal.wakes() == 1,
            "the place lies idle"
        );
        assert!(polled.is_ready() || reserve(&mut sender, &signal) == Poll::Ready(Ok(())));
        assert_eq!(look(&chan, State::reserved), 1);
    });
}

/// The receiver comes while the only item is being merged: it does not pass it, and is woken when it is back.
#[test]
fn a_merge_races_the_receiver() {
    model("flow::a_merge_races_the_receiver", || {
        let (chan, signal) = (chan(1), Signal::new());
        queue(&chan, 1);
        let merging = {
            let chan = Arc::clone(&chan);
            thread::spawn(move || assert!(matches!(send(&chan, Rule::Conflate, 2), Put::Queued)))
        };
        let mut sum = 0;
        let polled = recv(&chan, &signal);
        merging.join().unwrap();
        if let Poll::Ready(item) = polled {
            sum += item.unwrap();
        } else {
            assert_eq!(signal.wakes(), 1, "it sleeps beside an item");
        }
        sum += take(&chan).unwrap_or(0);
        assert_eq!(sum, 3);
        assert_eq!(look(&chan, State::len), 0);
    });
}

/// Three senders of what is merged, one of them after it received: whatever is merged into what, no send is refused, no item is lost,
/// and those of one sender stay in their order.
#[test]
fn merges_race_while_places_come_free() {
    model("flow::merges_race_while_places_come_free", || {
        let chan = chan(2);
        queue(&chan, 1);
        queue(&chan, 2);
        let sending = [vec![4], vec![8, 16]].map(|items| {
            let chan = Arc::clone(&chan);
            thread::spawn(move || {
                for item in items {
                    let put = send(&chan, Rule::Conflate, item);
                    assert!(matches!(put, Put::Queued), "it is open");
                }
            })
        });
        assert_eq!(take(&chan), Some(1));
        assert!(matches!(send(&chan, Rule::Conflate, 32), Put::Queued));
        for thread in sending {
            thread.join().unwrap();
        }
        assert!(look(&chan, State::len) <= 2, "more than the capacity");
        let counts = look(&chan, |state| state.counts);
        let received: Vec<_> = std::iter::from_fn(|| take(&chan)).collect();
        let conflated = 5 - received.len() as u64;
        assert_eq!((counts.sent, counts.conflated), (6, conflated));
        assert_eq!(received.iter().sum::<u32>(), 2 + 4 + 8 + 16 + 32);
        let place = |item| received.iter().position(|received| received & item != 0);
        assert!(place(8) <= place(16), "a later one passed an earlier one");
        assert!(look(&chan, State::is_idle));
    });
}

/// The channel is cut while an item is merged: each item is left over, or handed back by the merge.
#[test]
fn a_cut_races_a_merge() {
    model("flow::a_cut_races_a_merge", || {
        let chan = chan(2);
        queue(&chan, 1);
        queue(&chan, 2);
        let cutting = {
            let chan = Arc::clone(&chan);
            thread::spawn(move || cut(&chan).sum::<u32>())
        };
        let handed_back = match send(&chan, Rule::Conflate, 4) {
            Put::Closed(item) => item,
            _ => 0,
        };
        let left = cutting.join().unwrap();
        assert_eq!(left + handed_back, 7, "an item is lost");
        assert_eq!(look(&chan, State::len), 0);
        assert_eq!(take(&chan), None);
    });
}

/// The last item is received while somebody begins to wait for the channel to be drained.
#[test]
fn the_last_item_races_who_waits_for_the_drain() {
    model("flow::the_last_item_races_who_waits_for_the_drain", || {
        let (chan, signal) = (chan(1), Signal::new());
        queue(&chan, 1);
        let receiving = {
            let chan = Arc::clone(&chan);
            thread::spawn(move || assert_eq!(take(&chan), Some(1)))
        };
        let mut idle = pin!(Waiter::new(chan.open(), ()));
        let waker = Waker::from(Arc::clone(&signal));
        let mut cx = Context::from_waker(&waker);
        let polled = poll_idle(&chan, idle.as_mut(), &mut cx);
        receiving.join().unwrap();
        assert!(
            polled.is_ready() || signal.wakes() == 1,
            "it was drained unseen"
        );
        assert!(polled.is_ready() || poll_idle(&chan, idle, &mut cx) == Poll::Ready(0));
    });
}

/// The last two senders leave while the receiver begins to wait: it sees the end, or is woken.
#[test]
fn the_last_senders_race_the_receiver() {
    model("flow::the_last_senders_race_the_receiver", || {
        let (chan, signal) = (chan(1), Signal::new());
        add_sender(&chan);
        let leaving = [(); 2].map(|()| {
            let chan = Arc::clone(&chan);
            thread::spawn(move || remove_sender(&chan))
        });
        let polled = recv(&chan, &signal);
        for thread in leaving {
            thread.join().unwrap();
        }
        assert!(
            polled.is_ready() || signal.wakes() == 1,
            "it waits for nobody"
        );
        assert_eq!(recv(&chan, &signal), Poll::Ready(None));
    });
}
